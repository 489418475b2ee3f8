/**
 * The wait that an answer asks for, in milliseconds: `retry-after-ms`, or `Retry-After` in seconds or as an HTTP
 * date (RFC 9110 §10.2.3). Undefined where it asks for none or cannot be understood; never negative.
 */
export function retryAfterMs(headers: Headers, epochMs: number): number | undefined {
  const milliseconds = amount(headers.get('retry-after-ms'));
  if (milliseconds !== undefined) return milliseconds;
  const value = headers.get('retry-after');
  const seconds = amount(value);
  if (seconds !== undefined) return seconds * 1000;
  // Date.parse takes nearly anything for a date; an HTTP date begins with the day of the week in all of its forms.
  const isDate = value !== null && /^\s*(?:mon|tue|wed|thu|fri|sat|sun)/i.test(value);
  const date = isDate ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - epochMs);
}

function amount(value: string | null): number | undefined {
  return value !== null && /^\s*\d+(\.\d+)?\s*$/.test(value) ? Number(value) : undefined;
}
