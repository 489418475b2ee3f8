import { describe, expect, test } from 'bun:test';
import { reportedError } from '../../../src/protocols/reported-error.ts';
import type { ClientApi } from '../../../src/translation/conversation.ts';
import { errorInBody, errorOfException, readError, writeError } from '../../../src/translation/errors.ts';
import { rateLimitHeaders } from '../../../src/translation/rate-limits.ts';
import { rfc3339, secondsOf } from '../../../src/translation/rfc3339.ts';

const NOW = 1_790_000_000;

function read(status: number, body: unknown, headers: Record<string, string> = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return readError('chat', { status, headers: new Map(Object.entries(headers)), body: text }, NOW);
}

function told(api: ClientApi, error: ReturnType<typeof read>) {
  const { status, headers, body } = writeError(api, error, 'req_g');
  return { status, headers, error: (JSON.parse(body) as { error: Record<string, unknown> }).error };
}

describe('an error of a provider', () => {
  test.each([
    [400, { error: { message: 'm', type: 'invalid_request_error' } }, 'invalid'],
    [422, { detail: [{ loc: ['body', 'n'], msg: 'bad' }] }, 'invalid'],
    [400, { error: { message: 'prompt is too long: 9 tokens' } }, 'context_length'],
    [413, { message: 'Input is too long for requested model.' }, 'context_length'],
    [500, { error: { message: 'the maximum context length is none of it' } }, 'server'],
    [400, { error: { message: 'm', code: 'content_filter' } }, 'content_policy'],
    [429, { error: { message: 'm', code: 'insufficient_quota' } }, 'billing'],
    [429, { error: 'slow down' }, 'rate_limit'],
    [424, { error: { message: 'm' } }, 'server'],
    [408, '', 'timeout'],
    [418, { error: { message: 'm' } }, 'other'],
    [529, { type: 'error', error: { type: 'overloaded_error', message: 'm' } }, 'overloaded'],
    [503, [{ error: { code: 503, message: 'm', status: 'UNAVAILABLE' } }], 'overloaded'],
  ])('%i %j is %s', (status, body, kind) => {
    expect(read(status, body)).toMatchObject({ kind, status });
  });

  test.each([
    'prompt is too long: 200001 tokens > 200000 maximum',
    'The input token count (1048577) exceeds the maximum number of tokens allowed (1048576).',
    'Input is too long for requested model.',
    "This model's maximum context length is 8192 tokens.",
    "The model's context length is only 8192 tokens.",
    'The number of tokens to keep is greater than the context length.',
    'invalid params, context window exceeds limit (2013)',
    'input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000',
    'Number of input tokens exceeds maximum length. Please update the input to try again.',
    'Your input exceeds the context window of this model.',
    'The decoder prompt (length 5000) is longer than the maximum model length of 4096.',
    "The input (5000 tokens) is longer than the model's context length (4096 tokens).",
    'the request exceeds the available context size, try increasing it',
    'prompt too long; exceeded max context length by 4 tokens',
    "This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
    'Please reduce the length of the messages or completion.',
    'Your request exceeded model token limit: 262144',
  ])('a server without a code for it says that the context is full: %s', (message) => {
    const body = { error: { message, type: 'invalid_request_error' } };
    expect(read(400, body).kind).toBe('context_length');
    expect(reportedError(body)?.kind).toBe('context-length');
  });

  test('the message is found in each shape, and replaced if it is a page, empty or about the key', () => {
    expect(read(400, { error: 'text' }).message).toBe('text');
    expect(read(400, { Message: 'aws' }).message).toBe('aws');
    expect(read(422, { detail: [{ loc: ['body', 'n'], msg: 'bad' }, { msg: 'worse' }] }).message).toBe(
      'body.n: bad; worse',
    );
    expect(read(502, '<html>x</html>').message).toBe('the provider answered with status 502');
    expect(read(500, '').message).toBe('the provider answered with status 500');
    expect(read(401, { error: { message: 'key sk-1 is wrong' } }).message).not.toContain('sk-1');
    expect(read(400, { error: { message: 'x'.repeat(9000) } }).message.length).toBeLessThan(4100);
  });

  test('Amazon names the exception in a header or a frame', () => {
    const header = { 'x-amzn-errortype': 'ThrottlingException:http://internal' };
    expect(told('chat', read(400, { message: 'm' }, header)).status).toBe(429);
    expect(errorOfException('modelStreamErrorException', { message: 'm' })).toMatchObject({
      kind: 'server',
      message: 'm',
    });
    expect(errorOfException('serviceUnavailableException', {})).toMatchObject({ kind: 'overloaded' });
  });

  test('an error in an answer of status 200 counts, null and absence do not', () => {
    expect(errorInBody({ error: { type: 'rate_limit_error', message: 'm' } })).toMatchObject({
      kind: 'rate_limit',
    });
    expect(errorInBody({ error: { code: 503, message: 'm' } })).toMatchObject({ kind: 'overloaded' });
    expect(errorInBody({ error: null, choices: [] })).toBeUndefined();
  });

  test.each<readonly [error: object, kind: string, retryAfter: string | undefined]>([
    [{ code: 'invalid_image_format' }, 'invalid', undefined],
    [{ code: 'image_content_policy_violation' }, 'content_policy', undefined],
    [{ code: 'invalid_api_key', type: 'invalid_request_error' }, 'auth', undefined],
    [{ code: 'slow_down', type: 'server_error' }, 'overloaded', undefined],
    [{ code: 'billing_hard_limit_reached' }, 'billing', undefined],
    [{ code: '429' }, 'rate_limit', undefined],
    [{ code: 'unheard_of' }, 'server', undefined],
    [{ status: 'RESOURCE_EXHAUSTED', details: [{ retryDelay: '2.1s' }] }, 'rate_limit', '3'],
  ])('%j in an answer of status 200 is %s, as for a client of the same API', (error, kind, retryAfter) => {
    const read = errorInBody({ error });
    expect([read?.kind, read?.retryAfter]).toEqual([kind as never, retryAfter]);
  });

  test('the retry delay is in seconds, in whatever form a provider sends it', () => {
    expect(read(429, {}, { 'retry-after': '7' }).retryAfter).toBe('7');
    expect(read(429, {}, { 'retry-after-ms': '1200' }).retryAfter).toBe('2');
    expect(read(429, { error: { details: [{ retryDelay: '17.2s' }] } }).retryAfter).toBe('18');
    const reset = {
      'anthropic-ratelimit-tokens-remaining': '0',
      'anthropic-ratelimit-tokens-reset': '2026-09-21T14:14:20Z',
    };
    expect(read(429, {}, reset).retryAfter).toBe('60');
  });
});

