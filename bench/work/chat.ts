import { saturate } from '../load/saturate.ts';
import type { Generator } from '../load/start-generator.ts';
import { usageOf } from '../measure/process-tree.ts';
import type { RunningPeer } from '../peers/peer.ts';
import type { Figures } from './figures.ts';

export interface ChatWork {
  readonly bodyFile: string;
  readonly connections: number;
  readonly seconds: number;
}

/** Whole answers, asked for as fast as they come. */
export async function measureChat(
  generator: Generator,
  { port, pid }: RunningPeer,
  work: ChatWork,
): Promise<Figures> {
  generator.send({ kind: 'answer-whole' });
  const [before, loadBefore] = [usageOf(pid), usageOf(generator.pid)];
  const result = await saturate({ port, ...work });
  const [after, loadAfter] = [usageOf(pid), usageOf(generator.pid)];
  const proxySeconds = after.cpuSeconds - before.cpuSeconds;
  const loadSeconds = loadAfter.cpuSeconds - loadBefore.cpuSeconds + result.cpuSeconds;
  return {
    cpuMicros: (proxySeconds * 1e6) / result.requests,
    perSecond: result.requests / result.seconds,
    p50: result.p50,
    p99: result.p99,
    p999: result.p999,
    rssMb: after.rssMb,
    proxyBusy: proxySeconds / result.seconds,
    loadBusy: loadSeconds / result.seconds,
    faults: result.status + result.broken,
  };
}
