import { LocalTable } from '../lib/number-table.ts';
import type { BucketLedger, BucketLimit, Taking } from './bucket.ts';
import { BUCKET_MS, type BucketPeriod, type Claim, isBucketPeriod, type WindowPeriod } from './claim.ts';
import { counterFields, CounterLedger, type CounterTaking, type Standing } from './counter.ts';
import { type Window, windowOf } from './window.ts';

/** One moment on both clocks of the gateway. */
export interface Moment {
  /** Monotonic milliseconds, for buckets. */
  readonly nowMs: number;
  /** Milliseconds since 1970, for windows. */
  readonly epochMs: number;
}

/** The hold of one request on one limit, until it ends. */
export interface Hold {
  readonly claim: Claim;
  /** The start of the window from which it was taken; 0 for buckets and `concurrent`. */
  readonly windowMs: number;
  /** The key of the counter; of a bucket, its name. */
  readonly key: string;
  readonly endMs: number;
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
}

/**
 * `taken`: the request holds `hold`. `full`: it does not fit; `retryAfterMs` is the time until it may fit. `unseeded`:
 * the state of the limit is unknown.
 */
export type ClaimTaking =
  | { readonly kind: 'taken'; readonly hold: Hold; readonly standing: ClaimStanding }
  | { readonly kind: 'full'; readonly retryAfterMs: number; readonly standing: ClaimStanding }
  | { readonly kind: 'unseeded' };

/** The record behind a claim at a moment. */
export interface ClaimRecord {
  readonly key: string;
  readonly windowMs: number;
  readonly endMs: number;
}

/** The record of a counter without use is kept for this long, so that it need not be seeded again. */
const KEPT_MS = 3_600_000;

/** The key of a counter's record in a window. `concurrent` has one record for ever. */
function recordKey(counter: string, windowMs: number): string {
  return `${counter}@${windowMs}`;
}

/** A counter whose use is unknown, to be seeded. */
export interface UnknownRecord extends ClaimRecord {
  readonly counter: string;
}

/** Seeds a record, or returns false if that is not possible now. */
export type Seeder = (record: UnknownRecord) => boolean | Promise<boolean>;

/** The use of a counter in a window before this process began to count. */
export type UsedOf = (counter: string, windowMs: number) => number;

/** Takes claims from counters of windows and slots, and from buckets. */
export class ClaimCounters {
  readonly #counters: CounterLedger;
  readonly #buckets: BucketLedger;
  readonly #seeder: Seeder;
  /** Values derived from a claim, which is one object for all its requests. */
  readonly #records = new WeakMap<Claim, { readonly window: Window; readonly record: ClaimRecord }>();
  readonly #limits = new WeakMap<Claim, BucketLimit>();

  constructor(counters: CounterLedger, buckets: BucketLedger, seeder: Seeder) {
    this.#counters = counters;
    this.#buckets = buckets;
    this.#seeder = seeder;
  }

  /** Holds `need` of a limit. A soft limit is never full. */
  take(claim: Claim, need: number, at: Moment): ClaimTaking {
    const { period } = claim;
    if (period !== undefined && isBucketPeriod(period)) return this.#takeFromBucket(claim, need, at);
    const record = this.#recordOf(claim, at);
    const { amount, isSoft } = claim;
    const mayPassIdle = mayPass(claim);
    const wanted = { need, amount, endMs: record.endMs, mayPassIdle, isSoft };
    const taking = this.#counters.take(record.key, wanted);
    switch (taking.kind) {
      case 'unseeded':
        return { kind: 'unseeded' };
      case 'full':
        return fullWindow(claim, need, { record, taking, at });
      case 'taken':
        return {
          kind: 'taken',
          hold: { claim, key: record.key, windowMs: record.windowMs, endMs: record.endMs, amount: need },
          standing: standingOf(claim, taking, record.endMs - at.epochMs),
        };
    }
  }

  /** Releases a hold, as if it had not been taken. */
  giveBack(hold: Hold, at: Moment): void {
    this.settle(hold, 0, at);
  }

  /**
   * Replaces a hold by the actual use, in the window that it was taken from. Returns the part of `used` above the
   * limit; 0 for buckets.
   */
  settle(hold: Hold, used: number, at: Moment): number {
    const { claim, key, endMs, amount } = hold;
    if (isBucket(claim)) {
      this.#buckets.adjust(key, this.#limitOf(claim), at.nowMs, used - amount);
      return 0;
    }
    const total = this.#counters.settle(key, { held: amount, endMs }, claim.period === undefined ? 0 : used);
    return Math.min(used, Math.max(0, total - claim.amount));
  }

  /** Enlarges the hold of a request that outgrew it, without checking whether that fits. Returns the new hold. */
  grow(hold: Hold, more: number, at: Moment): Hold {
    if (isBucket(hold.claim)) this.#buckets.adjust(hold.key, this.#limitOf(hold.claim), at.nowMs, more);
    else this.#counters.grow(hold.key, more);
    return { ...hold, amount: hold.amount + more };
  }

