import { join } from 'node:path';
import { chatBody } from '../load/request.ts';
import { saturate } from '../load/saturate.ts';
import type { RunningPeer } from '../peers/peer.ts';
import type { Bench } from './bench.ts';
import type { Figures } from './figures.ts';
import { figuresOf, startMeter } from './meter.ts';

export interface SaturationWork {
  readonly promptBytes: number;
  readonly connections: number;
}

/** Whole answers, requested as fast as they come. */
export async function measureSaturation(
  { generator, folder, seconds }: Bench,
  peer: RunningPeer,
  { promptBytes, connections }: SaturationWork,
): Promise<Figures> {
  const bodyFile = join(folder, `${promptBytes}.json`);
  await Bun.write(bodyFile, chatBody(promptBytes));
  const stop = startMeter(peer.pid, generator.pid);
  const { requests, cpuSeconds, p50, p99, p999, faults } = await saturate({
    peer,
    bodyFile,
    connections,
    seconds,
  });
  const metered = stop();
  return {
    ...figuresOf({ ...metered, loadSeconds: metered.loadSeconds + cpuSeconds }, requests),
    p50,
    p99,
    p999,
    faults,
  };
}
