import { expect, test } from 'bun:test';
import { reserve } from '../../src/gateway/reserve.ts';
import { type Admission, FREE_ADMISSION } from '../../src/limits/admission.ts';
import { FakeClock } from '../unit/gateway/fake-clock.ts';
import { INPUT_NANO, OUTPUT_NANO, pricedGateway } from './priced-gateway.ts';
import { seededDice } from './seeded-dice.ts';

/** Ten times what the requests below use: 10 of them a second, with 20 input and 665 output tokens on average. */
const LIMITS = `
  - { cost: 10000, per: total }
  - { cost: 10000, per: day }
  - { cost: 3600, per: hour }
  - { tokens: 4M, per: minute }
  - { output_tokens: 4M, per: minute }
  - { input_tokens: 720k, per: hour }
  - { requests: 6000, per: minute }
  - { requests: 100, per: second }
  - { concurrent: 1100 }`;
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
  const { gateway, claims, demandOf } = pricedGateway(LIMITS, clock);
  const body = `{"model":"m","messages":[{"role":"user","content":"${'a'.repeat(30)}"}]}`;
  const demand = demandOf(new TextEncoder().encode(body));
  let running: Running[] = [];
  const used = { input: 0, output: 0 };
  let nextSweepMs = 0;
  const endDue = (nowMs: number): void => {
    const due = running.filter(({ endsAtMs }) => endsAtMs <= nowMs);
    running = running.filter(({ endsAtMs }) => endsAtMs > nowMs);
    for (const { admission, outputTokens } of due) {
      admission.grow?.(outputTokens * 200);
      const costNano = 20 * INPUT_NANO + outputTokens * OUTPUT_NANO;
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
  for (const claim of claims) expect(gateway.counters.standing(claim, at)?.held).toBe(0);
  const total = claims.find(({ kind, period }) => kind === 'cost' && period?.unit === 'total');
  const spent = (total && gateway.counters.standing(total, at)?.used) ?? 0;
  expect(spent).toBe(used.input * INPUT_NANO + used.output * OUTPUT_NANO);
  expect(spent / (total?.amount ?? 1)).toBeGreaterThan(0.08);
}, 180_000);
