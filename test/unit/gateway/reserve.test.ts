import { describe, expect, test } from 'bun:test';
import { createCostMeter } from '../../../src/app/cost-meter.ts';
import { NOBODY } from '../../../src/gateway/attribution.ts';
import type { Counters, Demand, JournaledRequest } from '../../../src/gateway/limits/ports.ts';
import { Refusal } from '../../../src/gateway/refusals.ts';
import { claimsOf, reserve } from '../../../src/gateway/reserve.ts';
import { type Admission, FREE_ADMISSION } from '../../../src/limits/admission.ts';
import { BucketLedger } from '../../../src/limits/bucket.ts';
import { NO_CLAIMS } from '../../../src/limits/claim.ts';
import { ClaimCounters, countersAlone } from '../../../src/limits/claim-counters.ts';
import type { Seeder } from '../../../src/limits/claim-taking.ts';
import type { CounterAmount } from '../../../src/limits/counter-amount.ts';
import { counterFields, CounterLedger } from '../../../src/limits/counter.ts';
import { EstimateLedger } from '../../../src/limits/estimates.ts';
import { LocalTable } from '../../../src/lib/number-table.ts';
import { snapshotOf } from '../config/configuration.ts';
import { FakeClock } from './fake-clock.ts';

/** A gateway with these limits for everybody, and a model that costs $3 and $15 a million tokens. */
function worldOf(limits: string, counters: Counters = countersAlone(new BucketLedger()), unknown = 'refuse') {
  const snapshot = snapshotOf(`
providers: [{ name: a, api_base: "http://a.test" }]
models: { m: { routes: [{ provider: a, model: m }] }, x: { routes: [{ provider: a, model: x }] } }
prices: { catalogue: "off", unknown_with_budget: ${unknown}, models: { "a/m": { input: 3, output: 15 } } }
allow_unauthenticated: true
spend: { journal: memory }
${limits}
`);
  const clock = new FakeClock();
  const opened: (Pick<JournaledRequest, 'requestId' | 'atMs' | 'model'> & {
    holds: readonly CounterAmount[];
    heldNano: number | undefined;
  })[] = [];
  const grown: (readonly CounterAmount[])[] = [];
  const gateway = {
    snapshot: () => snapshot,
    counters,
    estimates: new EstimateLedger(),
    costs: createCostMeter(() => snapshot, clock),
    journal: {
      open: (request: JournaledRequest) => {
        const { requestId, atMs, model } = request;
        opened.push({ requestId, atMs, model, holds: request.holds(), heldNano: request.heldNano() });
      },
      grow: (request: JournaledRequest) => void grown.push(request.holds()),
      settle: () => undefined,
      drop: () => undefined,
      close: () => undefined,
    },
    clock,
    emit: () => undefined,
  };
  const model = snapshot.findModel('m');
  if (model === undefined) throw new Error('the model is missing');
  const demand: Demand = {
    requestId: 'req_1',
    key: undefined,
    attribution: NOBODY,
    model,
    body: new TextEncoder().encode(
      JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'Hello!' }] }),
    ),
    claims: claimsOf(undefined, 'm', snapshot),
    isGenerated: true,
    hasOutput: true,
  };
  const ask = async (parts: Partial<Demand> = {}): Promise<Admission> =>
    reserve(FREE_ADMISSION, { ...demand, ...parts }, gateway);
  const standings = (): Record<string, readonly [used: number, held: number]> => {
    const at = { nowMs: clock.nowMs(), epochMs: clock.epochMs() };
    return Object.fromEntries(
      demand.claims.map((claim) => {
        const { used = 0, held = 0 } = counters.standing(claim, at) ?? {};
        return [claim.limitId, [used, held]];
      }),
    );
  };
  return { ask, standings, opened, grown, clock, snapshot, gateway };
}

const USED = { wasServed: true, inputTokens: 5, outputTokens: 7, costNano: 120_000 };

async function refusal(asking: Promise<unknown>): Promise<Refusal> {
  const error = await asking.catch((error: unknown) => error);
  if (error instanceof Refusal) return error;
  throw new Error('it was not refused', { cause: error });
}

