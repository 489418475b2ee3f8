import { usageOf } from '../measure/process-tree.ts';
import type { Peer } from '../peers/peer.ts';
import { startPeer } from '../peers/start-peer.ts';
import type { Bench } from './bench.ts';
import type { Figures } from './figures.ts';
import { measureStreams } from './streams.ts';

/** The memory of a proxy that has just started, and with a thousand slow streams open. */
export async function measureMemory(bench: Bench, peer: Peer): Promise<Figures> {
  const running = await startPeer(peer, bench);
  try {
    await Bun.sleep(2_000);
    const restMb = usageOf(running.pid ?? 0).rssMb;
    const { rssMb = Number.NaN, faults } = await measureStreams(bench, running, { streams: 1_000, pace: 5 });
    return { restMb, rssMb, faults };
  } finally {
    // An overwhelmed proxy would keep sending requests to the provider during the next measurement.
    await running.stop();
  }
}
