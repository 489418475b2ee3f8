import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGenerator } from '../load/start-generator.ts';
import { alternate } from '../measure/alternate.ts';
import { describeMachine, loadOfMachine } from '../measure/machine.ts';
import { leaveProxyCore } from '../measure/pinned.ts';
import { PEERS } from '../peers/all.ts';
import type { Peer, RunningPeer } from '../peers/peer.ts';
import { findProgram } from '../peers/program.ts';
import { startPeer } from '../peers/start-peer.ts';
import type { Contender, Results, WorkResult } from '../report/results.ts';
import type { Bench } from './bench.ts';
import type { Figures } from './figures.ts';
import { WORKS, type Work } from './works.ts';

export interface BenchOptions {
  /** Names; all where it is left out. */
  readonly works?: readonly string[] | undefined;
  readonly peers?: readonly string[] | undefined;
  readonly rounds: number;
  readonly seconds: number;
}

/** Starts provider, load and proxies, measures all that was asked for, and ends them. */
export async function runBench({ works, peers, rounds, seconds }: BenchOptions): Promise<Results> {
  for (const tool of ['wrk', 'taskset'])
    if (findProgram(tool) === undefined) throw new Error(`${tool} is needed: bench/install tools`);
  const startedAt = new Date();
  const loadAtStart = loadOfMachine();
  leaveProxyCore();
  const chosen = WORKS.filter(({ name }) => works?.includes(name) ?? true);
  const wanted = PEERS.filter(
    ({ name }) => (peers?.includes(name) ?? true) && chosen.some((work) => work.peers.includes(name)),
  );
  const absent = Object.fromEntries(
    wanted.flatMap(({ name, missing }) => {
      const why = missing();
      return why === undefined ? [] : [[name, why]];
    }),
  );
  for (const [name, why] of Object.entries(absent)) console.error(`${name} is left out: ${why}`);
  const available = wanted.filter(({ name }) => !(name in absent));

  const folder = await mkdtemp(join(tmpdir(), 'llm-proxy-bench-'));
  const generator = startGenerator();
  const { port: upstreamPort } = await generator.next('listening');
  const bench = { generator, upstreamPort, folder, seconds };
  const running = new Map<string, RunningPeer>();
  const results: WorkResult[] = [];
  for (const work of chosen) {
    const doing = available.filter(({ name }) => work.peers.includes(name));
    console.error(
      `${new Date().toTimeString().slice(0, 8)}  ${work.title}: ${doing.map(({ name }) => name).join(', ')}`,
    );
    const contenders = await measureWork(bench, work, { peers: doing, running, rounds });
    results.push({ name: work.name, title: work.title, unit: work.unit, contenders });
  }
  await Promise.all([generator, ...running.values()].map(({ stop }) => stop()));
  await rm(folder, { recursive: true });
  return {
    startedAt: startedAt.toISOString(),
    minutes: (Date.now() - startedAt.getTime()) / 60_000,
    machine: describeMachine(),
    loadAtStart,
    settings: { rounds, seconds },
    versions: Object.fromEntries(
      available.map(({ name, version }) => [name, version()]).filter(([, version]) => version !== ''),
    ),
    absent,
    works: results,
  };
}

/** Compilers at run time need some seconds of work until they have done theirs. */
const WARM_UP_SECONDS = 3;

interface Rounds {
  readonly peers: readonly Peer[];
  /** Those that run already. They go on until the end: some need long to start, and none does anything when it is not asked. */
  readonly running: Map<string, RunningPeer>;
  readonly rounds: number;
}

/**
 * All rounds of one kind of work. Proxies that are measured while they run are warmed up by one measurement that is thrown away.
 * One that fails is left out of this work.
 */
async function measureWork(
  bench: Bench,
  work: Work,
  { peers, running, rounds }: Rounds,
): Promise<Contender[]> {
  const warm = new Set<string>();
  const failures = new Map<string, string>();
  const runs = new Map(peers.map(({ name }): [string, Figures[]] => [name, []]));
  const measure = async (peer: Peer): Promise<void> => {
    if (failures.has(peer.name)) return;
    try {
      if (work.kind === 'fresh') {
        runs.get(peer.name)?.push(await work.measure(bench, peer));
        return;
      }
      const one = running.get(peer.name) ?? (await startPeer(peer, bench));
      running.set(peer.name, one);
      if (warm.has(peer.name)) runs.get(peer.name)?.push(await work.measure(bench, one));
      else await work.measure({ ...bench, seconds: Math.max(bench.seconds, WARM_UP_SECONDS) }, one);
      warm.add(peer.name);
    } catch (error) {
      const failure = error instanceof Error ? error.message : String(error);
      console.error(`  ${peer.name} failed: ${failure}`);
      failures.set(peer.name, failure);
      await running.get(peer.name)?.stop();
      running.delete(peer.name);
    }
  };
  if (work.kind === 'running') for (const peer of peers) await measure(peer);
  for (let round = 0; round < rounds; round++) for (const peer of alternate(peers)) await measure(peer);
  return [...runs].map(([peer, figures]) => {
    const failure = failures.get(peer);
    return failure === undefined ? { peer, runs: figures } : { peer, runs: [], failure };
  });
}
