/**
 * Sends very many requests through a gateway to a provider that splits, resets, cuts, comes early and says too much, from clients of which
 * a quarter leaves, and looks whether any answer reached another client.
 *
 *     bun bench/long/crossed.ts [--requests 100000] [--seed 1] [--engine lean]
 *
 * Half of the requests go through one worker, half through two. Prints the results, and exits with 1 if an answer crossed or a
 * request counts as active at the end. Everything runs on the loopback address and ends by itself.
 */
import { parseArgs } from 'node:util';
import { playCrossing } from '../../test/acceptance/crossing.ts';

const text = { type: 'string' } as const;
const { values } = parseArgs({ options: { requests: text, seed: text, engine: text } });
const requests = Math.ceil(Number(values.requests ?? 100_000) / 2);

let isWrong = false;
for (const workers of [1, 2]) {
  const startedAtMs = performance.now();
  const { crossed, whole, left, failed, active } = await playCrossing({
    requests,
    workers,
    seed: Number(values.seed ?? 1),
    engine: values.engine,
  });
  const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(0);
  console.log(
    `workers ${workers}: ${requests} requests in ${seconds} s, ${crossed.length} crossed, ${whole} whole, ${left} left, active ${active}`,
  );
  console.log(`  failed: ${JSON.stringify(failed)}`);
  for (const line of crossed.slice(0, 20)) console.log(`  ${line}`);
  if (crossed.length > 0 || active !== 0) isWrong = true;
}
process.exit(isWrong ? 1 : 0);
