import type { MasterKey } from '../config/snapshot.ts';
import type { BucketLimit, Taking } from '../limits/bucket.ts';
import { NO_RETRY, Refusal } from './refusals.ts';
import type { Gateway } from './ports.ts';

/**
 * Takes the request's token out of its key's bucket. Returns the header fields that tell the client how much is
 * left, none for a key without a limit; refuses with 429 when the bucket is empty.
 */
export function admit(
  key: MasterKey | undefined,
  { buckets, clock }: Pick<Gateway, 'buckets' | 'clock'>,
): Readonly<Record<string, string>> {
  if (key?.limit === undefined) return NO_HEADERS;
  const taking = buckets.take(key.hash, key.limit, clock.nowMs());
  const headers = limitHeaders(key.limit, taking);
  if (taking.admitted) return headers;
  const isNever = !Number.isFinite(taking.retryAfterMs);
  throw new Refusal('rate_limit_exceeded', refusalValues(key, key.limit, taking), {
    headers: {
      ...headers,
      'retry-after': String(wholeSeconds(taking.retryAfterMs)),
      ...(isNever && NO_RETRY),
    },
  });
}

const NO_HEADERS: Readonly<Record<string, string>> = {};

/** A wait that has no end is told as an hour: `Retry-After` has no word for "never". */
const NEVER_SECONDS = 3600;

function wholeSeconds(ms: number): number {
  return Number.isFinite(ms) ? Math.max(1, Math.ceil(ms / 1000)) : NEVER_SECONDS;
}

/** The fields that OpenAI's clients read: requests in the bucket, left in it, and until it is full again. */
function limitHeaders(limit: BucketLimit, taking: Taking): Readonly<Record<string, string>> {
  const resetSeconds = Number.isFinite(taking.resetMs) ? taking.resetMs / 1000 : NEVER_SECONDS;
  return {
    'x-ratelimit-limit-requests': String(Math.floor(limit.burst)),
    'x-ratelimit-remaining-requests': String(taking.remaining),
    'x-ratelimit-reset-requests': `${Math.round(resetSeconds * 1000) / 1000}s`,
  };
}

function refusalValues(key: MasterKey, limit: BucketLimit, taking: Taking): Readonly<Record<string, string>> {
  const seconds = wholeSeconds(taking.retryAfterMs);
  return {
    key: key.name,
    rate: String(limit.ratePerSecond),
    burst: String(limit.burst),
    hint: Number.isFinite(taking.retryAfterMs)
      ? `Try again in ${seconds} s.`
      : 'Its limit is 0: it admits no request.',
  };
}