describe('an error for a client', () => {
  test.each([
    ['messages', { status: 529, kind: 'overloaded' }, 529, 'overloaded_error'],
    ['chat', { status: 529, kind: 'overloaded' }, 503, 'overloaded_error'],
    ['messages', { status: 422, kind: 'invalid' }, 422, 'invalid_request_error'],
    ['messages', { status: 404, kind: 'not_found' }, 404, 'not_found_error'],
    ['chat', { status: 408, kind: 'timeout' }, 504, 'timeout_error'],
    ['chat', { status: 418, kind: 'other' }, 418, 'api_error'],
  ] as const)('%s: %j is %i %s', (api, given, status, type) => {
    expect(told(api, { ...given, message: 'm' })).toMatchObject({ status, error: { type } });
  });

  test('Gemini has its own statuses, and a phrase that identifies a full context', () => {
    expect(told('gemini', { kind: 'billing', status: 402, message: 'm' })).toMatchObject({
      status: 429,
      error: { status: 'RESOURCE_EXHAUSTED' },
    });
    expect(told('gemini', { kind: 'too_large', status: 413, message: 'm' }).status).toBe(400);
    expect(told('gemini', { kind: 'context_length', message: 'm' }).error['message']).toBe(
      'The input token count exceeds the maximum: m',
    );
    expect(
      told('messages', { kind: 'context_length', message: 'Prompt is too long: 3' }).error['message'],
    ).toBe('Prompt is too long: 3');
  });

  test('the gateway names its own failures', () => {
    const error = { kind: 'upstream', code: 'upstream_truncated', message: 'm' } as const;
    expect(told('chat', error)).toMatchObject({
      status: 502,
      error: { type: 'upstream_error', code: 'upstream_truncated' },
    });
    expect(told('messages', error)).toMatchObject({ status: 502, error: { type: 'api_error' } });
  });
});

describe('rate limits', () => {
  test('Anthropic: input and output tokens add up if there is no sum, and resets become durations', () => {
    const headers = new Map(
      Object.entries({
        'anthropic-ratelimit-requests-limit': '50',
        'anthropic-ratelimit-requests-remaining': '49',
        'anthropic-ratelimit-requests-reset': '2026-09-21T14:13:20.850Z',
        'anthropic-ratelimit-input-tokens-limit': '100',
        'anthropic-ratelimit-input-tokens-remaining': '60',
        'anthropic-ratelimit-input-tokens-reset': '2026-09-21T15:15:25Z',
        'anthropic-ratelimit-output-tokens-limit': '10',
        'anthropic-ratelimit-output-tokens-remaining': '6',
      }),
    );
    expect(rateLimitHeaders({ from: 'messages', to: 'chat' }, headers, NOW)).toEqual({
      'x-ratelimit-limit-requests': '50',
      'x-ratelimit-remaining-requests': '49',
      'x-ratelimit-reset-requests': '850ms',
      'x-ratelimit-limit-tokens': '110',
      'x-ratelimit-remaining-tokens': '66',
      'x-ratelimit-reset-tokens': '1h2m5s',
    });
    expect(rateLimitHeaders({ from: 'messages', to: 'gemini' }, headers, NOW)).toEqual({});
  });

  test('OpenAI: durations become times', () => {
    const headers = new Map([
      ['x-ratelimit-limit-tokens', '9'],
      ['x-ratelimit-reset-tokens', '6m0s'],
      ['x-ratelimit-reset-requests', 'soon'],
    ]);
    expect(rateLimitHeaders({ from: 'chat', to: 'messages' }, headers, NOW)).toEqual({
      'anthropic-ratelimit-tokens-limit': '9',
      'anthropic-ratelimit-tokens-reset': '2026-09-21T14:19:20Z',
    });
  });

  test('times follow the calendar', () => {
    for (let day = 0; day < 60_000; day += 17) {
      const text = new Date(day * 86_400_000 + 3_723_000).toISOString().replace('.000', '');
      expect([secondsOf(text), rfc3339(day * 86_400 + 3723)]).toEqual([day * 86_400 + 3723, text]);
    }
    expect(secondsOf('2026-09-21T16:13:20+02:00')).toBe(NOW);
    expect(secondsOf('today')).toBeUndefined();
  });
});
