import { expect, test } from 'bun:test';
import type { AttemptDetail } from '../../../src/store/records/request-details.ts';
import { recordOf } from '../../../src/store/records/request-record.ts';
import { ended } from '../../database/store/request-records.ts';
import { attempt, route } from '../routing/world.ts';

const AT_MS = 1_767_225_600_000;

test('a record has the time at which the request ended, how long it took, and its tokens', () => {
  expect(recordOf(ended({ requestId: 'req_1' }), AT_MS)).toEqual({
    endedAtMs: AT_MS,
    requestId: 'req_1',
    key: 'team-a',
    model: 'fast',
    provider: 'openai',
    attempts: 0,
    ending: 'complete',
    status: 200,
    promptTokens: 3,
    completionTokens: 5,
    totalTokens: 8,
    cachedTokens: 1,
    reasoningTokens: null,
    isEstimated: false,
    isStreamed: false,
    firstTokenMs: 12,
    durationMs: 34,
    costNano: null,
    costBasis: null,
    priceRef: null,
    priceSheet: null,
    method: 'POST',
    endpoint: '/v1/chat/completions',
    code: null,
    overheadMs: 1,
    hasFallback: 0,
    attemptsJson: '[]',
    translationJson: null,
    detailsJson: '{}',
  });
});

test('a record has what the request cost, and by which prices', () => {
  const cost = { nano: 1_500, basis: 'provider', priceRef: 'a1b2', priceSheet: '{}' } as const;
  expect(recordOf(ended({ cost }), AT_MS)).toMatchObject({
    costNano: 1_500,
    costBasis: 'provider',
    priceRef: 'a1b2',
    priceSheet: '{}',
  });
  const unknown = { nano: undefined, basis: 'provider', priceRef: undefined, priceSheet: undefined } as const;
  expect(recordOf(ended({ cost: unknown }), AT_MS)).toMatchObject({ costNano: null, costBasis: 'provider' });
});

test('a record has its attempts in the same form, whether there was one or there were several', () => {
  const on = route('p');
  const quoted = attempt(on, { kind: 'answered' }, { model: 'a"start_ms":1', headAtMs: 1007.6 });
  const probe = {
    ...quoted,
    model: 'b',
    isProbe: true,
    startedAtMs: 999.8,
    connectMs: 2.4,
    headAtMs: undefined,
  };
  const attempts = [
    quoted,
    probe,
    { ...quoted, endedAtMs: 1020.5 },
    attempt(route('q'), { kind: 'answered' }),
  ];
  const several = JSON.parse(recordOf(ended({ history: attempts }), AT_MS).attemptsJson ?? '');
  const each = attempts.map((one) => recordOf(ended({ history: [one] }), AT_MS).attemptsJson);
  expect(each).toEqual(several.map((one: unknown) => JSON.stringify([one])));
  expect(several[1]).toEqual({
    provider: 'p',
    model: 'm',
    for_model: 'b',
    reason: 'first',
    is_probe: true,
    outcome: 'answered',
    status: null,
    detail: null,
    retry_after_ms: null,
    start_ms: 0,
    connect_ms: 2,
    head_ms: null,
    end_ms: -990,
  });
});

test('an attempt that failed has its status, its defect, and how long to wait', () => {
  const outcomes = [
    { kind: 'rejected', status: 400 },
    { kind: 'rate-limited', status: 429, retryAfterMs: 5 },
    { kind: 'failed', status: 200, defect: 'empty', retryAfterMs: undefined, fault: 'provider' },
    { kind: 'unreachable', reason: 'reset' },
    { kind: 'timed-out', phase: 'idle' },
    { kind: 'cancelled' },
  ] as const;
  const history = outcomes.map((outcome) => attempt(route('p'), outcome));
  const stored: AttemptDetail[] = JSON.parse(recordOf(ended({ history }), AT_MS).attemptsJson ?? '');
  expect(stored.map(({ status, detail, retry_after_ms }) => [status, detail, retry_after_ms])).toEqual([
    [400, null, null],
    [429, null, 5],
    [200, 'empty', null],
    [null, 'reset', null],
    [null, 'idle', null],
    [null, null, null],
  ]);
});

test('a request that was turned down has no model, no provider and no tokens', () => {
  const refused = ended({
    ending: 'refused',
    status: 401,
    model: undefined,
    provider: undefined,
    keyName: undefined,
    usage: undefined,
    firstByteAtMs: undefined,
  });
  expect(recordOf(refused, AT_MS)).toMatchObject({
    key: null,
    model: null,
    provider: null,
    totalTokens: null,
    firstTokenMs: null,
  });
});

test('a total that the provider left out is the sum of what it told, and the parts of usage are there', () => {
  const usage = { inputTokens: 7, outputTokens: undefined, totalTokens: undefined };
  const more = { cachedTokens: undefined, reasoningTokens: undefined };
  expect(recordOf(ended({ usage: { ...usage, ...more } }), AT_MS).totalTokens).toBe(7);
  const parts = { serviceTier: 'priority', cacheWrite: 2 };
  const { tier, cacheWriteTokens, webSearches } = recordOf(
    ended({ usage: { ...usage, ...more, parts } }),
    AT_MS,
  );
  expect([tier, cacheWriteTokens, webSearches]).toEqual(['priority', 2, null]);
});

test('some header fields are kept, and no credential with them', () => {
  const requestHeaders = new Headers({
    'user-agent': 'OpenAI/JS 6.0.0',
    authorization: 'Bearer sk-the-key-of-a-client',
    'x-title': 'sent with sk-the-key-of-a-client',
    'x-request-id': 'of sk-proj-another-key-0123456789',
    cookie: 'session=1',
    accept: 'x'.repeat(500),
  });
  const answerHeaders = new Headers({ 'x-request-id': 'req_provider', 'set-cookie': 'secret=1' });
  const text = recordOf(ended({ requestHeaders, answerHeaders }), AT_MS).detailsJson ?? '';
  for (const secret of ['sk-the-key', 'session', 'secret', 'another-key']) expect(text).not.toContain(secret);
  const details = JSON.parse(text) as Record<string, [string, string][]>;
  expect(Object.fromEntries(details['request_headers'] ?? [])).toEqual({
    'user-agent': 'OpenAI/JS 6.0.0',
    'x-title': '****',
    'x-request-id': 'of ****',
    accept: 'x'.repeat(200),
  });
  expect(details['answer_headers']).toEqual([['x-request-id', 'req_provider']]);
});
