import { createCostMeter } from '../../src/app/cost-meter.ts';
import { loneLedgers } from '../../src/app/lone-ledgers.ts';
import { NOBODY } from '../../src/gateway/attribution.ts';
import type { Ledgers } from '../../src/gateway/ports.ts';
import { claimsOf, reserve } from '../../src/gateway/reserve.ts';
import { FREE_ADMISSION } from '../../src/limits/admission.ts';
import { systemClock } from '../../src/lib/system-clock.ts';
import { compiled } from '../../test/e2e/gateway.ts';
import { SIX_LIMITS } from '../load/six-limits.ts';
import { alternate } from '../measure/alternate.ts';
import { medianOf } from '../measure/statistics.ts';

/**
 * Measures what a lease costs a request besides what a limit of one machine costs: six limits, in turn as one machine counts
 * them and as one of several does that has leases. Exits with 1 above 3 µs. Run: bun bench/parts/leases.ts
 */
const [TIMES, ROUNDS, MOST_MICROS] = [20_000, 6, 3];

const snapshot = compiled(`
providers: [{ name: a, api_base: "http://127.0.0.1:1" }]
models: { m: { routes: [{ provider: a, model: m }] } }
prices: { catalogue: "off", models: { "a/*": { input: 3, output: 15 } } }
allow_unauthenticated: true
spend: { journal: memory }
limits: ${SIX_LIMITS}
`);
const found = snapshot.findModel('m');
if (found === undefined) throw new Error('the model is missing');
const model = found;
const body = new TextEncoder().encode(
  JSON.stringify({
    model: 'm',
    max_tokens: 500,
    messages: [{ role: 'user', content: 'Hi there. '.repeat(200) }],
  }),
);

/** More than all requests need. */
const PLENTY = 2 ** 50;
const leased = loneLedgers(undefined, (records) => ({
  seed: ({ key, endMs }) => {
    records.seedLeased(key, 0, endMs);
    records.allowMore(key, PLENTY);
    return true;
  },
  source: {
    lease: () => {
      throw new Error('the lease does not suffice');
    },
  },
}));

const contenders = { alone: await requestWith(loneLedgers()), leased: await requestWith(leased) };
const micros: Record<keyof typeof contenders, number[]> = { alone: [], leased: [] };
for (let round = 0; round < ROUNDS; round++)
  for (const name of alternate(['alone', 'leased'] as const)) micros[name].push(microsOf(contenders[name]));
const [alone, withLease] = [medianOf(micros.alone), medianOf(micros.leased)];
const more = withLease - alone;
console.log(
  `alone ${alone.toFixed(2)} µs, with leases ${withLease.toFixed(2)} µs, more ${more.toFixed(2)} µs`,
);
process.exit(more > MOST_MICROS ? 1 : 0);

/** A request from its reservation to its settlement. */
async function requestWith(ledgers: Ledgers): Promise<() => void> {
  const costs = createCostMeter(() => snapshot, systemClock);
  const gateway = { ...ledgers, snapshot: () => snapshot, costs, clock: systemClock, emit: () => undefined };
  // The first one loads the prices.
  await costs.estimator();
  return () => {
    const claims = claimsOf(undefined, 'm', snapshot);
    const demand = { requestId: 'r', key: undefined, attribution: NOBODY, model, body, claims };
    const admission = reserve(FREE_ADMISSION, { ...demand, isGenerated: true, hasOutput: true }, gateway);
    if (admission instanceof Promise) throw new Error('it waits');
    admission.settle({ wasServed: true, inputTokens: 500, outputTokens: 400, costNano: 7_500_000 });
  };
}

function microsOf(work: () => void): number {
  const beganMs = performance.now();
  for (let time = 0; time < TIMES; time++) work();
  return ((performance.now() - beganMs) * 1000) / TIMES;
}
