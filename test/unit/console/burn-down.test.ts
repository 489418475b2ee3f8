import { expect, test } from 'bun:test';
import { burnDownOf } from '../../../console/src/pages/usage/burn-down.ts';

const NOW_MS = Date.parse('2026-11-30T12:00:00Z');

function at(
  per: string,
  used: number | null,
  window: { start: string | null; end: string | null } | null,
  sinceMs?: number,
) {
  return burnDownOf({ per, used, amount: 100, window }, NOW_MS, sinceMs);
}

test('the budget of a day, a week or a month is used up at the rate of its window', () => {
  const day = { start: '2026-11-30T00:00:00Z', end: '2026-12-01T00:00:00Z' };
  expect(at('day', 75, day)).toEqual({ kind: 'ends', atMs: Date.parse('2026-11-30T16:00:00Z') });
  expect(at('day', 50, day)).toEqual({ kind: 'lasts' });
  expect(at('day', 100, day)).toEqual({ kind: 'used-up' });
  const week = { start: '2026-11-28T12:00:00Z', end: '2026-12-05T12:00:00Z' };
  expect(at('week', 50, week)).toEqual({ kind: 'ends', atMs: Date.parse('2026-12-02T12:00:00Z') });
  const month = { start: '2026-11-01T00:00:00Z', end: '2026-12-01T00:00:00Z' };
  expect(at('month', 90, month)).toEqual({ kind: 'lasts' });
});

test('nothing is said in the first minutes of a window', () => {
  const window = { start: '2026-11-30T11:50:00Z', end: '2026-12-01T11:50:00Z' };
  expect(at('day', 50, window)).toEqual({ kind: 'unknown' });
});

test('nothing is said of a budget whose use is not known', () => {
  const window = { start: '2026-11-30T00:00:00Z', end: '2026-12-01T00:00:00Z' };
  expect(at('day', null, window)).toEqual({ kind: 'unknown' });
});

test('a period under a day refills, and a budget in total counts since its start or since its owner exists', () => {
  expect(at('hour', 50, null)).toEqual({ kind: 'refills' });
  const open = { start: null, end: null };
  expect(at('total', 50, open)).toEqual({ kind: 'unknown' });
  const sinceMs = Date.parse('2026-11-20T12:00:00Z');
  expect(at('total', 50, open, sinceMs)).toEqual({ kind: 'ends', atMs: Date.parse('2026-12-10T12:00:00Z') });
  expect(at('total', 50, { ...open, start: '2026-11-25T12:00:00Z' }, sinceMs)).toEqual({
    kind: 'ends',
    atMs: Date.parse('2026-12-05T12:00:00Z'),
  });
  expect(at('total', 0, open, sinceMs)).toEqual({ kind: 'lasts' });
});
