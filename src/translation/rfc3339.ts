import { dateOf, dayOf } from '../lib/calendar.ts';

/**
 * Converts an RFC 3339 time such as `2026-09-21T14:14:20Z` to Unix time in seconds; undefined if the text is not one.
 */
export function secondsOf(text: string): number | undefined {
  const match = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d(?:\.\d+)?)(?:[Zz]|([+-])(\d\d):(\d\d))$/.exec(
    text,
  );
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, sign, offsetHours = '0', offsetMinutes = '0'] = match;
  const days = dayOf({ year: Number(year), month: Number(month), date: Number(day) });
  const offset = (Number(offsetHours) * 60 + Number(offsetMinutes)) * (sign === '-' ? -60 : 60);
  return days * 86_400 + Number(hour) * 3600 + Number(minute) * 60 + Number(second) - offset;
}

/** Formats Unix time in seconds as RFC 3339, in UTC, in whole seconds. */
export function rfc3339(seconds: number): string {
  const whole = Math.floor(seconds);
  const days = Math.floor(whole / 86_400);
  const rest = whole - days * 86_400;
  const time = [Math.floor(rest / 3600), Math.floor(rest / 60) % 60, rest % 60].map(two).join(':');
  const { year, month, date } = dateOf(days);
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(date)}T${time}Z`;
}

const two = (value: number): string => String(value).padStart(2, '0');