test('without limits there is one empty list', () => {
  expect(claimsOf(undefined, 'm', worldOf('').snapshot)).toBe(NO_CLAIMS);
});

test('a request holds all its limits, and its use replaces the holds', async () => {
  const { ask, standings, opened } = worldOf(
    'limits: [{ cost: 5, per: month }, { tokens: 1M, per: day }, { concurrent: 3 }, { requests: 9, per: minute }]',
  );
  const admission = await ask();
  const [, cost = 0] = standings()['cost/month'] ?? [];
  const [, tokens = 0] = standings()['tokens/day'] ?? [];
  expect(tokens).toBeGreaterThan(1_024);
  expect(cost).toBe((tokens - 1_024) * 3_000 + 1_024 * 15_000);
  expect(standings()['concurrent']).toEqual([0, 1]);
  expect(opened).toMatchObject([
    {
      requestId: 'req_1',
      model: 'm',
      holds: [
        { counter: 'global/tokens/day', amount: tokens },
        { counter: 'global/cost/month', amount: cost },
      ],
      heldNano: cost,
    },
  ]);
  const uses = admission.settle(USED);
  expect(uses?.map(({ counter, amount }) => [counter, amount])).toEqual([
    ['global/tokens/day', 12],
    ['global/cost/month', 120_000],
  ]);
  expect(standings()).toMatchObject({
    'cost/month': [120_000, 0],
    'tokens/day': [12, 0],
    concurrent: [0, 0],
  });
  expect(admission.settle(USED)).toBeUndefined();
  expect(standings()['cost/month']).toEqual([120_000, 0]);
});

test('a request that one limit refuses takes nothing of the others', async () => {
  const { ask, standings } = worldOf(
    'limits: [{ requests: 2, per: day }, { tokens: 1M, per: day }, { concurrent: 1 }]',
  );
  const first = await ask();
  expect((await refusal(ask())).code).toBe('concurrency_limit_exceeded');
  first.settle(USED);
  expect(standings()).toMatchObject({ 'requests/day': [1, 0], 'tokens/day': [12, 0], concurrent: [0, 0] });
  (await ask()).settle(USED);
  expect((await refusal(ask())).code).toBe('rate_limit_exceeded');
});

test('a stream that gets far holds half as much again each time', async () => {
  const { ask, standings, grown } = worldOf(
    'limits: [{ cost: 5, per: month }, { output_tokens: 1M, per: day }, { tokens: 1M, per: day, hold: maximum }]',
  );
  const admission = await ask();
  const before = standings();
  admission.grow?.(682 * 200);
  expect(standings()).toEqual(before);
  admission.grow?.(200);
  expect(standings()['output_tokens/day']).toEqual([0, 1_536]);
  expect(standings()['cost/month']?.[1]).toBe((before['cost/month']?.[1] ?? 0) + 512 * 15_000);
  expect(standings()['tokens/day']).toEqual(before['tokens/day'] ?? [0, 0]);
  admission.grow?.(342 * 200);
  expect(standings()['output_tokens/day']).toEqual([0, 2_304]);
  expect(grown).toHaveLength(2);
  admission.settle({ ...USED, outputTokens: 3_000, costNano: 45_000_000 });
  expect(standings()).toEqual({
    'cost/month': [45_000_000, 0],
    'output_tokens/day': [3_000, 0],
    'tokens/day': [3_005, 0],
  });
});

test('a stream holds no more than it may have, unless the provider sends more', async () => {
  const { ask, standings } = worldOf('limits: [{ output_tokens: 1M, per: day }]');
  const body = Buffer.from('{"model":"m","max_tokens":900,"messages":[]}');
  const admission = await ask({ body });
  expect(standings()['output_tokens/day']).toEqual([0, 900]);
  admission.grow?.(900 * 200);
  expect(standings()['output_tokens/day']).toEqual([0, 900]);
  admission.grow?.(200);
  expect(standings()['output_tokens/day']?.[1]).toBeGreaterThan(900);
  admission.settle(USED);
});

