import { dayOf } from '../../lib/calendar.ts';
import type { WindowPeriod } from '../../limits/claim.ts';
import { firstInstant, windowOf } from '../../limits/window.ts';

/** The length of a row's period. Days, weeks and months are those of a time zone; weeks begin on Monday. */
export type PeriodUnit = 'hour' | 'day' | 'week' | 'month';

/** A span of time, in milliseconds since 1970; `untilMs` is exclusive. */
export interface Span {
  readonly sinceMs: number;
  readonly untilMs: number;
}

/** One period of a report, on quarter hours. The report's span may cut the first and the last one short. */
export interface ReportPeriod extends Span {
  /** `2026-11-01T13:00:00+01:00`, `2026-11-01`, the Monday of a week, or `2026-11`. */
  readonly label: string;
}

/** The ledger's unit. All zones in use have offsets in multiples of it. */
export const QUARTER_MS = 900_000;

/** The periods of a span, in order and without gaps. */
export function* periodsOf(unit: PeriodUnit, timezone: string, span: Span): Generator<ReportPeriod> {
  const ends = unit === 'hour' ? hours(timezone) : calendar(unit, timezone);
  let { sinceMs } = span;
  while (sinceMs < span.untilMs) {
    const { startMs, endMs } = ends(sinceMs);
    const untilMs = Math.min(endMs, span.untilMs);
    yield { sinceMs, untilMs, label: labelOf(unit, timezone, startMs) };
    sinceMs = untilMs;
  }
}

type Edges = (atMs: number) => { readonly startMs: number; readonly endMs: number };

function calendar(unit: 'day' | 'week' | 'month', timezone: string): Edges {
  const period: WindowPeriod =
    unit === 'week' ? { unit, timezone, weekStarts: 'monday' } : { unit, timezone };
  return (atMs) => windowOf(period, atMs);
}

/** The hours on the clocks of a zone. The hour in which clocks change may be shorter. */
function hours(timezone: string): Edges {
  return (atMs) => {
    let startMs = Math.floor(atMs / QUARTER_MS) * QUARTER_MS;
    while (!beginsHour(timezone, startMs)) startMs -= QUARTER_MS;
    let endMs = Math.floor(atMs / QUARTER_MS) * QUARTER_MS + QUARTER_MS;
    while (!beginsHour(timezone, endMs)) endMs += QUARTER_MS;
    return { startMs, endMs };
  };
}

function beginsHour(timezone: string, atMs: number): boolean {
  const { minute } = localTime(timezone, atMs);
  return minute === 0 || offsetMs(timezone, atMs) !== offsetMs(timezone, atMs - QUARTER_MS);
}

function labelOf(unit: PeriodUnit, timezone: string, startMs: number): string {
  const offset = offsetMs(timezone, startMs);
  const local = new Date(startMs + offset).toISOString();
  if (unit === 'month') return local.slice(0, 7);
  return unit === 'hour' ? `${local.slice(0, 19)}${offsetText(offset)}` : local.slice(0, 10);
}

/** An instant on the clocks of a zone: `2026-11-01T00:00:00+01:00`. */
export function zonedText(timezone: string, atMs: number): string {
  const offset = offsetMs(timezone, atMs);
  return `${new Date(atMs + offset).toISOString().slice(0, 19)}${offsetText(offset)}`;
}

/** Local time minus UTC, in milliseconds. */
export function offsetMs(timezone: string, atMs: number): number {
  if (timezone === 'UTC') return 0;
  const { year, month, day, hour, minute, second } = localTime(timezone, atMs);
  const localMs = Date.UTC(year, month - 1, day, hour, minute, second);
  return localMs - Math.floor(atMs / 1000) * 1000;
}

function offsetText(offset: number): string {
  if (offset === 0) return 'Z';
  const minutes = Math.abs(offset) / 60_000;
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(Math.floor(minutes % 60))}`;
}

interface LocalTime {
  readonly year: number;
  /** From 1 on. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

function localTime(timezone: string, atMs: number): LocalTime {
  const parts: Record<string, number> = {};
  for (const { type, value } of formatFor(timezone).formatToParts(atMs)) parts[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return { year, month, day, hour, minute, second };
}

const formats = new Map<string, Intl.DateTimeFormat>();
/** Zones come from queries, and each format takes about 20 KB. */
const MOST_FORMATS = 100;

function formatFor(timezone: string): Intl.DateTimeFormat {
  let format = formats.get(timezone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      timeZone: timezone,
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    if (formats.size >= MOST_FORMATS) formats.clear();
    formats.set(timezone, format);
  }
  return format;
}

/** The start of a local date such as `2026-11-01`, in milliseconds since 1970. Throws a RangeError for an unknown zone. */
export function startOfDate(timezone: string, date: string): number {
  const [year = 0, month = 1, day = 1] = date.split('-').map(Number);
  return firstInstant(timezone, dayOf({ year, month, date: day }));
}
