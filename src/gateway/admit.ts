import { type Admission, FREE_ADMISSION } from '../limits/admission.ts';
import type { MasterKey } from '../config/snapshot.ts';
import type { BucketLimit, Taking } from '../limits/bucket.ts';
import { NO_RETRY, Refusal } from './refusals.ts';
import type { Gateway } from './ports.ts';
import { rememberSmall } from '../lib/remember-small.ts';

/**
 * Takes a token from the key's bucket before the body is read. Throws a 429 refusal if the bucket is empty. Returns a
 * promise if the bucket lies behind a network.
 */
export function admit(
  key: MasterKey | undefined,
  { buckets, clock }: Pick<Gateway, 'buckets' | 'clock'>,
): Admission | Promise<Admission> {
  if (key?.limit === undefined) return FREE_ADMISSION;
  const { limit } = key;
  const taking = buckets.take(key.hash, limit, clock.nowMs());
  return taking instanceof Promise ? admissionLater(key, limit, taking) : admission(key, limit, taking);
}

async function admissionLater(
  key: MasterKey,
  limit: BucketLimit,
  taking: Promise<Taking>,
): Promise<Admission> {
  return admission(key, limit, await taking);
}

function admission(key: MasterKey, limit: BucketLimit, taking: Taking): Admission {
  const headers = limitHeaders(limit, taking);
  if (taking.admitted) return { headers, settle: nothingToSettle };
  const isNever = !Number.isFinite(taking.retryAfterMs);
  throw new Refusal('rate_limit_exceeded', refusalValues(key, limit, taking), {
    headers: {
      ...headers,
      'retry-after': String(wholeSeconds(taking.retryAfterMs)),
      ...(isNever && NO_RETRY),
    },
  });
}

/** The token stays spent however the request ends. */
function nothingToSettle(): undefined {
  return undefined;
}

/** Replaces an infinite wait, which `Retry-After` cannot express. */
const NEVER_SECONDS = 3600;

function wholeSeconds(ms: number): number {
  return Number.isFinite(ms) ? Math.max(1, Math.ceil(ms / 1000)) : NEVER_SECONDS;
}

/**
 * The rate-limit fields that OpenAI's clients read: the bucket's size, the requests left, and the time until it is
 * full.
 */
function limitHeaders(limit: BucketLimit, taking: Taking): Readonly<Record<string, string>> {
  const resetMs = Number.isFinite(taking.resetMs) ? taking.resetMs : NEVER_SECONDS * 1000;
  return {
    'x-ratelimit-limit-requests': String(Math.floor(limit.burst)),
    'x-ratelimit-remaining-requests': String(taking.remaining),
    'x-ratelimit-reset-requests': secondsText(Math.round(resetMs)),
  };
}

/** Most waits are short, and the same texts serve them all. */
const secondsText = rememberSmall((ms) => `${ms / 1000}s`);

function refusalValues(key: MasterKey, limit: BucketLimit, taking: Taking): Readonly<Record<string, string>> {
  const seconds = wholeSeconds(taking.retryAfterMs);
  return {
    owner: `key "${key.name}"`,
    limit: `${limit.ratePerSecond} requests a second with bursts of ${limit.burst}`,
    hint: Number.isFinite(taking.retryAfterMs)
      ? `Try again in ${seconds} s.`
      : 'Its limit is 0: it admits no request.',
  };
}
