import { expect, test } from 'bun:test';
import { dateOf, dayOf } from '../../../src/lib/calendar.ts';

test('days count from 1970-01-01, and dates follow from them', () => {
  for (const text of ['1970-01-01', '1969-12-31', '2000-02-29', '2100-03-01', '2026-11-29', '1600-01-01']) {
    const [year = 0, month = 0, date = 0] = text.split('-').map(Number);
    const day = Date.parse(text) / 86_400_000;
    expect([text, dayOf({ year, month, date }), dateOf(day)]).toEqual([text, day, { year, month, date }]);
  }
});
