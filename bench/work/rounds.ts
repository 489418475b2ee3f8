import { alternate } from '../measure/alternate.ts';
import type { Peer, RunningPeer } from '../peers/peer.ts';
import { startPeer } from '../peers/start-peer.ts';
import type { Contender } from '../report/results.ts';
import type { Bench } from './bench.ts';
import type { Figures } from './figures.ts';
import type { Work } from './works.ts';

/** JIT compilers need some seconds of work to warm up. Afterwards only the new kind of work needs a warm-up. */
const WARM_UP_SECONDS = { first: 6, later: 1 };

export interface Rounds {
  readonly peers: readonly Peer[];
  readonly rounds: number;
}

/**
 * All rounds of one kind of work. Proxies that are measured while they run are warmed up by one measurement that is thrown away.
 * One that fails is left out of this work.
 */
export async function measureWork(bench: Bench, work: Work, { peers, rounds }: Rounds): Promise<Contender[]> {
  const runs = new Map(peers.map(({ name }): [string, Figures[]] => [name, []]));
  const failures = new Map<string, string>();
  const attempt = async (peer: Peer, measure: () => Promise<void>): Promise<void> => {
    if (failures.has(peer.name)) return;
    try {
      await measure();
    } catch (error) {
      const failure = messageOf(error);
      console.error(`  ${peer.name} failed: ${failure}`);
      failures.set(peer.name, failure);
      await bench.running.get(peer.name)?.stop();
      bench.running.delete(peer.name);
    }
  };
  if (work.kind === 'running')
    for (const peer of peers)
      await attempt(peer, async () => {
        const seconds = bench.running.has(peer.name) ? WARM_UP_SECONDS.later : WARM_UP_SECONDS.first;
        const running = bench.running.get(peer.name) ?? (await startOnce(bench, peer));
        await work.measure({ ...bench, seconds }, running);
      });
  for (let round = 0; round < rounds; round++)
    for (const peer of orderOf(work, peers))
      await attempt(peer, async () => {
        runs.get(peer.name)?.push(await measureOnce(bench, work, peer));
      });
  return peers.map(({ name }) => {
    const failure = failures.get(name);
    return failure === undefined
      ? { peer: name, runs: runs.get(name) ?? [] }
      : { peer: name, runs: [], failure };
  });
}

async function startOnce(bench: Bench, peer: Peer): Promise<RunningPeer> {
  const dead = bench.dead.get(peer.name);
  if (dead !== undefined) throw new Error(dead);
  try {
    const running = await startPeer(peer, bench);
    bench.running.set(peer.name, running);
    return running;
  } catch (error) {
    bench.dead.set(peer.name, messageOf(error));
    throw error;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function orderOf(work: Work, peers: readonly Peer[]): Peer[] {
  if (work.kind === 'running') return alternate(peers);
  return Array.from({ length: work.times }, () => peers).flat();
}

async function measureOnce(bench: Bench, work: Work, peer: Peer): Promise<Figures> {
  if (work.kind === 'fresh') return work.measure(bench, peer);
  const running = bench.running.get(peer.name);
  if (running === undefined) throw new Error('it does not run');
  return work.measure(bench, running);
}
