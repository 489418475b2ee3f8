import { describe, expect, test } from 'bun:test';
import type { Detection } from '../../../src/config/snapshot.ts';
import { classifyError } from '../../../src/gateway/classify-status.ts';
import type { Outcome } from '../../../src/routing/outcome.ts';
import { snapshotOf } from '../config/configuration.ts';

function detection(settings = ''): Detection {
  return snapshotOf(`providers: [{ name: a, api_base: "http://127.0.0.1" }]
allow_unauthenticated: true
${settings}`).detection;
}

const DEFAULT = detection();
const LISTS_ALL = detection(
  'detection: { error_codes: ["4xx", "5xx"], error_patterns: ["insufficient_quota", "billing"] }',
);
const PATTERNS = detection('detection: { error_patterns: ["insufficient_quota", "billing"] }');

function judged(status: number, by: Detection, text = '{"error":{}}', retryAfterMs?: number): Outcome {
  return classifyError({ status, text, retryAfterMs }, by);
}

describe('without a detection section', () => {
  for (const status of [401, 402, 403, 408, 500, 502, 503, 504, 529, 599]) {
    test(`${status} is a failure of the provider`, () =>
      expect(judged(status, DEFAULT)).toEqual({
        kind: 'failed',
        status,
        defect: undefined,
        retryAfterMs: undefined,
        fault: 'provider',
      }));
  }

  for (const status of [400, 404, 405, 406, 409, 413, 415, 418, 422, 451])
    test(`${status} is the client's affair`, () =>
      expect(judged(status, DEFAULT)).toEqual({ kind: 'rejected', status }));

  test('429 is a limit of rate, with the wait that it asks for', () => {
    expect(judged(429, DEFAULT, '', 7_000)).toEqual({
      kind: 'rate-limited',
      status: 429,
      retryAfterMs: 7_000,
    });
  });

  test('a failure keeps the wait that it asks for, too', () =>
    expect(judged(503, DEFAULT, '', 7_000)).toMatchObject({ kind: 'failed', retryAfterMs: 7_000 }));

  for (const status of [300, 301, 302, 303, 307, 308])
    test(`${status} is no answer: redirects are not followed, and are about the path`, () =>
      expect(judged(status, DEFAULT)).toMatchObject({
        kind: 'failed',
        status,
        defect: 'redirect',
        fault: 'client',
      }));

  test('304 is the answer to a condition of the client', () =>
    expect(judged(304, DEFAULT)).toEqual({ kind: 'rejected', status: 304 }));

  test('501 tries the next route, and says nothing about the rest of the provider', () =>
    expect(judged(501, DEFAULT)).toMatchObject({ kind: 'failed', status: 501, fault: 'client' }));
});

describe('where "4xx" is listed', () => {
  for (const status of [400, 404, 405, 409, 413, 415, 422])
    test(`${status} may try the next route, and is the client's fault`, () =>
      expect(judged(status, LISTS_ALL)).toMatchObject({ kind: 'failed', status, fault: 'client' }));

  for (const status of [401, 402, 403, 408])
    test(`${status} is still the provider's`, () =>
      expect(judged(status, LISTS_ALL)).toMatchObject({ kind: 'failed', status, fault: 'provider' }));

  test('429 is still a limit of rate', () => expect(judged(429, LISTS_ALL).kind).toBe('rate-limited'));
});

describe("a refusal of the content is the client's fault, whatever its status:", () => {
  for (const code of ['content_filter', 'content_policy_violation', 'moderation_blocked']) {
    for (const field of ['code', 'type'])
      test(`${field}: ${code}`, () => {
        const text = `{"error": {"message": "no", "${field}" : "${code}"}}`;
        for (const status of [403, 500])
          expect(judged(status, DEFAULT, text)).toMatchObject({ kind: 'failed', fault: 'client' });
      });
  }

  test('but not where the words stand in a message', () =>
    expect(judged(500, DEFAULT, '{"error":{"message":"content_filter crashed"}}')).toMatchObject({
      fault: 'provider',
    }));
});

describe('patterns', () => {
  test('make a failure of an error that its status does not', () => {
    const text = '{"error":{"code":"insufficient_quota"}}';
    expect(judged(418, PATTERNS, text)).toMatchObject({
      kind: 'failed',
      defect: 'pattern',
      fault: 'provider',
    });
    expect(judged(418, DEFAULT, text)).toEqual({ kind: 'rejected', status: 418 });
  });

  test('are found in any case', () =>
    expect(judged(418, PATTERNS, 'Please check your BILLING details').kind).toBe('failed'));

  test("make a client's fault try the next route, without blaming the provider", () =>
    expect(judged(400, PATTERNS, 'billing')).toMatchObject({
      kind: 'failed',
      defect: 'pattern',
      fault: 'client',
    }));

  test('do not matter where the status says it already', () =>
    expect(judged(500, PATTERNS, 'billing')).toMatchObject({ kind: 'failed', defect: undefined }));

  test('that are not found change nothing', () =>
    expect(judged(400, PATTERNS, '{"error":{"message":"bad request"}}')).toEqual({
      kind: 'rejected',
      status: 400,
    }));
});

test('with an empty list of codes nothing is a failure but what a pattern says', () => {
  const none = detection('detection: { error_codes: [], error_patterns: [billing] }');
  expect(judged(500, none)).toEqual({ kind: 'rejected', status: 500 });
  expect(judged(429, none)).toEqual({ kind: 'rejected', status: 429 });
  expect(judged(429, none, 'billing')).toMatchObject({ kind: 'rate-limited' });
});
