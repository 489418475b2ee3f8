import { language } from './language.ts';

const formats = new Map<string, Intl.NumberFormat>();

function number(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = language() + JSON.stringify(options);
  let format = formats.get(key);
  if (!format) {
    format = new Intl.NumberFormat(language(), options);
    formats.set(key, format);
  }
  return format;
}

/** The placeholder for a missing value. */
export const NONE = '–';

type Maybe = number | null | undefined;

/** `1,234`. */
export function count(value: Maybe): string {
  return value === null || value === undefined ? NONE : number({ maximumFractionDigits: 0 }).format(value);
}

/** At most four digits: `987`, `1.23K`, `12.3M`. */
export function compact(value: Maybe): string {
  if (value === null || value === undefined) return NONE;
  if (value > 0 && value < 0.005) return '<0.01';
  if (Math.abs(value) < 10 && !Number.isInteger(value))
    return number({ maximumFractionDigits: 2 }).format(value);
  if (Math.abs(value) < 1000) return number({ maximumFractionDigits: 1 }).format(value);
  // Chinese has its own large units, which engineers do not use for tokens.
  return new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 }).format(value);
}

/** A share between 0 and 1 as `12.3%`. What is not zero is never shown as zero, nor what is not all as all. */
export function percent(share: Maybe): string {
  if (share === null || share === undefined) return NONE;
  if (share > 0 && share < 0.001) return '<0.1%';
  if (share < 1 && share > 0.999) return '>99.9%';
  return number({ style: 'percent', maximumFractionDigits: share < 0.1 || share > 0.99 ? 1 : 0 }).format(
    share,
  );
}

/** Dollars: `$12,346`, `$1,234.50`, `$0.0123`, and of less than a millionth that it is less. */
export function money(value: number | string | null | undefined): string {
  if (value === null || value === undefined) return NONE;
  const dollars = Number(value);
  const size = Math.abs(dollars);
  if (size > 0 && size < 0.000001) return '<$0.000001';
  const currency = { style: 'currency', currency: 'USD', currencyDisplay: 'narrowSymbol' } as const;
  if (size >= 1_000_000) return `$${compact(dollars)}`;
  if (size >= 10_000) return number({ ...currency, maximumFractionDigits: 0 }).format(dollars);
  if (size === 0 || size >= 1) return number({ ...currency, minimumFractionDigits: 2 }).format(dollars);
  if (size >= 0.1) {
    const digits = Number.isInteger(Math.round(size * 10_000) / 100) ? 2 : 4;
    const fraction = { minimumFractionDigits: digits, maximumFractionDigits: digits };
    return number({ ...currency, ...fraction }).format(dollars);
  }
  return number({ ...currency, minimumSignificantDigits: 3, maximumSignificantDigits: 3 }).format(dollars);
}

/** Dollars at a mark of an axis whose marks are `step` apart: `$500`, `$0.020`. */
export function moneyMark(value: number, step: number): string {
  if (value === 0) return '$0';
  if (Number.isInteger(step)) return `$${compact(value)}`;
  const digits = Math.max(2, decimalsOf(step));
  return `$${number({ minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value)}`;
}

/** How many decimals a step such as 0.025 has. */
function decimalsOf(step: number): number {
  let digits = Math.max(0, Math.ceil(-Math.log10(step)));
  while (digits < 12 && Math.abs(step * 10 ** digits - Math.round(step * 10 ** digits)) > 1e-6) digits++;
  return digits;
}

/** Round numbers from 0 up to `most`, three to six of them. */
export function roundMarks(most: number): readonly number[] {
  const least = most / 5;
  const power = 10 ** Math.floor(Math.log10(least));
  const step = ([1, 2, 5, 10].find((size) => size * power >= least) ?? 10) * power;
  return Array.from({ length: Math.floor(most / step + 1e-9) + 1 }, (_, at) => at * step);
}

