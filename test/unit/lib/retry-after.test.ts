import { describe, expect, test } from 'bun:test';
import { retryAfterMs } from '../../../src/lib/http/retry-after.ts';

const NOW = Date.parse('Wed, 21 Oct 2015 07:28:00 GMT');

function waitOf(headers: Record<string, string>): number | undefined {
  return retryAfterMs(new Headers(headers), NOW);
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
