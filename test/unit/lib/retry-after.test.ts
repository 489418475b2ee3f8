import { describe, expect, test } from 'bun:test';
import { retryAfterMs } from '../../../src/lib/http/retry-after.ts';

const NOW = Date.parse('Wed, 21 Oct 2015 07:28:00 GMT');

function waitOf(headers: Record<string, string>, status = 503): number | undefined {
  return retryAfterMs(new Headers(headers), NOW, status);
}

describe('the wait that an answer asks for', () => {
  const cases: [what: string, headers: Record<string, string>, ms: number | undefined][] = [
    ['none', {}, undefined],
    ['seconds', { 'retry-after': '7' }, 7_000],
    ['seconds with white space', { 'retry-after': ' 7 ' }, 7_000],
    ['a fraction of a second, as some send it', { 'retry-after': '0.5' }, 500],
    ['zero', { 'retry-after': '0' }, 0],
    ['a date to come', { 'retry-after': 'Wed, 21 Oct 2015 07:28:30 GMT' }, 30_000],
    ['a date that is over', { 'retry-after': 'Wed, 21 Oct 2015 07:00:00 GMT' }, 0],
    ['milliseconds', { 'retry-after-ms': '1500' }, 1_500],
    ['both: the exacter one counts', { 'retry-after-ms': '1500', 'retry-after': '9' }, 1_500],
    [
      'milliseconds that are none: the other one counts',
      { 'retry-after-ms': 'soon', 'retry-after': '9' },
      9_000,
    ],
    ['more than anybody waits', { 'retry-after': '99999999999999999999' }, 1e20 * 1000],
    ['nothing', { 'retry-after': '' }, undefined],
    ['a word', { 'retry-after': 'soon' }, undefined],
    ['words with a number', { 'retry-after': '5 seconds' }, undefined],
  ];
  for (const [what, headers, ms] of cases) {
    test(what, () => {
      expect(waitOf(headers)).toBe(ms);
    });
  }

  for (const value of ['-1', '-30', 'retry in 5', '7;', '12, 15']) {
    test(`what is neither a number nor a date is not understood: ${value}`, () =>
      expect(waitOf({ 'retry-after': value })).toBeUndefined());
  }
});

describe('the wait of a 429 that has no Retry-After', () => {
  const at = (seconds: number): string => new Date(NOW + seconds * 1000).toISOString();
  const cases: [what: string, headers: Record<string, string>, ms: number | undefined][] = [
    [
      "Anthropic's limit that is used up, not the one that is not",
      {
        'anthropic-ratelimit-requests-remaining': '5',
        'anthropic-ratelimit-requests-reset': at(500),
        'anthropic-ratelimit-input-tokens-remaining': '0',
        'anthropic-ratelimit-input-tokens-reset': at(42),
      },
      42_000,
    ],
    [
      'the longer one of two used-up limits',
      {
        'anthropic-ratelimit-requests-remaining': '0',
        'anthropic-ratelimit-requests-reset': at(10),
        'anthropic-ratelimit-output-tokens-remaining': '0',
        'anthropic-ratelimit-output-tokens-reset': at(20),
      },
      20_000,
    ],
    [
      'a subscription that is used up',
      {
        'anthropic-ratelimit-unified-status': 'rejected',
        'anthropic-ratelimit-unified-reset': String(NOW / 1000 + 900),
      },
      900_000,
    ],
    [
      'a subscription that is not',
      {
        'anthropic-ratelimit-unified-status': 'allowed_warning',
        'anthropic-ratelimit-unified-reset': String(NOW / 1000 + 900),
      },
      undefined,
    ],
    [
      "OpenAI's durations",
      {
        'x-ratelimit-remaining-tokens': '0',
        'x-ratelimit-reset-tokens': '6m0s',
        'x-ratelimit-reset-requests': '20ms',
      },
      360_000,
    ],
    ['hours and fractions', { 'x-ratelimit-reset-requests': '1h0m7.5s' }, 3_607_500],
    ['milliseconds since 1970', { 'x-ratelimit-reset': String(NOW + 5_000) }, 5_000],
    ['seconds since 1970', { 'x-ratelimit-reset': String(NOW / 1000 + 5) }, 5_000],
    ['seconds from now', { 'ratelimit-reset': '12' }, 12_000],
    ['a moment that is over', { 'anthropic-ratelimit-tokens-reset': at(-5) }, 0],
    ['words', { 'x-ratelimit-reset-requests': '5 seconds', 'ratelimit-reset': 'soon' }, undefined],
    ['Retry-After before all of them', { 'retry-after': '3', 'ratelimit-reset': '12' }, 3_000],
  ];
  for (const [what, headers, ms] of cases) test(what, () => expect(waitOf(headers, 429)).toBe(ms));

  test('does not hold for another status, whose answer has the fields as well', () =>
    expect(waitOf({ 'ratelimit-reset': '12' }, 500)).toBeUndefined());
});