/** Milliseconds as `0.8 ms`, `350 ms`, `1.24 s`, `2 min 5 s`. */
export function duration(ms: Maybe): string {
  if (ms === null || ms === undefined) return NONE;
  if (ms < 10 && !Number.isInteger(ms)) return `${number({ maximumFractionDigits: 1 }).format(ms)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${number({ maximumFractionDigits: ms < 10_000 ? 2 : 1 }).format(ms / 1000)} s`;
  return span(ms / 1000);
}

/** Seconds as the two largest units: `45 s`, `2 min 5 s`, `3 h 2 min`, `4 d 1 h`. */
export function span(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const units = [
    [86_400, 'd'],
    [3600, 'h'],
    [60, 'min'],
    [1, 's'],
  ] as const;
  const at = units.findIndex(([size]) => whole >= size);
  if (at === -1) return '0 s';
  let rest = whole;
  const parts = units.slice(at, at + 2).map(([size, unit]) => {
    const amount = Math.floor(rest / size);
    rest -= amount * size;
    return amount === 0 ? '' : `${amount} ${unit}`;
  });
  return parts.filter(Boolean).join(' ');
}

/** In the viewer's zone: the time of day, with the date unless it is today's. */
export function clock(time: string | number, now: number = Date.now()): string {
  const date = new Date(time);
  const isToday = date.toDateString() === new Date(now).toDateString();
  return new Intl.DateTimeFormat(language(), {
    ...(!isToday && { month: 'short', day: 'numeric' }),
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  }).format(date);
}

/** In the viewer's zone: `Jan 31`. */
export function monthDay(date: Date): string {
  return new Intl.DateTimeFormat(language(), { month: 'short', day: 'numeric' }).format(date);
}

/** In the viewer's zone: `Jan 31, 2026, 13:05`. */
export function dateTime(time: string | number): string {
  return new Intl.DateTimeFormat(language(), {
    dateStyle: 'medium',
    timeStyle: 'short',
    hourCycle: 'h23',
  }).format(new Date(time));
}

/** In the viewer's zone: the time of day today, else the date with it. */
export function nearDateTime(time: number, now: number = Date.now()): string {
  const isToday = new Date(time).toDateString() === new Date(now).toDateString();
  if (!isToday) return dateTime(time);
  return new Intl.DateTimeFormat(language(), { timeStyle: 'short', hourCycle: 'h23' }).format(time);
}

/** `2026-01-31 12:05:09 UTC`. */
export function utc(time: string | number): string {
  return `${new Date(time).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** `today`, `yesterday`, `3 days ago`: of a day in UTC, `2026-11-29`. */
export function dayAgo(day: string, now: number = Date.now()): string {
  const days = Math.floor(now / 86_400_000) - Date.parse(day) / 86_400_000;
  return new Intl.RelativeTimeFormat(language(), { numeric: 'auto' }).format(-days, 'day');
}

/** `3 min ago`, `in 2 h`. */
export function ago(time: string | number, now: number = Date.now()): string {
  const seconds = (new Date(time).getTime() - now) / 1000;
  const size = Math.abs(seconds);
  const [unit, amount] = (
    size < 60
      ? ['second', seconds]
      : size < 3600
        ? ['minute', seconds / 60]
        : size < 86_400
          ? ['hour', seconds / 3600]
          : ['day', seconds / 86_400]
  ) as [Intl.RelativeTimeFormatUnit, number];
  return new Intl.RelativeTimeFormat(language(), { numeric: 'auto', style: 'short' }).format(
    size < 60 ? Math.trunc(amount) : Math.round(amount),
    unit,
  );
}

const MOST_CHANGE = 9;

/** A change in relation to before: `+12%`, `>10×`, and undefined where there is nothing to compare with. */
export function changeOf(now: number, before: number): string | undefined {
  if (before <= 0) return undefined;
  const share = (now - before) / before;
  if (share > MOST_CHANGE) return '>10×';
  const size = number({ style: 'percent', maximumFractionDigits: 0 }).format(Math.abs(share));
  return `${share >= 0 ? '+' : '−'}${size}`;
}
