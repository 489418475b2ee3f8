/**
 * Checks whether the gateway has become slower: measures its CPU against nginx's in the same run, and compares the ratios with
 * `results/baseline.json`.
 *
 *     bench/check [--work small,100k]   exits with 1 where a ratio is more than 10 % worse
 *     bench/check --update              measures and writes the baseline anew
 *
 * A ratio that looks worse is measured again, twice as long, before it is called a loss.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ratioOf, runsOf, type Results } from './report/results.ts';
import { runBench } from './work/run-bench.ts';

/** The median of CPU against nginx, by kind of work. */
type Ratios = Readonly<Record<string, number>>;

const FILE = join(import.meta.dir, 'results', 'baseline.json');
const ALLOWED = 1.1;
const ROUNDS = 3;

const { values } = parseArgs({ options: { update: { type: 'boolean' }, work: { type: 'string' } } });
const works = values.work?.split(',') ?? ['small', '100k', '1m', 'streams-200', 'streams-600'];
if (values.update === true) {
  const ratios = await measure(works, ROUNDS * 2);
  await Bun.write(FILE, `${JSON.stringify({ measuredAt: new Date().toISOString(), ratios }, null, 2)}\n`);
  for (const work of works) console.log(`${work.padEnd(12)} ${told(ratios[work])} × nginx`);
} else process.exitCode = await compare((await Bun.file(FILE).json()).ratios);

async function compare(baseline: Ratios): Promise<number> {
  const lossOf = (ratios: Ratios, work: string): number =>
    (ratios[work] ?? Number.NaN) / (baseline[work] ?? Number.NaN);
  // Not "greater", so that a missing measurement (NaN) is a loss too.
  const isWorse = (ratios: Ratios) => (work: string) => !(lossOf(ratios, work) <= ALLOWED);
  const first = await measure(works, ROUNDS);
  const suspects = works.filter(isWorse(first));
  const second = suspects.length === 0 ? {} : await measure(suspects, ROUNDS * 2);
  const ratios = { ...first, ...second };
  const losses = suspects.filter(isWorse(ratios));
  for (const work of works) {
    const change = ((lossOf(ratios, work) - 1) * 100).toFixed(0);
    const verdict = losses.includes(work) ? '  LOSS' : '';
    console.log(
      `${work.padEnd(12)} ${told(ratios[work])} × nginx, was ${told(baseline[work])} (${change} %)${verdict}`,
    );
  }
  console.log(losses.length === 0 ? 'no loss' : `more than 10 % slower: ${losses.join(', ')}`);
  return losses.length === 0 ? 0 : 1;
}

async function measure(works: readonly string[], rounds: number): Promise<Ratios> {
  const results = await runBench({ works, peers: ['nginx', 'llm-proxy'], rounds, seconds: 2 });
  return Object.fromEntries(works.map((work) => [work, cpuRatio(results, work)]));
}

function cpuRatio(results: Results, work: string): number {
  const runs = runsOf(results, work, 'llm-proxy');
  const faults = runs.reduce((sum, run) => sum + run.faults, 0);
  if (faults > 0) console.error(`${work}: ${faults} answers were not 200 or not complete`);
  return faults > 0 ? Number.NaN : ratioOf(runs, runsOf(results, work, 'nginx'), 'cpuMicros').median;
}

function told(ratio: number | undefined): string {
  return (ratio ?? Number.NaN).toFixed(2);
}
