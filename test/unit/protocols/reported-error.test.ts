import { describe, expect, test } from 'bun:test';
import { reportedError } from '../../../src/protocols/reported-error.ts';
import { cpuMs } from '../cpu-time.ts';

const kindOf = (error: object): string | undefined => reportedError({ error })?.kind;

describe('an error is read in the shape of any API:', () => {
  const shapes: Record<string, Record<string, unknown>> = {
    'an object': { error: { message: 'no', code: 'server_error' } },
    'a text': { error: 'no', code: 'server_error' },
    'an event of type error': { type: 'error', message: 'no', code: 'server_error' },
    'response.failed': {
      type: 'response.failed',
      response: { error: { message: 'no', code: 'server_error' } },
    },
    'a choice': { choices: [{ error: { message: 'no', code: 'server_error' } }] },
    'an object of type error': { object: 'error', message: 'no', code: 'server_error' },
  };
  test.each(Object.entries(shapes))('%s', (_, value) => {
    expect(reportedError(value)).toMatchObject({ kind: 'server', status: 500, message: 'no' });
  });
});

test('an error without a message or code is no report', () => {
  for (const value of [
    {},
    { error: {} },
    { error: null },
    { error: '' },
    { error: { type: 'x' } },
    { error: { status: 'failed' } },
    { choices: [{}] },
  ])
    expect(reportedError(value)).toBeUndefined();
});

test('the code comes before the type, and the status stands for both', () => {
  expect(kindOf({ code: 'invalid_api_key', type: 'invalid_request_error', message: '' })).toBe(
    'authentication',
  );
  expect(kindOf({ code: 'unheard_of', type: 'overloaded_error', message: '' })).toBe('overloaded');
  expect(kindOf({ code: 'image_file_too_large', message: '' })).toBe('invalid');
  expect(kindOf({ code: 'unheard_of', message: '' })).toBe('unknown');
  expect(reportedError({ type: 'error', code: 'server_error', message: '' })?.type).toBe('server_error');
});

test('a number in the code is the status', () => {
  expect(reportedError({ error: { code: 418, message: 'tea' } })).toMatchObject({
    status: 418,
    kind: 'invalid',
  });
  expect(reportedError({ error: { code: '529', message: 'busy' } })).toMatchObject({
    status: 529,
    kind: 'overloaded',
  });
  expect(reportedError({ error: { code: 200, message: 'odd' } })).toMatchObject({
    status: 502,
    kind: 'unknown',
  });
});

test('a prompt that is too long is told by its words where there is no code for it', () => {
  expect(kindOf({ type: 'invalid_request_error', message: 'prompt is too long: 9 tokens' })).toBe(
    'context-length',
  );
  expect(kindOf({ type: 'invalid_request_error', message: 'something else' })).toBe('invalid');
  const longer = "The input (9 tokens) is longer than the model's context length (8 tokens).";
  expect(kindOf({ type: 'BadRequestError', message: longer })).toBe('context-length');
});

test.each([
  ['Please try again in 1.5s.', 1500],
  ['Please try again in 20ms.', 20],
  ['Please try again in 6m0.5s. Visit', 360_500],
  ['try again in 1h2m', 3_720_000],
  ['try again later', undefined],
])('the wait in %p is %p ms', (message, waitMs) => {
  expect(reportedError({ error: { code: 'rate_limit_exceeded', message } })?.retryAfterMs).toBe(waitMs);
});

test('a long message is cut, and read in linear time', () => {
  const timeOf = (length: number): number => {
    const message = 'try again in '.repeat(length) + '1'.repeat(length);
    return cpuMs(() => {
      for (let count = 0; count < 20; count++) reportedError({ error: { code: 'x', message } });
    });
  };
  timeOf(1000);
  expect(timeOf(100_000)).toBeLessThan(Math.max(20, timeOf(1000)) * 1000);
  expect(reportedError({ error: 'x'.repeat(10_000) })?.message).toHaveLength(4000);
});
