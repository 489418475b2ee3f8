import { expect, test } from 'bun:test';
import { createCostMeter } from '../../src/app/cost-meter.ts';
import { NOBODY } from '../../src/gateway/attribution.ts';
import type { Demand } from '../../src/gateway/limits/ports.ts';
import { claimsOf, reserve } from '../../src/gateway/reserve.ts';
import { type Admission, FREE_ADMISSION } from '../../src/limits/admission.ts';
import { BucketLedger } from '../../src/limits/bucket.ts';
import { countersAlone } from '../../src/limits/claim-counters.ts';
import { EstimateLedger } from '../../src/limits/estimates.ts';
import { snapshotOf } from '../unit/config/configuration.ts';
import { FakeClock } from '../unit/gateway/fake-clock.ts';
import { seededDice } from './seeded-dice.ts';

/** Ten times what the requests below use: 10 of them a second, with 20 input and 665 output tokens on average. */
const snapshot = snapshotOf(`
providers: [{ name: a, api_base: "http://a.test" }]
models: { m: { routes: [{ provider: a, model: m }] } }
prices: { catalogue: "off", models: { "a/m": { input: 3, output: 15 } } }
allow_unauthenticated: true
spend: { journal: memory }
limits:
  - { cost: 10000, per: total }
  - { cost: 10000, per: day }
  - { cost: 3600, per: hour }
  - { tokens: 4M, per: minute }
  - { output_tokens: 4M, per: minute }
  - { input_tokens: 720k, per: hour }
  - { requests: 6000, per: minute }
  - { requests: 100, per: second }
  - { concurrent: 1100 }
`);
const REQUESTS = 100_000;
const PER_SECOND = 10;
const TOKENS_PER_SECOND = 60;

interface Running {
  readonly admission: Admission;
  readonly endsAtMs: number;
  readonly outputTokens: number;
}

test('100,000 requests that use a tenth of their limits are never refused', async () => {
  const dice = seededDice(8);
  const gauss = (): number => Math.sqrt(-2 * Math.log(dice() || 1e-9)) * Math.cos(2 * Math.PI * dice());
  const clock = new FakeClock();
  const counters = countersAlone(new BucketLedger());
  const gateway = {
    snapshot: () => snapshot,
    counters,
    estimates: new EstimateLedger(),
    costs: createCostMeter(() => snapshot, clock),
    clock,
    emit: () => undefined,
  };
  const model = snapshot.findModel('m');
  if (model === undefined) throw new Error('the model is missing');
  const body = new TextEncoder().encode(
    `{"model":"m","messages":[{"role":"user","content":"${'a'.repeat(30)}"}]}`,
  );
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
  let running: Running[] = [];
  const used = { input: 0, output: 0 };
  let nextSweepMs = 0;
  const endDue = (nowMs: number): void => {
    const due = running.filter(({ endsAtMs }) => endsAtMs <= nowMs);
    running = running.filter(({ endsAtMs }) => endsAtMs > nowMs);
    for (const { admission, outputTokens } of due) {
      admission.grow?.(outputTokens * 200);
      const costNano = 20 * 3_000 + outputTokens * 15_000;
      admission.settle({ wasServed: true, inputTokens: 20, outputTokens, costNano });
      used.input += 20;
      used.output += outputTokens;
    }
  };
  for (let count = 0; count < REQUESTS; count++) {
    clock.pass((-Math.log(dice() || 1e-9) * 1000) / PER_SECOND);
    const nowMs = clock.nowMs();
    if (nowMs > nextSweepMs) {
      endDue(nowMs);
      nextSweepMs = nowMs + 200;
    }
    // A refusal would be thrown.
    const admission = await reserve(FREE_ADMISSION, demand, gateway);
    const outputTokens = Math.max(1, Math.min(8_000, Math.round(Math.exp(6 + gauss()))));
    running.push({ admission, outputTokens, endsAtMs: nowMs + (outputTokens * 1000) / TOKENS_PER_SECOND });
  }
  endDue(Infinity);
  // The traffic was that of the limits' tenth.
  expect(used.output / REQUESTS).toBeGreaterThan(600);
  const at = { nowMs: clock.nowMs(), epochMs: clock.epochMs() };
  for (const claim of claims) expect(counters.standing(claim, at)?.held).toBe(0);
  const total = claims.find(({ kind, period }) => kind === 'cost' && period?.unit === 'total');
  const spent = (total && counters.standing(total, at)?.used) ?? 0;
  expect(spent).toBe(used.input * 3_000 + used.output * 15_000);
  expect(spent / (total?.amount ?? 1)).toBeGreaterThan(0.08);
}, 120_000);