  /** The state of a limit; undefined: unknown. */
  standing(claim: Claim, at: Moment): ClaimStanding | undefined {
    if (isBucket(claim)) {
      const limit = this.#limitOf(claim);
      return bucketStanding(limit, this.#buckets.peek(claim.counter, limit, at.nowMs));
    }
    const record = this.#recordOf(claim, at);
    const standing = this.#counters.standing(record.key);
    return standing && standingOf(claim, standing, record.endMs - at.epochMs);
  }

  /** Seeds a limit whose state is unknown. False: it is still unknown. */
  seed(claim: Claim, at: Moment): boolean | Promise<boolean> {
    return this.#seeder({ counter: claim.counter, ...this.#recordOf(claim, at) });
  }

  /** Changes what was used in a window, for adjusting entries and lost requests. */
  adjust(counter: string, windowMs: number, amount: number): void {
    this.#counters.adjust(recordKey(counter, windowMs), amount);
  }

  /** Forgets windows that have ended. */
  sweep(epochMs: number): void {
    this.#counters.sweep(epochMs);
  }

  /** The record of a claim with a window or slots. */
  #recordOf(claim: Claim, { epochMs }: Moment): ClaimRecord {
    const { period, counter } = claim;
    if (period === undefined) return { key: counter, windowMs: 0, endMs: epochMs + KEPT_MS };
    const window = windowOf(period as WindowPeriod, epochMs);
    const known = this.#records.get(claim);
    if (known?.window === window) return known.record;
    const record = { key: recordKey(counter, window.startMs), windowMs: window.startMs, endMs: window.endMs };
    this.#records.set(claim, { window, record });
    return record;
  }

  #takeFromBucket(claim: Claim, need: number, at: Moment): ClaimTaking {
    const limit = this.#limitOf(claim);
    const key = claim.counter;
    // A request larger than the bucket takes all of it now, and the rest when it ends.
    const amount = Math.min(need, limit.burst);
    const taking = this.#buckets.take(key, limit, at.nowMs, amount);
    const hold = { claim, key, windowMs: 0, endMs: 0, amount };
    if (taking.admitted) return { kind: 'taken', hold, standing: bucketStanding(limit, taking) };
    if (claim.isSoft) {
      this.#buckets.adjust(key, limit, at.nowMs, amount);
      return { kind: 'taken', hold, standing: bucketStanding(limit, taking) };
    }
    const left = this.#buckets.peek(key, limit, at.nowMs);
    return { kind: 'full', retryAfterMs: taking.retryAfterMs, standing: bucketStanding(limit, left) };
  }

  #limitOf(claim: Claim): BucketLimit {
    const known = this.#limits.get(claim);
    if (known !== undefined) return known;
    const { amount, burst = amount, period } = claim;
    const ms = BUCKET_MS[(period as BucketPeriod).unit];
    const limit = { ratePerSecond: (amount * 1000) / ms, burst };
    this.#limits.set(claim, limit);
    return limit;
  }
}

function isBucket({ period }: Claim): boolean {
  return period !== undefined && isBucketPeriod(period);
}

/** An estimate alone must not block a nearly used-up budget without holds. */
function mayPass({ hold, kind, period }: Claim): boolean {
  return hold === 'expected' && period !== undefined && kind !== 'requests';
}

interface Full {
  readonly record: ClaimRecord;
  readonly taking: CounterTaking;
  readonly at: Moment;
}

/** If only the holds of requests in flight prevent it, it may fit within seconds; otherwise when the window ends. */
function fullWindow(claim: Claim, need: number, { record, taking, at }: Full): ClaimTaking {
  const resetMs = claim.period === undefined ? 0 : record.endMs - at.epochMs;
  const standing = standingOf(claim, taking, resetMs);
  const isHeldOnly =
    taking.held > 0 && (taking.used + need <= claim.amount || (mayPass(claim) && taking.used < claim.amount));
  const retryAfterMs = isHeldOnly ? HELD_MS : claim.amount === 0 ? Infinity : resetMs;
  return { kind: 'full', retryAfterMs, standing };
}

/** The retry delay of a request that is refused only because of others' holds. */
export const HELD_MS = 1000;

function standingOf({ amount }: Claim, { used, held }: Standing, resetMs: number): ClaimStanding {
  return { used, held, limit: amount, remaining: Math.max(0, amount - used - held), resetMs };
}

/** A bucket does not distinguish holds from use. */
function bucketStanding({ burst }: BucketLimit, { remaining, resetMs }: Taking): ClaimStanding {
  return { used: Math.max(0, burst - remaining), held: 0, limit: burst, remaining, resetMs };
}

/** Counters of a single process. `usedOf` returns the use in the ledger; undefined: there was none. */
export function countersAlone(buckets: BucketLedger, usedOf: UsedOf = () => 0): ClaimCounters {
  const counters = new CounterLedger(new LocalTable(counterFields(1), MOST_COUNTERS));
  return new ClaimCounters(counters, buckets, ({ counter, windowMs, endMs, key }) => {
    counters.seed(key, usedOf(counter, windowMs), endMs);
    return true;
  });
}

/** Clients choose the names of end users. The counter that was changed longest ago is forgotten first, and seeded again. */
const MOST_COUNTERS = 2 ** 20;
