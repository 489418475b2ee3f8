import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { chat, startGateway, type TestGateway } from './gateway.ts';

let simulator: Simulator;
let gateway: TestGateway;

/** A key of the same name for each list of limits. */
const KEYS: Readonly<Record<string, string>> = {
  month: '[{ cost: 0.001, per: month }]',
  total: '[{ cost: 0.001, per: total }]',
  maximum: '[{ cost: 0.001, per: total, hold: maximum }]',
  tokens: '[{ tokens: 300, per: minute }]',
  'tokens-day': '[{ tokens: 300, per: day }]',
  requests: '[{ requests: 2, per: minute }]',
  'requests-day': '[{ requests: 2, per: day }]',
  one: '[{ concurrent: 1 }, { requests: 3, per: minute }]',
  soft: '[{ cost: 0.0000001, per: month, on_exceed: warn, id: warn }]',
  small: '[{ tokens: 2, per: day }]',
  zero: '[{ cost: 0, per: month }]',
  filtered: '[{ requests: 1, per: day, models: [other] }]',
  free: '[{ cost: 0.001, per: month }]',
  long: '[{ cost: 1, per: month }]',
};

beforeAll(async () => {
  simulator = await startSimulator();
  const keys = Object.entries(KEYS).map(
    ([name, limits]) => `  - { name: ${name}, key: mk-${name}, limits: ${limits} }`,
  );
  gateway = startGateway(`
providers:
  - { name: mine, api_base: "${simulator.url}/v1", api_key: sk-mine }
  - { name: dark, api_base: "${simulator.url}/v1", api_key: sk-dark }
models:
  known: { routes: [{ provider: mine, model: mock/ok }] }
  other: { routes: [{ provider: mine, model: mock/ok }] }
  unknown: { routes: [{ provider: dark, model: mock/ok }] }
  half: { routes: [{ provider: mine, model: mock/ok, priority: 1 }, { provider: dark, model: mock/ok, priority: 2 }] }
  failing: { routes: [{ provider: mine, model: "mock/500" }] }
  long: { routes: [{ provider: mine, model: "mock/ok?words=3000" }] }
  slow: { routes: [{ provider: mine, model: "mock/silence?ms=1000" }] }
fallback: { retries: 0 }
prices: { models: { "mine/*": { input: 2, output: 10 } } }
spend: { journal: memory }
master_keys:
${keys.join('\n')}
  - { name: key, key: mk-key }
`);
});

afterAll(async () => {
  await gateway.stop();
  await simulator.stop();
});

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: {
    readonly error?: { readonly code: string; readonly message: string; readonly limit: object };
  };
}

async function ask(key: string, model = 'known', more: object = {}): Promise<Answer> {
  const headers = { authorization: `Bearer mk-${key}` };
  const response = await gateway.post('/v1/chat/completions', chat(model, { max_tokens: 50, ...more }), {
    headers,
  });
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Answer['body'],
  };
}

/** Asks until the first refusal. */
async function exhaust(key: string): Promise<Answer & { readonly served: number }> {
  for (let served = 0; served < 200; served++) {
    const answer = await ask(key);
    if (answer.status !== 200) return { ...answer, served };
  }
  throw new Error(`the key ${key} was never refused`);
}

