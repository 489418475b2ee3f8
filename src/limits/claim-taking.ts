import type { Claim } from './claim.ts';
import type { Standing } from './counter.ts';
import type { LeasedCounter } from './lease-report.ts';

/** One moment on both clocks of the gateway. */
export interface Moment {
  /** Monotonic milliseconds, for buckets. */
  readonly nowMs: number;
  /** Milliseconds since 1970, for windows. */
  readonly epochMs: number;
}

/** The hold of one request on one limit, until it ends. */
export interface Hold {
  readonly record: ClaimRecord;
  readonly amount: number;
}

/** The state of a limit, in its unit. */
export interface ClaimStanding extends Standing {
  /** The size of the window or bucket. */
  readonly limit: number;
  /** The amount that a request may still take. Not below 0. */
  readonly remaining: number;
  /** The time until the window ends or the bucket is full; Infinity: never. */
  readonly resetMs: number;
  /** Whether the count is that of all machines. */
  readonly isShared?: boolean;
}

/**
 * `taken`: the request holds `hold`. `full`: it does not fit; `retryAfterMs` is the time until it may fit. `unseeded`:
 * the state of the limit is unknown. `short`: this machine's lease is too small; `lease` asks for more.
 */
export type ClaimTaking =
  | { readonly kind: 'taken'; readonly hold: Hold; readonly standing: ClaimStanding }
  | { readonly kind: 'full'; readonly retryAfterMs: number; readonly standing: ClaimStanding }
  | { readonly kind: 'unseeded' }
  | { readonly kind: 'short' };

/** A counter in one of its windows. */
export interface CounterWindow {
  /** The key of the counter; of a bucket, its name. */
  readonly key: string;
  /** The start of the window; 0 for buckets and `concurrent`. */
  readonly windowMs: number;
  readonly endMs: number;
  /** The counter and its window as the journal names them; undefined: it is a bucket. */
  readonly windowKey?: string | undefined;
}

/** The counter of a claim at a moment. Immutable, and one object for all requests of a window. */
export interface ClaimRecord extends CounterWindow {
  readonly claim: Claim;
  /** It is the share of one of so many machines, because no store answered; undefined: it is no share. */
  readonly shares?: number;
}

/** A counter whose use is unknown, to be seeded. */
export interface UnknownRecord extends CounterWindow {
  readonly counter: string;
  /** If several machines share the counter, so that the record has only what is not in the ledger. */
  readonly leased?: LeasedCounter;
}

/** Seeds a record, or returns false if that is not possible now. */
export type Seeder = (record: UnknownRecord) => boolean | Promise<boolean>;

/** The use of a counter in a window before this process began to count. */
export type UsedOf = (counter: string, windowMs: number) => number;
