import type { Fields } from './fields.ts';
/**
 * The wait that a response asks for, in milliseconds and never negative. Reads `retry-after-ms`, then `Retry-After` in
 * seconds or as an HTTP date (RFC 9110 §10.2.3). For a 429, it falls back to the reset time of the exhausted limit
 * (`limitResetMs`). Returns undefined if the response asks for no wait or its fields cannot be parsed.
 */
export function retryAfterMs(headers: Fields, epochMs: number, status: number): number | undefined {
  return askedWaitMs(headers, epochMs) ?? (status === 429 ? limitResetMs(headers, epochMs) : undefined);
}

function askedWaitMs(headers: Fields, epochMs: number): number | undefined {
  const milliseconds = amount(headers.get('retry-after-ms'));
  if (milliseconds !== undefined) return milliseconds;
  const value = headers.get('retry-after');
  const seconds = amount(value);
  if (seconds !== undefined) return seconds * 1000;
  // Date.parse accepts nearly anything as a date. Every form of an HTTP date begins with the day of the week.
  const isDate = value !== null && /^\s*(?:mon|tue|wed|thu|fri|sat|sun)/i.test(value);
  return isDate ? untilDate(value, epochMs) : undefined;
}

/** The kinds of limit in providers' header names, from the least specific to the most specific. */
const KINDS = ['requests', 'tokens', 'input-tokens', 'output-tokens', 'images', 'project-tokens'] as const;

/**
 * Milliseconds from now until the reported limits allow another request. Considers the exhausted limits and takes the
 * latest reset among them. If no remaining count is reported, all limits are considered.
 *
 * Anthropic: `anthropic-ratelimit-KIND-reset` as a date (RFC 3339), `anthropic-ratelimit-unified-reset` in seconds
 * since 1970. OpenAI: `x-ratelimit-reset-KIND` as `1s`, `6m0s`, `20ms`. Others: `ratelimit-reset`
 * (draft-ietf-httpapi-ratelimit-headers) or `x-ratelimit-reset`, in seconds from now, or seconds or milliseconds since
 * 1970.
 */
function limitResetMs(headers: Fields, epochMs: number): number | undefined {
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

function resetOf(headers: Fields, prefix: string, epochMs: number): number | undefined {
  const reset = headers.get(`${prefix}reset`);
  return reset === null || isLeft(headers.get(`${prefix}remaining`)) ? undefined : untilReset(reset, epochMs);
}

function openaiReset(headers: Fields, kind: string, epochMs: number): number | undefined {
  const reset = headers.get(`x-ratelimit-reset-${kind}`);
  if (reset === null || isLeft(headers.get(`x-ratelimit-remaining-${kind}`))) return undefined;
  return untilReset(reset, epochMs);
}

/**
 * The limit of a subscription. Every response carries its fields, so they count only if they say that the request was
 * refused.
 */
function unifiedReset(headers: Fields, epochMs: number): number | undefined {
  const reset = headers.get('anthropic-ratelimit-unified-reset');
  const status = headers.get('anthropic-ratelimit-unified-status');
  return reset === null || (status !== null && status !== 'rejected')
    ? undefined
    : untilReset(reset, epochMs);
}

/** Whether the limit still has capacity, so that it cannot be the one that was hit. */
function isLeft(remaining: string | null): boolean {
  return (amount(remaining) ?? 0) > 0;
}

/** Numbers from here on are absolute times: seconds since 1970 (from 2001 on) or milliseconds. */
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

/** A duration in Go's notation: `1h2m3.5s`, `20ms`. */
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
