/**
 * Sends very many generated and mutated requests to a gateway with the lean engine and to one with the runtime's server, and looks
 * whether both read the same. Heads, framings and bodies are odd, connections are cut anywhere, and requests are sent ahead.
 *
 *     bun bench/long/engines.ts [--requests 1000000] [--seed 1] [--from 0]
 *
 * `--requests` counts connections; half of them carry several requests. Prints the results so far every 5,000, and exits with 1
 * if the lean engine served something that the runtime refuses or reads otherwise. Everything runs on the loopback address.
 */
import { parseArgs } from 'node:util';
import { compareForms, emptyComparison, startTwoServers } from '../../test/acceptance/front/two-servers.ts';

const text = { type: 'string' } as const;
const { values } = parseArgs({ options: { requests: text, seed: text, from: text } });
const count = Number(values.requests ?? 1_000_000);
const seed = Number(values.seed ?? 1);
const first = Number(values.from ?? 0);
const STEP = 5_000;

const servers = startTwoServers();
const result = emptyComparison();
const told = new Set<string>();
const startedAtMs = performance.now();
for (let from = first; from < first + count; from += STEP) {
  const to = Math.min(from + STEP, first + count);
  await compareForms({ from, to, seed }, servers, result);
  const { same, refused, stricter, ahead, served, wrong, lost } = result;
  const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(0);
  console.log(
    `${to - first} connections in ${seconds} s: ${served} requests served, ${same} alike, ${refused} with nothing served, ${ahead} sent ahead, ${stricter} stricter, ${lost.length} lost, ${wrong.length} WRONG`,
  );
  for (const line of [...wrong, ...lost]) {
    if (!told.has(line)) console.log(`  ${line}`);
    told.add(line);
  }
}
process.exit(told.size > 0 ? 1 : 0);
