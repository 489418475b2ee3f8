import { createCostMeter } from '../../src/app/cost-meter.ts';
import { openLedgers, sizeOfLedgers } from '../../src/app/shared-ledgers.ts';
import { loneLedgers } from '../../src/app/lone-ledgers.ts';
import { createSharedMemory } from '../../src/cluster/shared-memory.ts';
import { NOBODY } from '../../src/gateway/attribution.ts';
import { claimsOf, reserve } from '../../src/gateway/reserve.ts';
import type { Ledgers } from '../../src/gateway/ports.ts';
import { FREE_ADMISSION } from '../../src/limits/admission.ts';
import { NO_CLAIMS } from '../../src/limits/claim.ts';
import { systemClock } from '../../src/lib/system-clock.ts';
import { compiled } from '../../test/e2e/gateway.ts';
import { SIX_LIMITS } from '../load/six-limits.ts';
import { bestMicros } from '../measure/best-of.ts';

/** Measures what limits add to a request, without a network and a journal. Run: bun bench/parts/limits.ts */
const TIMES = 20_000;

const text = 'The quick brown fox jumps over the lazy dog. '.repeat(45);
const body = new TextEncoder().encode(
  JSON.stringify({ model: 'm', max_tokens: 500, messages: [{ role: 'user', content: text }] }),
);

const memory = createSharedMemory(sizeOfLedgers({ workers: 4, counters: 2 ** 17 }));
const shared = openLedgers(memory.bytes, {
  workers: 4,
  counters: 2 ** 17,
  me: 1,
  seeder: ({ key, endMs }) => {
    shared.records.seed(key, 0, endMs);
    return true;
  },
});

await print('no limits', loneLedgers(), '');
await print('six limits, one process', loneLedgers(), `limits: ${SIX_LIMITS}`);
await print('six limits, shared memory', shared, `limits: ${SIX_LIMITS}`);
memory.close();

async function print(name: string, ledgers: Ledgers, limits: string): Promise<void> {
  const snapshot = compiled(`
providers: [{ name: a, api_base: "http://127.0.0.1:1" }]
models: { m: { routes: [{ provider: a, model: m }] } }
prices: { catalogue: "off", models: { "a/*": { input: 3, output: 15 } } }
allow_unauthenticated: true
spend: { journal: memory }
${limits}
`);
  const model = snapshot.findModel('m');
  if (model === undefined) throw new Error('the model is missing');
  const gateway = {
    ...ledgers,
    snapshot: () => snapshot,
    costs: createCostMeter(() => snapshot, systemClock),
    clock: systemClock,
    emit: () => undefined,
  };
  const request = (): void => {
    const claims = claimsOf(undefined, 'm', snapshot);
    if (claims === NO_CLAIMS) return;
    const demand = { requestId: 'r', key: undefined, attribution: NOBODY, model, body, claims };
    const admission = reserve(FREE_ADMISSION, { ...demand, isGenerated: true, hasOutput: true }, gateway);
    if (admission instanceof Promise) return;
    admission.settle({ wasServed: true, inputTokens: 500, outputTokens: 400, costNano: 7_500_000 });
  };
  // The first one loads the prices.
  await gateway.costs.estimator();
  console.log(`${name.padEnd(28)}${bestMicros(request, TIMES).toFixed(3).padStart(10)} µs`);
}