test('where one request needs a small share of a limit, it holds a usual output, else one that few exceed', async () => {
  const { ask, standings, gateway } = worldOf(
    'limits: [{ output_tokens: 1M, per: day }, { output_tokens: 30k, per: month }]',
  );
  const use = { keyId: undefined, model: 'm', textBytes: 10, inputTokens: 5, answerBytes: 0 };
  for (let count = 0; count < 200; count++)
    gateway.estimates.note({ ...use, outputTokens: 2 ** (count % 10) * 10 });
  const admission = await ask();
  const [large = 0, small = 0] = ['output_tokens/day', 'output_tokens/month'].map(
    (id) => standings()[id]?.[1],
  );
  expect(large).toBeLessThan(small);
  // Both are at the same output once the stream has got so far.
  while ((standings()['output_tokens/day']?.[1] ?? 0) <= small) admission.grow?.(100 * 200);
  const [day = 0, month = 0] = ['day', 'month'].map((unit) => standings()[`output_tokens/${unit}`]?.[1]);
  // Each growth rounds up.
  expect(Math.abs(day - month)).toBeLessThan(20);
  admission.settle(USED);
  expect(standings()).toMatchObject({ 'output_tokens/day': [7, 0], 'output_tokens/month': [7, 0] });
});

test('cached tokens count, unless a limit leaves them out', async () => {
  const { ask, standings } = worldOf(
    'limits: [{ tokens: 1M, per: day }, { tokens: 1M, per: day, count_cached: false, id: fresh }]',
  );
  (await ask()).settle({ ...USED, inputTokens: 100, cachedTokens: 90 });
  expect(standings()).toEqual({ 'tokens/day': [107, 0], fresh: [17, 0] });
});

test('only requests are counted of what reads, and money refuses no reading', async () => {
  const { ask, standings } = worldOf(
    'limits: [{ cost: 0, per: month }, { tokens: 0, per: day }, { requests: 5, per: day }]',
  );
  (await ask({ isGenerated: false })).settle({ wasServed: true, inputTokens: 50, outputTokens: 70 });
  expect(standings()).toEqual({ 'cost/month': [0, 0], 'tokens/day': [0, 0], 'requests/day': [1, 0] });
});

test('a request that no provider answered is given back to limits on requests if the options say so', async () => {
  for (const [options, used] of [
    ['', 1],
    ['limits_options: { refund_failed: true }', 0],
  ] as const) {
    const { ask, standings } = worldOf(`limits: [{ requests: 5, per: day }]\n${options}`);
    (await ask()).settle({
      wasServed: true,
      isFailed: true,
      inputTokens: undefined,
      outputTokens: undefined,
    });
    expect(standings()['requests/day']).toEqual([used, 0]);
  }
});

test('budget_status changes the status of a budget that is used up', async () => {
  const { ask } = worldOf('limits: [{ cost: 0, per: month }]\nlimits_options: { budget_status: 402 }');
  const { status, code } = await refusal(ask());
  expect([status, code]).toEqual([402, 'budget_exceeded']);
});

test('a model without a known price is refused under a budget, or costs what the settings say', async () => {
  const limits = 'limits: [{ cost: 5, per: month }]';
  const refusing = worldOf(limits);
  const model = refusing.snapshot.findModel('x');
  if (model === undefined) throw new Error('the model is missing');
  expect((await refusal(refusing.ask({ model }))).code).toBe('price_unknown');
  const priced = worldOf(limits, countersAlone(new BucketLedger()), '{ input: 10, output: 40 }');
  const admission = await priced.ask({ model });
  const [, held = 0] = priced.standings()['cost/month'] ?? [];
  expect(held).toBe(22 * 10_000 + 1_024 * 40_000);
  expect(admission.hasBudget).toBe(true);
  const usage = {
    inputTokens: 7,
    outputTokens: 3,
    totalTokens: 10,
    cachedTokens: undefined,
    reasoningTokens: undefined,
  };
  const use = { provider: 'a', model: 'x', usage, isEstimated: false };
  expect((await priced.gateway.costs.costOf({ ...use, hasBudget: true })).nano).toBe(7 * 10_000 + 3 * 40_000);
  expect((await priced.gateway.costs.costOf(use)).nano).toBeUndefined();
});

