/**
 * The wait that an answer asks for, in milliseconds: `retry-after-ms`, or `Retry-After` in seconds or as an HTTP
 * date (RFC 9110 §10.2.3); else, where a limit of rate was hit (429), until the limit that is used up is free again, as
 * `limitResetMs` reads it. Undefined where it asks for none or cannot be understood; never negative.
 */
export function retryAfterMs(headers: Headers, epochMs: number, status: number): number | undefined {
  return askedWaitMs(headers, epochMs) ?? (status === 429 ? limitResetMs(headers, epochMs) : undefined);
}

function askedWaitMs(headers: Headers, epochMs: number): number | undefined {
  const milliseconds = amount(headers.get('retry-after-ms'));
  if (milliseconds !== undefined) return milliseconds;
  const value = headers.get('retry-after');
  const seconds = amount(value);
  if (seconds !== undefined) return seconds * 1000;
  // Date.parse takes nearly anything for a date; an HTTP date begins with the day of the week in all of its forms.
  const isDate = value !== null && /^\s*(?:mon|tue|wed|thu|fri|sat|sun)/i.test(value);
  return isDate ? untilDate(value, epochMs) : undefined;
}

/** Kinds of limit, as the fields of providers name them, from the one that is told least to the one that is told most. */
const KINDS = ['requests', 'tokens', 'input-tokens', 'output-tokens', 'images', 'project-tokens'] as const;

/**
 * When the limits that an answer tells of let a request through again, in milliseconds from now: of those that are used up the one that
 * lasts longest, of those whose rest is not told all.
 *
 * Anthropic: `anthropic-ratelimit-KIND-reset` as a date (RFC 3339), `anthropic-ratelimit-unified-reset` in seconds since 1970.
 * OpenAI: `x-ratelimit-reset-KIND` as `1s`, `6m0s`, `20ms`. Others: `ratelimit-reset` (draft-ietf-httpapi-ratelimit-headers) or
 * `x-ratelimit-reset`, in seconds from now, or seconds or milliseconds since 1970.
 */
function limitResetMs(headers: Headers, epochMs: number): number | undefined {
  const waits = [
    ...KINDS.flatMap((kind) => [
      resetOf(headers, `anthropic-ratelimit-${kind}-`, epochMs),
      openaiReset(headers, kind, epochMs),
    ]),
    unifiedReset(headers, epochMs),
    resetOf(headers, 'ratelimit-', epochMs),
    resetOf(headers, 'x-ratelimit-', epochMs),
  ].filter((wait) => wait !== undefined);
  return waits.length === 0 ? undefined : Math.max(...waits);
}

function resetOf(headers: Headers, prefix: string, epochMs: number): number | undefined {
  const reset = headers.get(`${prefix}reset`);
  return reset === null || isLeft(headers.get(`${prefix}remaining`)) ? undefined : untilReset(reset, epochMs);
}

function openaiReset(headers: Headers, kind: string, epochMs: number): number | undefined {
  const reset = headers.get(`x-ratelimit-reset-${kind}`);
  if (reset === null || isLeft(headers.get(`x-ratelimit-remaining-${kind}`))) return undefined;
  return untilReset(reset, epochMs);
}

/** A subscription's own limit. Its fields stand in every answer, so only one that refuses counts. */
function unifiedReset(headers: Headers, epochMs: number): number | undefined {
  const reset = headers.get('anthropic-ratelimit-unified-reset');
  const status = headers.get('anthropic-ratelimit-unified-status');
  return reset === null || (status !== null && status !== 'rejected')
    ? undefined
    : untilReset(reset, epochMs);
}

/** Whether something of a limit is left, so that it is not the one that was hit. */
function isLeft(remaining: string | null): boolean {
  return (amount(remaining) ?? 0) > 0;
}

/** From here on a number is a moment: seconds since 1970 from 2001 on, or milliseconds. */
const FIRST_EPOCH_SECONDS = 1e9;
const FIRST_EPOCH_MS = 1e12;

function untilReset(value: string, epochMs: number): number | undefined {
  const number = amount(value);
  if (number === undefined) {
    return /^\d{4}-\d{2}-\d{2}T/.test(value) ? untilDate(value, epochMs) : durationMs(value);
  }
  if (number < FIRST_EPOCH_SECONDS) return number * 1000;
  return Math.max(0, (number < FIRST_EPOCH_MS ? number * 1000 : number) - epochMs);
}

const UNIT_MS: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

/** A duration as Go writes it: `1h2m3.5s`, `20ms`. */
function durationMs(value: string): number | undefined {
  const text = value.trim();
  if (text.length > 40 || !/^(?:\d+(?:\.\d+)?(?:ms|[dhms]))+$/.test(text)) return undefined;
  let sum = 0;
  for (const [, count, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|[dhms])/g))
    sum += Number(count) * (UNIT_MS[unit ?? ''] ?? 0);
  return sum;
}

function untilDate(value: string, epochMs: number): number | undefined {
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - epochMs);
}

function amount(value: string | null): number | undefined {
  return value !== null && /^\s*\d+(\.\d+)?\s*$/.test(value) ? Number(value) : undefined;
}
