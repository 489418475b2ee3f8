import { describe, expect, test } from 'bun:test';
import type { WindowPeriod } from '../../../src/limits/claim.ts';
import { isTimezone, type Window, windowOf } from '../../../src/limits/window.ts';

const HOUR_MS = 3_600_000;

function day(timezone: string): WindowPeriod {
  return { unit: 'day', timezone };
}

/** The window with its edges as text, and its hours. */
function edges({ startMs, endMs }: Window): readonly [string, string, number] {
  return [new Date(startMs).toISOString(), new Date(endMs).toISOString(), (endMs - startMs) / HOUR_MS];
}

function at(text: string): number {
  return Date.parse(text);
}

describe('windowOf', () => {
  test.each([
    ['Europe/Berlin', '2026-03-29T12:00:00Z', '2026-03-28T23:00:00.000Z', 23],
    ['Europe/Berlin', '2026-10-25T12:00:00Z', '2026-10-24T22:00:00.000Z', 25],
    ['Asia/Kolkata', '2026-06-01T12:00:00Z', '2026-05-31T18:30:00.000Z', 24],
    ['Asia/Kathmandu', '2026-06-01T12:00:00Z', '2026-05-31T18:15:00.000Z', 24],
    // Clocks go forward at midnight: the day begins at 01:00.
    ['Africa/Cairo', '2026-04-24T12:00:00Z', '2026-04-23T22:00:00.000Z', 23],
    // They go back at midnight, to 23:00 of the day before.
    ['Africa/Cairo', '2026-10-29T12:00:00Z', '2026-10-28T21:00:00.000Z', 25],
    ['Asia/Beirut', '2026-03-29T12:00:00Z', '2026-03-28T22:00:00.000Z', 23],
    ['Asia/Beirut', '2026-10-24T12:00:00Z', '2026-10-23T21:00:00.000Z', 25],
    // Half an hour of daylight saving.
    ['Australia/Lord_Howe', '2026-04-05T01:00:00Z', '2026-04-04T13:00:00.000Z', 24.5],
    ['Australia/Lord_Howe', '2026-10-04T01:00:00Z', '2026-10-03T13:30:00.000Z', 23.5],
    ['UTC', '2026-02-28T23:59:59.999Z', '2026-02-28T00:00:00.000Z', 24],
  ])('a day in %s at %s begins at %s and has %d hours', (timezone, moment, start, hours) => {
    const window = edges(windowOf(day(timezone), at(moment)));
    expect([window[0], window[2]]).toEqual([start, hours]);
  });

  test('a date that a zone left out has no window of its own', () => {
    const before = windowOf(day('Pacific/Apia'), at('2011-12-30T09:59:59Z'));
    const after = windowOf(day('Pacific/Apia'), at('2011-12-30T10:00:00Z'));
    expect([before.endMs, (after.endMs - after.startMs) / HOUR_MS]).toEqual([after.startMs, 24]);
  });

  test('a date that comes twice belongs to one window', () => {
    // In Newfoundland the clocks went back at 00:01, to 23:01 of the day before.
    const moments = [...Array(48).keys()].map((step) => at('2006-10-29T01:00:00Z') + step * 300_000);
    const windows = moments.map((moment) => windowOf(day('America/St_Johns'), moment));
    for (const [index, window] of windows.entries()) {
      expect(window.startMs).toBeLessThanOrEqual(moments[index] ?? 0);
      expect(window.endMs).toBeGreaterThan(moments[index] ?? 0);
    }
    expect(new Set(windows.map(({ startMs }) => startMs)).size).toBe(2);
  });

  test('an edge belongs to the later window, to the millisecond', () => {
    const period = day('Europe/Berlin');
    const edge = at('2026-03-29T22:00:00Z');
    expect([windowOf(period, edge - 1).endMs, windowOf(period, edge).startMs]).toEqual([edge, edge]);
    // The clock may be set back.
    expect(windowOf(period, edge - 1).endMs).toBe(edge);
  });

  test('months begin on their first day in the zone', () => {
    const period: WindowPeriod = { unit: 'month', timezone: 'America/New_York' };
    expect(edges(windowOf(period, at('2026-11-29T21:00:00Z')))).toEqual([
      '2026-11-01T04:00:00.000Z',
      '2026-12-01T05:00:00.000Z',
      721,
    ]);
    expect(edges(windowOf(period, at('2028-02-29T21:00:00Z')))).toEqual([
      '2028-02-01T05:00:00.000Z',
      '2028-03-01T05:00:00.000Z',
      696,
    ]);
  });

  test.each([
    ['monday', '2026-11-23'],
    ['sunday', '2026-11-29'],
    ['saturday', '2026-11-28'],
  ] as const)('a week from %s contains the Sunday 2026-11-29 from %s', (weekStarts, start) => {
    const window = windowOf({ unit: 'week', timezone: 'UTC', weekStarts }, at('2026-11-29T12:00:00Z'));
    expect(edges(window)).toEqual([`${start}T00:00:00.000Z`, expect.any(String), 168]);
  });

  test('a total has one window, or two around its start', () => {
    expect(windowOf({ unit: 'total', startMs: undefined }, 5)).toEqual({ startMs: 0, endMs: Infinity });
    const period: WindowPeriod = { unit: 'total', startMs: 1000 };
    expect(windowOf(period, 999)).toEqual({ startMs: 0, endMs: 1000 });
    expect(windowOf(period, 1000)).toEqual({ startMs: 1000, endMs: Infinity });
  });

  test('366 days and 12 months are contiguous in every zone', () => {
    const faults = Intl.supportedValuesOf('timeZone').flatMap((timezone) => [
      ...gaps({ unit: 'day', timezone }, 366),
      ...gaps({ unit: 'month', timezone }, 12),
    ]);
    expect(faults).toEqual([]);
  });
});

/** The windows that do not begin where the one before ends, or that are too long or short. */
function gaps(period: Extract<WindowPeriod, { unit: 'day' | 'month' }>, count: number): unknown[] {
  const faults: unknown[] = [];
  let window = windowOf(period, at('2026-11-29T21:00:00Z'));
  for (let step = 0; step < count; step += 1) {
    const next = windowOf(period, window.endMs);
    if (next.startMs !== window.endMs || !isPlausible(next, period.unit)) faults.push([period, window, next]);
    window = next;
  }
  return faults;
}

function isPlausible({ startMs, endMs }: Window, unit: 'day' | 'month'): boolean {
  const hours = (endMs - startMs) / HOUR_MS;
  // Antarctica/Troll moves its clocks by two hours.
  return unit === 'day' ? hours >= 22 && hours <= 26 : hours >= 28 * 24 - 2 && hours <= 31 * 24 + 2;
}

test('a zone has a name of the IANA database', () => {
  const names = ['Europe/Berlin', 'UTC', 'Etc/GMT-3', 'Europe/Berln', '+02:00', '', 'CEST'];
  expect(names.filter(isTimezone)).toEqual(['Europe/Berlin', 'UTC', 'Etc/GMT-3']);
});
