/**
 * Sends very many requests of all APIs through a gateway with limits, ledger and cache, with parts of requests and answers changed at
 * random, and looks whether any of them is an internal error or leaves something behind.
 *
 *     bun bench/long/nonsense.ts [--requests 100000] [--seed 1] [--engine lean]
 *
 * Prints the results, and exits with 1 if there is a bug. Everything runs on the loopback address and ends by itself.
 */
import { parseArgs } from 'node:util';
import { playNonsense } from '../../test/acceptance/nonsense-traffic.ts';

const text = { type: 'string' } as const;
const { values } = parseArgs({ options: { requests: text, seed: text, engine: text } });

const startedAtMs = performance.now();
const { answers, wrong, bugs, active, held } = await playNonsense({
  requests: Number(values.requests ?? 100_000),
  seed: Number(values.seed ?? 1),
  engine: values.engine,
});
const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(0);
console.log(`${seconds} s, ${wrong.length} wrong, ${bugs.length} bugs, active ${active}, held ${held}`);
console.log(`  answers: ${JSON.stringify(answers)}`);
for (const line of [...wrong.slice(0, 10), ...bugs.slice(0, 10)]) console.log(`  ${line.slice(0, 1_000)}`);
process.exit(wrong.length + bugs.length + active + held === 0 ? 0 : 1);
