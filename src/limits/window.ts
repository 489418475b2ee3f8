import { dateOf, dayOf } from '../lib/calendar.ts';
import { WEEKDAYS, type WindowPeriod } from './claim.ts';

/**
 * From `startMs` (inclusive) to `endMs` (exclusive), in milliseconds since 1970. The last window of a total ends at
 * Infinity.
 */
export interface Window {
  readonly startMs: number;
  readonly endMs: number;
}

/** The last window returned for each period; valid until its end. */
const current = new WeakMap<WindowPeriod, Window>();

/**
 * The window of the period that contains the moment. Windows of one period follow each other without a gap, and days have
 * 23 or 25 hours where the zone says so. Before the start of a total, its window ends there. Throws a RangeError for an
 * unknown zone.
 */
export function windowOf(period: WindowPeriod, epochMs: number): Window {
  const known = current.get(period);
  if (known !== undefined && epochMs >= known.startMs && epochMs < known.endMs) return known;
  const window = findWindow(period, epochMs);
  current.set(period, window);
  return window;
}

function findWindow(period: WindowPeriod, epochMs: number): Window {
  if (period.unit === 'total') {
    const startMs = period.startMs ?? 0;
    return epochMs < startMs ? { startMs: 0, endMs: startMs } : { startMs, endMs: Infinity };
  }
  const { timezone } = period;
  let day = firstDay(period, localDay(timezone, epochMs));
  let startMs = firstInstant(timezone, day);
  // If clocks are set back over midnight, a date occurs twice. The edge between two windows is still a single instant.
  while (epochMs < startMs) {
    day = firstDay(period, day - 1);
    startMs = firstInstant(timezone, day);
  }
  for (;;) {
    day = dayAfter(period, day);
    const endMs = firstInstant(timezone, day);
    if (epochMs < endMs) return { startMs, endMs };
    startMs = endMs;
  }
}

type CalendarPeriod = Exclude<WindowPeriod, { unit: 'total' }>;

/** The first day of the window that contains the day. Days count from 1970-01-01. */
function firstDay(period: CalendarPeriod, day: number): number {
  switch (period.unit) {
    case 'day':
      return day;
    case 'week':
      return day - ((weekday(day) - WEEKDAYS.indexOf(period.weekStarts) + 7) % 7);
    case 'month':
      return monthStart(day);
  }
}

/** The first day of the window after the one that begins on this day. */
function dayAfter(period: CalendarPeriod, first: number): number {
  switch (period.unit) {
    case 'day':
      return first + 1;
    case 'week':
      return first + 7;
    case 'month':
      return monthStart(first + 31);
  }
}

/** 0: Monday. 1970-01-01 was a Thursday. */
function weekday(day: number): number {
  return (((day + 3) % 7) + 7) % 7;
}

function monthStart(day: number): number {
  const { year, month } = dateOf(day);
  return dayOf({ year, month, date: 1 });
}

const DAY_MS = 86_400_000;
/** All zones in use have offsets in multiples of this, so edges of days lie on its multiples. */
const QUARTER_MS = 900_000;
/** More than the distance of any zone from UTC. */
const MOST_OFFSET_MS = 16 * 3_600_000;

/**
 * The first quarter of an hour that belongs to the day, or to a later one, on the clocks of the zone. It is right where
 * midnight, or a whole day, does not exist.
 */
export function firstInstant(timezone: string, day: number): number {
  if (timezone === 'UTC') return day * DAY_MS;
  let before = (day * DAY_MS - MOST_OFFSET_MS) / QUARTER_MS;
  let from = (day * DAY_MS + MOST_OFFSET_MS) / QUARTER_MS;
  while (from - before > 1) {
    const middle = Math.floor((before + from) / 2);
    if (localDay(timezone, middle * QUARTER_MS) >= day) from = middle;
    else before = middle;
  }
  return from * QUARTER_MS;
}

/** The date on the clocks of the zone, as days since 1970-01-01. */
function localDay(timezone: string, epochMs: number): number {
  if (timezone === 'UTC') return Math.floor(epochMs / DAY_MS);
  const [month = '', date = '', year = ''] = formatFor(timezone).format(epochMs).split('/');
  return dayOf({ year: Number(year), month: Number(month), date: Number(date) });
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatFor(timezone: string): Intl.DateTimeFormat {
  const known = formats.get(timezone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat('en-US', {
    calendar: 'gregory',
    numberingSystem: 'latn',
    timeZone: timezone,
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
  });
  formats.set(timezone, format);
  return format;
}

/** Whether it is the name of a time zone of the IANA database. Offsets such as `+02:00` are none. */
export function isTimezone(name: string): boolean {
  // The usual one needs no format: to make one takes milliseconds and megabytes.
  if (name === 'UTC') return true;
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    formatFor(name);
    return true;
  } catch {
    return false;
  }
}
