import { expect, test } from 'bun:test';
import { reserve } from '../../src/gateway/reserve.ts';
import { type Admission, FREE_ADMISSION, NOT_SERVED } from '../../src/limits/admission.ts';
import { FakeClock } from '../unit/gateway/fake-clock.ts';
import { INPUT_NANO, OUTPUT_NANO, pricedGateway } from './priced-gateway.ts';
import { seededDice } from './seeded-dice.ts';

const LIMITS = `
  - { cost: 100000, per: total }
  - { tokens: 1000M, per: total, hold: maximum }
  - { requests: 1M, per: total }
  - { tokens: 10M, per: minute }
  - { concurrent: 40 }`;
const REQUESTS = 100_000;
const MOST_RUNNING = 60;

/** A gateway whose journal and prices fail now and then: a bug in any of them must leave nothing held. */
function troubledGateway(dice: () => number) {
  const clock = new FakeClock();
  const { gateway, ...priced } = pricedGateway(LIMITS, clock);
  const { costs } = gateway;
  const fails = (): void => {
    if (dice() < 0.01) throw new Error('a bug');
  };
  const journal = {
    open: fails,
    grow: () => undefined,
    settle: () => undefined,
    drop: () => undefined,
    close: () => undefined,
  };
  const estimator = () => {
    fails();
    return costs.estimator();
  };
  return { ...priced, gateway: { ...gateway, clock, costs: { ...costs, estimator }, journal } };
}

test('after 100,000 requests with mixed endings nothing is held, and counters are what was used', async () => {
  const dice = seededDice(11);
  const { gateway, claims, demandOf } = troubledGateway(dice);
  const demand = demandOf(
    new TextEncoder().encode('{"model":"m","messages":[{"role":"user","content":"Hello!"}]}'),
  );
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
      const costNano = inputTokens * INPUT_NANO + outputTokens * OUTPUT_NANO;
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
}, 180_000);
