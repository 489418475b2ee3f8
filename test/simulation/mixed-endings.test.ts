import { expect, test } from 'bun:test';
import { createCostMeter } from '../../src/app/cost-meter.ts';
import { NOBODY } from '../../src/gateway/attribution.ts';
import type { Demand } from '../../src/gateway/limits/ports.ts';
import { claimsOf, reserve } from '../../src/gateway/reserve.ts';
import { type Admission, FREE_ADMISSION, NOT_SERVED } from '../../src/limits/admission.ts';
import { BucketLedger } from '../../src/limits/bucket.ts';
import { countersAlone } from '../../src/limits/claim-counters.ts';
import { EstimateLedger } from '../../src/limits/estimates.ts';
import { snapshotOf } from '../unit/config/configuration.ts';
import { FakeClock } from '../unit/gateway/fake-clock.ts';
import { seededDice } from './seeded-dice.ts';

const snapshot = snapshotOf(`
providers: [{ name: a, api_base: "http://a.test" }]
models: { m: { routes: [{ provider: a, model: m }] } }
prices: { catalogue: "off", models: { "a/m": { input: 3, output: 15 } } }
allow_unauthenticated: true
spend: { journal: memory }
limits:
  - { cost: 100000, per: total }
  - { tokens: 1000M, per: total, hold: maximum }
  - { requests: 1M, per: total }
  - { tokens: 10M, per: minute }
  - { concurrent: 40 }
`);
const REQUESTS = 100_000;
const MOST_RUNNING = 60;

/** A gateway whose journal and prices fail now and then: a bug in any of them must leave nothing held. */
function troubledGateway(dice: () => number) {
  const clock = new FakeClock();
  const costs = createCostMeter(() => snapshot, clock);
  const fails = (): void => {
    if (dice() < 0.01) throw new Error('a bug');
  };
  const journal = { open: fails, grow: () => undefined, close: () => undefined };
  const estimator = () => {
    fails();
    return costs.estimator();
  };
  const counters = countersAlone(new BucketLedger());
  const estimates = new EstimateLedger();
  const emit = (): void => undefined;
  return {
    snapshot: () => snapshot,
    counters,
    estimates,
    costs: { ...costs, estimator },
    journal,
    clock,
    emit,
  };
}

test('after 100,000 requests with mixed endings nothing is held, and counters are what was used', async () => {
  const dice = seededDice(11);
  const gateway = troubledGateway(dice);
  const model = snapshot.findModel('m');
  if (model === undefined) throw new Error('the model is missing');
  const body = new TextEncoder().encode('{"model":"m","messages":[{"role":"user","content":"Hello!"}]}');
  const claims = claimsOf(undefined, 'm', snapshot);
  const demand: Demand = {
    requestId: 'req',
    key: undefined,
    attribution: NOBODY,
    model,
    body,
    claims,
    isGenerated: true,
    hasOutput: true,
  };
  const running: Admission[] = [];
  const used = { cost: 0, tokens: 0, requests: 0 };
  let refused = 0;

  const end = (admission: Admission): void => {
    if (dice() < 0.3) admission.grow?.(Math.floor(dice() * 20_000));
    const ending = dice();
    // It did not come to a provider, or it did, and the answer has some tokens, or none because it failed.
    if (ending < 0.2) admission.settle(NOT_SERVED);
    else {
      const inputTokens = ending < 0.5 ? 0 : Math.floor(dice() * 400);
      const outputTokens = ending < 0.5 ? 0 : Math.floor(dice() * 4_000);
      const costNano = inputTokens * 3_000 + outputTokens * 15_000;
      const isFailed = ending < 0.5;
      admission.settle({ wasServed: true, isFailed, inputTokens, outputTokens, costNano });
      used.cost += costNano;
      used.tokens += inputTokens + outputTokens;
      used.requests += 1;
    }
    // Only the first end counts.
    if (dice() < 0.2) admission.settle({ wasServed: true, inputTokens: 9, outputTokens: 9, costNano: 9 });
  };

  for (let count = 0; count < REQUESTS; count++) {
    gateway.clock.pass(10);
    try {
      const admission = reserve(FREE_ADMISSION, demand, gateway);
      running.push(admission instanceof Promise ? await admission : admission);
    } catch {
      refused += 1;
    }
    while (running.length > dice() * MOST_RUNNING)
      end(running.splice(Math.floor(dice() * running.length), 1)[0]!);
  }
  for (const admission of running) end(admission);

  expect(refused).toBeGreaterThan(REQUESTS / 100);
  expect(used.requests).toBeGreaterThan(REQUESTS / 2);
  const at = { nowMs: gateway.clock.nowMs(), epochMs: gateway.clock.epochMs() };
  const standings = claims.map((claim) => ({ claim, ...gateway.counters.standing(claim, at) }));
  for (const { claim, held } of standings)
    expect({ limit: claim.limitId, held }).toEqual({ limit: claim.limitId, held: 0 });
  const totals = Object.fromEntries(
    standings
      .filter(({ claim }) => claim.period?.unit === 'total')
      .map(({ claim, used }) => [claim.kind, used]),
  );
  expect(totals).toEqual(used);
}, 120_000);
