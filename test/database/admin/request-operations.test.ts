import { afterEach, beforeEach, expect, test } from 'bun:test';
import { canonicalSheet } from '../../../src/prices/sheet.ts';
import { record } from '../store/request-records.ts';
import { startApi, type TestApi } from './api.ts';

const NOON_MS = Date.parse('2026-01-31T12:00:00Z');

let api: TestApi;

beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.store.close());

test('past requests are listed with all that is known of them', async () => {
  await api.store.requests.insert([
    record({ requestId: 'req_1', endedAtMs: NOON_MS, reasoningTokens: null }),
  ]);
  const { status, body } = await api.call('GET', '/requests');
  expect(status).toBe(200);
  expect(body).toEqual({
    requests: [
      {
        time: '2026-01-31T12:00:00.000Z',
        request_id: 'req_1',
        key: 'team-a',
        model: 'fast',
        provider: 'openai',
        attempts: 1,
        has_fallback: false,
        ending: 'complete',
        status: 200,
        code: null,
        prompt_tokens: 3,
        completion_tokens: 5,
        total_tokens: 8,
        cached_tokens: 1,
        reasoning_tokens: null,
        is_estimated: false,
        cost: '0.000001500',
        cost_basis: 'provider',
        saved: null,
        price_ref: null,
        is_streamed: true,
        time_to_first_token_ms: 12,
        duration_ms: 34,
        team: null,
        user: null,
        end_user: null,
      },
    ],
    next_cursor: null,
    searched_until: null,
  });
});

test('a request tells what each of its attempts cost, and what the provider says', async () => {
  const attempt = { provider: 'a', model: 'm', cost_basis: 'provider', price_ref: null };
  const tokens = { prompt_tokens: 1, completion_tokens: null };
  const attemptsCost = JSON.stringify([{ ...attempt, ...tokens, cost_nano: 700 }]);
  const prices = { tier: undefined, discountPpm: 75_000 };
  const sheet = canonicalSheet(
    { provider: 'a', model: 'm' },
    { ...prices, per: { output: [10e9], input: [1.25e9, [200_000, 2.5e9]], web_search: [5e9] } },
  );
  const priced = { priceRef: 'abc', priceSheet: sheet };
  await api.store.requests.insert([
    record({ requestId: 'req_0' }),
    record({ requestId: 'req_1', providerCostNano: 1_400, attemptsCost, ...priced }),
  ]);
  expect((await api.call('GET', '/requests/req_0')).body.prices).toBeNull();
  const { body } = await api.call('GET', '/requests/req_1');
  expect(body.prices).toEqual({
    provider: 'a',
    model: 'm',
    tier: null,
    discount_percent: 7.5,
    meters: [
      {
        meter: 'input',
        price: '1.250000000',
        per: 1_000_000,
        above: [{ input_tokens: 200_000, price: '2.500000000' }],
      },
      { meter: 'output', price: '10.000000000', per: 1_000_000, above: [] },
      { meter: 'web_search', price: '5.000000000', per: 1_000, above: [] },
    ],
  });
  expect(body.provider_cost).toBe('0.000001400');
  expect(body.attempts_cost).toEqual([{ ...attempt, ...tokens, cost: '0.000000700' }]);
});

test('pages follow each other by the cursor, and the last one has none', async () => {
  const all = Array.from({ length: 10 }, (_, n) => record({ endedAtMs: NOON_MS + Math.floor(n / 4) }));
  await api.store.requests.insert(all);
  const seen: string[] = [];
  const sizes: number[] = [];
  let cursor = '';
  do {
    const { body } = await api.call('GET', `/requests?limit=5${cursor && `&cursor=${cursor}`}`);
    seen.push(...body.requests.map((one: { request_id: string }) => one.request_id));
    sizes.push(body.requests.length);
    cursor = body.next_cursor ?? '';
    await api.store.requests.insert([record({ endedAtMs: NOON_MS + 1000 })]);
  } while (cursor !== '');
  expect(sizes).toEqual([5, 5]);
  expect(seen).toEqual(all.map(({ requestId }) => requestId).toReversed());
});

test('every filter is a parameter, and days are those of UTC', async () => {
  await api.store.requests.insert([
    record({ requestId: 'req_a', endedAtMs: NOON_MS }),
    record({
      requestId: 'req_b',
      endedAtMs: NOON_MS + 43_200_000,
      key: 'b',
      model: 'a/b',
      provider: 'p',
      status: 502,
      ending: 'failed',
    }),
  ]);
  const ids = async (query: string) => {
    const { body } = await api.call('GET', `/requests?${query}`);
    return body.requests.map((one: { request_id: string }) => one.request_id);
  };
  for (const query of [
    'key=b',
    'model=a%2Fb',
    'provider=p',
    'status=502',
    'ending=failed',
    'since=2026-02-01',
  ])
    expect({ query, found: await ids(query) }).toEqual({ query, found: ['req_b'] });
  expect(await ids('until=2026-02-01')).toEqual(['req_a']);
  expect(await ids('since=2026-01-31T13:00:00%2B01:00&until=2026-01-31T12:00:00.001Z')).toEqual(['req_a']);
});

