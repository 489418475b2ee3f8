import type { Peer } from '../peers/peer.ts';
import { startPeer } from '../peers/start-peer.ts';
import type { Bench } from './bench.ts';
import type { Figures } from './figures.ts';

/** The time from the start of the program to the first request that it answers, and the time to tell its version. */
export async function measureColdStart(bench: Bench, peer: Peer): Promise<Figures> {
  const running = await startPeer(peer, bench);
  await running.stop();
  const startedAtMs = performance.now();
  peer.version();
  return { startMs: running.startMs, versionMs: performance.now() - startedAtMs, faults: 0 };
}
