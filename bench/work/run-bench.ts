import { describeMachine, loadOfMachine } from '../measure/machine.ts';
import { PEERS } from '../peers/all.ts';
import type { Results, WorkResult } from '../report/results.ts';
import { withBench } from './bench.ts';
import { measureWork } from './rounds.ts';
import { WORKS } from './works.ts';

export interface BenchOptions {
  /** Names; undefined selects all. */
  readonly works?: readonly string[] | undefined;
  readonly peers?: readonly string[] | undefined;
  readonly rounds: number;
  readonly seconds: number;
}

/** Measures the selected work with the proxies that are available on this machine. */
export async function runBench({ works, peers, rounds, seconds }: BenchOptions): Promise<Results> {
  const startedAt = new Date();
  const loadAtStart = loadOfMachine();
  const chosen = WORKS.filter(({ name }) => works?.includes(name) ?? true);
  const wanted = PEERS.filter(
    ({ name }) => (peers?.includes(name) ?? true) && chosen.some((work) => work.peers.includes(name)),
  );
  const absent = new Map<string, string>();
  for (const { name, missing } of wanted) {
    const why = missing();
    if (why === undefined) continue;
    absent.set(name, why);
    console.error(`${name} is left out: ${why}`);
  }
  const available = wanted.filter(({ name }) => !absent.has(name));
  const results = await withBench(seconds, async (bench) => {
    const results: WorkResult[] = [];
    for (const work of chosen) {
      const doing = available.filter(({ name }) => work.peers.includes(name));
      console.error(`${clock()}  ${work.title}: ${doing.map(({ name }) => name).join(', ')}`);
      const contenders = await measureWork(bench, work, { peers: doing, rounds });
      results.push({ name: work.name, title: work.title, unit: work.unit, contenders });
    }
    return results;
  });
  return {
    startedAt: startedAt.toISOString(),
    minutes: (Date.now() - startedAt.getTime()) / 60_000,
    machine: describeMachine(),
    loadAtStart,
    settings: { rounds, seconds },
    versions: Object.fromEntries(
      available.map(({ name, version }) => [name, version()]).filter(([, version]) => version !== ''),
    ),
    absent: Object.fromEntries(absent),
    works: results,
  };
}

const clock = (): string => new Date().toTimeString().slice(0, 8);