describe('a budget', () => {
  test('is told in every answer, and goes down by what the answer cost', async () => {
    const first = await ask('month');
    expect(first.headers.get('x-llm-proxy-budget')).toMatch(
      /^remaining=0\.00\d+, limit=0\.001, resets=\d{4}-\d\d-01T00:00:00Z, scope=key$/,
    );
    const cost = Number(first.headers.get('x-llm-proxy-cost'));
    const second = await ask('month');
    const remaining = (answer: Answer): number =>
      Number(/remaining=([\d.]+)/.exec(answer.headers.get('x-llm-proxy-budget') ?? '')?.[1]);
    expect(cost).toBeGreaterThan(0);
    // Both tell what is left besides their own holds, which are alike.
    expect(remaining(first) - remaining(second)).toBeCloseTo(cost, 6);
  });

  test('that is used up refuses until its window ends, and says that retrying is of no use', async () => {
    const { status, headers, body, served } = await exhaust('month');
    expect([status, body.error?.code, served > 1]).toEqual([429, 'budget_exceeded', true]);
    expect(body.error?.message).toMatch(
      /^The key "month" has used \$0\.00\d+ of \$0\.001 this month, and \$0\.00 is held for requests under way\. It resets at /,
    );
    expect(headers.get('x-should-retry')).toBe('false');
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(60);
    expect(body.error?.limit).toMatchObject({
      scope: 'key',
      name: 'month',
      id: 'cost/month',
      amount: 0.001,
      held: 0,
    });
  });

  test('without a window does not open again', async () => {
    const { headers, body } = await exhaust('total');
    expect([headers.get('retry-after'), headers.get('x-should-retry')]).toEqual(['86400', 'false']);
    expect(body.error?.limit).toMatchObject({ resets_at: null });
  });

  test('with hold: maximum is never passed', async () => {
    await exhaust('maximum');
    const spent = gateway.events.reduce(
      (sum, event) =>
        event.type === 'request-ended' && event.keyName === 'maximum' ? sum + (event.cost?.nano ?? 0) : sum,
      0,
    );
    expect(spent).toBeGreaterThan(0);
    expect(spent).toBeLessThanOrEqual(1_000_000);
  });

  test('refuses a model without a known price, also as a fallback, and asks no provider', async () => {
    const before = gateway.events.filter(({ type }) => type === 'attempt-ended').length;
    for (const model of ['unknown', 'half']) {
      const { status, body } = await ask('free', model);
      expect([status, body.error?.code]).toEqual([403, 'price_unknown']);
    }
    expect(gateway.events.filter(({ type }) => type === 'attempt-ended').length).toBe(before);
  });

  test('that warns refuses nothing', async () => {
    const first = await ask('soft');
    expect([first.status, first.headers.get('x-llm-proxy-warning')]).toEqual([200, null]);
    const { status, headers } = await ask('soft');
    expect([status, headers.get('x-llm-proxy-warning')]).toEqual([200, 'budget warn over 100 %']);
    expect((await ask('soft', 'unknown')).status).toBe(200);
  });

  test('of 0 admits nothing', async () => {
    const { status, body, headers } = await ask('zero');
    expect([status, body.error?.code]).toEqual([429, 'budget_exceeded']);
    expect(headers.get('x-should-retry')).toBe('false');
  });
});

