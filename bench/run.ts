/**
 * Measures the gateway against other proxies that do the same work on the same core.
 *
 *     bench/run [--work small,streams-600] [--peers nginx,llm-proxy] [--rounds 2] [--seconds 3] [--quick]
 *
 * Without options it measures everything and writes `results/latest.json`, `results/latest.md` and `docs/performance.md`.
 * Exits with 1 if an answer was not 200 or was incomplete.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { performancePage } from './report/performance-page.ts';
import { reportOf } from './report/report.ts';
import { runBench } from './work/run-bench.ts';
import { WORKS } from './work/works.ts';

const USAGE =
  'usage: bench/run [--work small,streams-600] [--peers nginx,llm-proxy] [--rounds 2] [--seconds 3] [--quick]';

const values = options();
const isQuick = values.quick === true;
const isWhole = Object.keys(values).length === 0;
const works = values.work?.split(',') ?? (isQuick ? ['small', '100k', 'streams-200'] : undefined);
const unknown = works?.filter((work) => WORKS.every(({ name }) => name !== work)) ?? [];
if (unknown.length > 0) {
  console.error(`no such work: ${unknown.join(', ')}; there are ${WORKS.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}
const results = await runBench({
  works,
  peers: values.peers?.split(',') ?? (isQuick ? ['direct', 'nginx', 'llm-proxy'] : undefined),
  rounds: Number(values.rounds ?? (isQuick ? 1 : 2)),
  seconds: Number(values.seconds ?? (isQuick ? 2 : 3)),
});
const folder = join(import.meta.dir, 'results');
const name = isWhole ? 'latest' : 'partial';
const report = reportOf(results);
await mkdir(folder, { recursive: true });
await Bun.write(join(folder, `${name}.json`), `${JSON.stringify(results, null, 1)}\n`);
await Bun.write(join(folder, `${name}.md`), `${report}\n`);
if (isWhole) await Bun.write(join(import.meta.dir, '..', 'docs', 'performance.md'), performancePage());
console.log(`\n${report}`);
// The tables report another gateway's failure. A failure of the peers that the ratios rest on fails the measurement.
const measured = (peer: string): boolean => /^(direct|nginx|haproxy|llm-proxy)/.test(peer);
const faulty = results.works.flatMap(({ name: work, contenders }) =>
  contenders
    .filter(
      ({ peer, runs, failure }) =>
        measured(peer) && (failure !== undefined || runs.some(({ faults }) => faults > 0)),
    )
    .map(({ peer }) => `${peer} at ${work}`),
);
if (faulty.length > 0)
  console.error(`FAULTS: answers that were not 200 or not complete: ${faulty.join(', ')}`);
process.exit(faulty.length > 0 ? 1 : 0);

function options() {
  const text = { type: 'string' } as const;
  const known = { work: text, peers: text, rounds: text, seconds: text, quick: { type: 'boolean' } } as const;
  try {
    return parseArgs({ options: known }).values;
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
    process.exit(2);
  }
}