test('where only requests under way are in the way, a budget says to try again in a second', async () => {
  const { ask } = worldOf('limits: [{ cost: 0.016, per: month }]');
  await ask();
  const { code, headers } = await refusal(ask());
  expect([code, headers['retry-after'], headers['x-should-retry']]).toEqual([
    'budget_exceeded',
    '1',
    undefined,
  ]);
});

describe('a counter that nobody knows', () => {
  const countersWith = (seeder: Seeder): ClaimCounters =>
    new ClaimCounters(new CounterLedger(new LocalTable(counterFields(1))), new BucketLedger(), seeder);

  test('is asked for once, all at once, and nothing is held meanwhile', async () => {
    const records = new CounterLedger(new LocalTable(counterFields(1)));
    const asked: string[] = [];
    const counters = new ClaimCounters(records, new BucketLedger(), async ({ counter, key, endMs }) => {
      asked.push(counter);
      await Bun.sleep(1);
      records.seed(key, 7, endMs);
      return true;
    });
    const { ask, standings } = worldOf(
      'limits: [{ cost: 5, per: month }, { requests: 9, per: day }]',
      counters,
    );
    const asking = ask();
    expect(standings()).toEqual({ 'cost/month': [0, 0], 'requests/day': [0, 0] });
    (await asking).settle(USED);
    expect(asked.toSorted()).toEqual(['global/cost/month', 'global/requests/day']);
    expect(standings()).toEqual({ 'cost/month': [120_007, 0], 'requests/day': [8, 0] });
  });

  test('that stays unknown refuses with 503, unless the limit is soft', async () => {
    const hard = worldOf(
      'limits: [{ requests: 9, per: day }]',
      countersWith(() => false),
    );
    const { status, code } = await refusal(hard.ask());
    expect([status, code]).toEqual([503, 'limit_store_unavailable']);
    const soft = worldOf(
      'limits: [{ requests: 9, per: day, on_exceed: warn }]',
      countersWith(() => false),
    );
    (await soft.ask()).settle(USED);
  });
});

test('an answer tells the tightest of the limits that refuse, whatever their order', async () => {
  const parts = [
    '{ tokens: 5000, per: day, on_exceed: warn }',
    '{ tokens: 90000, per: day }',
    '{ tokens: 80000, per: hour }',
    '{ cost: 1, per: day, on_exceed: warn }',
    '{ cost: 3, per: day }',
    '{ cost: 2, per: hour }',
  ];
  for (const limits of [parts, parts.toReversed()]) {
    const { headers } = await worldOf(`limits: [${limits.join(', ')}]`).ask();
    expect(headers['x-ratelimit-limit-tokens']).toBe('80000');
    expect(headers['x-llm-proxy-budget']).toContain('limit=2.00');
  }
});

test('with hold: maximum, nothing that looks like a file makes a request hold less', async () => {
  const { ask, standings } = worldOf('limits: [{ input_tokens: 1M, per: day, hold: maximum }]');
  const content = [{ type: 'tool_use', input: { data: 'QUJD'.repeat(25_000) } }];
  await ask({
    body: new TextEncoder().encode(JSON.stringify({ messages: [{ role: 'assistant', content }] })),
  });
  expect(standings()['input_tokens/day']?.[1]).toBeGreaterThan(100_000);
});

test('100,000 requests at a tenth of every limit are never refused', async () => {
  const { ask, clock, standings } = worldOf(
    'limits: [{ requests: 600, per: minute }, { tokens: 50k, per: minute }, { tokens: 7000k, per: day }, { cost: 20, per: day }, { concurrent: 10 }]',
  );
  for (let count = 0; count < 100_000; count++) {
    const admission = await ask();
    clock.pass(1_000);
    admission.settle({ ...USED, inputTokens: 20, outputTokens: 60, costNano: 200_000 });
  }
  expect(Object.values(standings()).every(([, held]) => held === 0)).toBe(true);
}, 180_000);