test('sums are grouped by what the caller names', async () => {
  await api.store.requests.insert([
    record({ endedAtMs: NOON_MS }),
    record({ endedAtMs: NOON_MS + 1, key: null, status: 429, ending: 'refused', totalTokens: null }),
    record({ endedAtMs: NOON_MS + 3_600_000 }),
  ]);
  const sums = {
    prompt_tokens: 3,
    completion_tokens: 5,
    total_tokens: 8,
    cached_tokens: 1,
    reasoning_tokens: 2,
    cost: '0.000001500',
    requests_without_price: 0,
  };
  const { body } = await api.call('GET', '/usage?group_by=hour,key');
  expect(body.usage).toEqual([
    { time: '2026-01-31T12:00:00.000Z', key: 'team-a', requests: 1, failures: 0, ...sums },
    { time: '2026-01-31T12:00:00.000Z', key: null, requests: 1, failures: 1, ...sums, total_tokens: 0 },
    { time: '2026-01-31T13:00:00.000Z', key: 'team-a', requests: 1, failures: 0, ...sums },
  ]);
  const days = await api.call('GET', '/usage?group_by=day&key=team-a&since=2026-01-31&until=2026-02-01');
  expect(days.body.usage).toMatchObject([
    { time: '2026-01-31T00:00:00.000Z', requests: 2, total_tokens: 16 },
  ]);
  expect((await api.call('GET', '/usage')).body.usage).toMatchObject([{ requests: 3, failures: 1 }]);
});

test('a parameter that is wrong is named', async () => {
  for (const [path, named] of [
    ['/requests?limit=1001', 'limit'],
    ['/requests?limit=10001&format=csv', 'limit'],
    ['/requests?limit=0', 'limit'],
    ['/requests?status=ok', 'status'],
    ['/requests?ending=bad', 'ending'],
    ['/requests?since=yesterday', 'since'],
    ['/requests?cursor=nonsense', 'cursor'],
    ['/usage?group_by=key,colour', 'group_by'],
    ['/usage?group_by=hour,day', 'group_by'],
    ['/usage?group_by=key,key', 'group_by'],
  ] as const) {
    const { status, body } = await api.call('GET', path);
    expect({ path, status, code: body.error.code }).toEqual({ path, status: 400, code: 'invalid_parameter' });
    expect(body.error.details[0].path).toStartWith(named);
  }
  const unknown = await api.call('GET', '/requests?modle=fast');
  expect(unknown.status).toBe(400);
  expect(unknown.body.error.message).toContain('modle');
});

test('a NUL, which PostgreSQL has in no text, does not reach the database', async () => {
  const cursor = Buffer.from('1/req_\0').toString('base64url');
  for (const [path, code] of [
    ['/requests?model=%00', 'invalid_parameter'],
    [`/requests?cursor=${cursor}`, 'invalid_parameter'],
    ['/requests/req_%00', 'not_found'],
  ] as const) {
    const { body } = await api.call('GET', path);
    expect({ path, code: body.error.code }).toEqual({ path, code });
  }
});

test('both are in the OpenAPI document, with their parameters and their answers', async () => {
  const { body } = await api.call('GET', '/openapi.json');
  const names = (path: string) =>
    body.paths[`/admin/v1${path}`].get.parameters.map((one: { name: string }) => one.name);
  expect(names('/requests')).toEqual([
    'key',
    'model',
    'provider',
    'team',
    'user',
    'end_user',
    'status',
    'ending',
    'has_fallback',
    'min_duration_ms',
    'min_cost',
    'search',
    'since',
    'until',
    'cursor',
    'limit',
    'format',
  ]);
  expect(names('/usage')).toEqual(['group_by', 'key', 'model', 'provider', 'since', 'until']);
  expect(Object.keys(body.components.schemas.RequestRecord.properties)).toHaveLength(26);
  expect(body.components.schemas.UsageSum.properties.failures.description).toContain('truncated');
});

test('no spreadsheet takes a text of a CSV file for a formula', async () => {
  const names = ['=1+1', '+1', '-1', '@SUM(1)', '\t=1', '\r=1'];
  await api.store.requests.insert(
    names.map((name, at) => record({ requestId: `req_${at}`, model: name, provider: name })),
  );
  const { text } = await api.call('GET', '/requests?format=csv');
  for (const name of names) expect(text.split(`'${name}`)).toHaveLength(3);
});