describe('a limit', () => {
  test('on tokens of a minute refuses for as long as the bucket takes', async () => {
    const { status, body, headers } = await exhaust('tokens');
    expect([status, body.error?.code]).toEqual([429, 'token_limit_exceeded']);
    expect(body.error?.message).toMatch(
      /^The key "tokens" is over its limit of 300 tokens a minute: this request needs about \d+ tokens, and \d+ tokens are left\. Try again in \d+ s\.$/,
    );
    expect(headers.get('x-should-retry')).toBeNull();
    expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(60);
    expect(headers.get('x-ratelimit-limit-tokens')).toBe('300');
  });

  test('on tokens of a day counts what the provider reports', async () => {
    await exhaust('tokens-day');
    const used = gateway.events.reduce(
      (sum, event) =>
        event.type === 'request-ended' && event.keyName === 'tokens-day'
          ? sum + (event.usage?.totalTokens ?? 0)
          : sum,
      0,
    );
    expect((await ask('tokens-day')).body.error?.limit).toMatchObject({ used, held: 0 });
  });

  test('on requests admits exactly that many', async () => {
    for (const key of ['requests', 'requests-day']) {
      const { served, body } = await exhaust(key);
      expect([served, body.error?.code]).toEqual([2, 'rate_limit_exceeded']);
    }
  });

  test('counts a request that a provider failed, and none that was refused for another reason', async () => {
    const isAsked = simulator.waitForAttempts(simulator.attempts.length + 1);
    const [first, second] = await Promise.all([ask('one', 'slow'), isAsked.then(() => ask('one'))]);
    expect([first.status, second.status, second.body.error?.code]).toEqual([
      200,
      429,
      'concurrency_limit_exceeded',
    ]);
    expect(second.headers.get('retry-after')).toBe('1');
    expect((await ask('one', 'failing')).status).toBe(500);
    expect((await ask('one')).status).toBe(200);
    expect((await ask('one')).body.error?.code).toBe('rate_limit_exceeded');
  });

  test('that the input alone is larger than is refused as a mistake', async () => {
    const { status, body, headers } = await ask('small');
    expect([status, body.error?.code]).toEqual([400, 'request_over_limit']);
    expect(headers.get('x-should-retry')).toBe('false');
  });

  test('holds more for a stream that becomes long, whose bytes stay as they are', async () => {
    const [limited, unlimited] = await Promise.all(
      ['mk-long', 'mk-key'].map(async (key) => {
        const headers = { authorization: `Bearer ${key}` };
        const response = await gateway.post('/v1/chat/completions', chat('long', { stream: true }), {
          headers,
        });
        return response.text();
      }),
    );
    const same = (text = ''): string => text.replaceAll(/"id":"[^"]*"|"created":\d+/g, '');
    expect(same(limited)).toBe(same(unlimited));
    // It is the model's first answer, of which 1,024 tokens of 200 bytes each are expected.
    let [times, growsAt] = [0, (1024 * 200 * 2) / 3];
    for (; (limited?.length ?? 0) > growsAt; growsAt *= 1.5) times += 1;
    expect(times).toBeGreaterThan(2);
    expect(gateway.events.filter(({ type }) => type === 'hold-grown')).toHaveLength(times);
  });

  test('for other models does not hold', async () => {
    for (const model of ['known', 'known', 'other']) expect((await ask('filtered', model)).status).toBe(200);
    expect((await ask('filtered', 'other')).status).toBe(429);
  });
});

test('a model without a known price costs under a budget what the settings say', async () => {
  const other = startGateway(`
providers: [{ name: dark, api_base: "${simulator.url}/v1", api_key: sk-dark }]
models: { unknown: { routes: [{ provider: dark, model: mock/ok }] } }
prices: { catalogue: "off", unknown_with_budget: { input: 10, output: 40 } }
spend: { journal: memory }
master_keys:
  - { name: budgeted, key: mk-budgeted, limits: [{ cost: 5, per: month }] }
  - { name: plain, key: mk-plain }
`);
  const cost = async (
    key: string,
    count: number,
  ): Promise<readonly [number | undefined, number | undefined]> => {
    const init = { headers: { authorization: `Bearer ${key}` } };
    await (await other.post('/v1/chat/completions', chat('unknown'), init)).text();
    const { cost, usage } = await other.ended(count);
    return [cost?.nano, (usage?.inputTokens ?? 0) * 10_000 + (usage?.outputTokens ?? 0) * 40_000];
  };
  const [charged, expected] = await cost('mk-budgeted', 1);
  expect(charged).toBe(expected);
  expect((await cost('mk-plain', 2))[0]).toBeUndefined();
  const [claim] = other.app.snapshot().limits.all();
  if (claim === undefined) throw new Error('the limit is missing');
  expect(other.app.counters.standing(claim, { nowMs: 0, epochMs: Date.now() })).toMatchObject({
    used: charged,
    held: 0,
  });
  await other.stop();
});

test('when all have ended nothing is held', async () => {
  const at = { nowMs: 0, epochMs: Date.now() };
  const { counters } = gateway.app;
  const held = [...gateway.app.snapshot().limits.all()].map(
    (claim) => counters.standing(claim, at)?.held ?? 0,
  );
  expect(held.every((amount) => amount === 0)).toBe(true);
});
