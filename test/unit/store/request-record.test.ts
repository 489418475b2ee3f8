import { expect, test } from 'bun:test';
import { recordOf } from '../../../src/store/records/request-record.ts';
import { ended } from '../../database/store/request-records.ts';

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

test('a total that the provider left out is the sum of what it told', () => {
  const usage = { inputTokens: 7, outputTokens: undefined, totalTokens: undefined };
  const more = { cachedTokens: undefined, reasoningTokens: undefined };
  expect(recordOf(ended({ usage: { ...usage, ...more } }), AT_MS).totalTokens).toBe(7);
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
