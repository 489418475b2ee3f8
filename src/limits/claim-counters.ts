import { LocalTable } from '../lib/number-table.ts';
import type { BucketLedger, BucketLimit, Taking } from './bucket.ts';
import { BUCKET_MS, type BucketPeriod, type Claim, isBucketPeriod, type WindowPeriod } from './claim.ts';
import { counterFields, CounterLedger, type CounterTaking, type Standing } from './counter.ts';
import { type LeasedCounter, leaseKey, type LeaseSource, type LeaseVerdict } from './lease-report.ts';
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
  /** Whether several machines share the counter, so that the record has only what is not in the ledger. */
  readonly isLeased?: boolean;
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
  readonly #leases: LeaseSource | undefined;

  /** `leases`: several machines share the limits of a day or longer. */
  constructor(counters: CounterLedger, buckets: BucketLedger, seeder: Seeder, leases?: LeaseSource) {
    this.#counters = counters;
    this.#buckets = buckets;
    this.#seeder = seeder;
    this.#leases = leases;
  }

  /** Holds `need` of a limit. A soft limit is never full. `isFinal`: no lease is to be had, so it is never `short`. */
  take(claim: Claim, need: number, at: Moment, isFinal = false): ClaimTaking {
    const { period } = claim;
    if (period !== undefined && isBucketPeriod(period)) return this.#takeFromBucket(claim, need, at);
    const record = this.#recordOf(claim, at);
    const { amount, isSoft } = claim;
    const isLeased = this.#isLeased(claim);
    const mayPassIdle = mayPass(claim) && (isFinal || !isLeased);
    const wanted = { need, amount, endMs: record.endMs, mayPassIdle, isSoft, isLeased };
    const own = this.#counters.take(record.key, wanted);
    if (isLeased && own.kind === 'full' && !isFinal) return { kind: 'short' };
    const taking = isLeased ? { ...own, used: own.used + this.#counters.elsewhere(record.key) } : own;
    switch (taking.kind) {
      case 'unseeded':
        return { kind: 'unseeded' };
      case 'full':
        return fullWindow(claim, need, { record, taking, at, isLeased });
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
    const counted = claim.period === undefined ? 0 : used;
    let total = this.#counters.settle(key, { held: amount, endMs }, counted);
    if (this.#isLeased(claim)) total += this.#counters.elsewhere(key);
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
    if (standing === undefined) return undefined;
    const elsewhere = this.#isLeased(claim) ? this.#counters.elsewhere(record.key) : 0;
    const { used, held } = standing;
    const known = standingOf(claim, { used: used + elsewhere, held }, record.endMs - at.epochMs);
    return this.#isLeased(claim) ? { ...known, isShared: true } : known;
  }

  /** Seeds a limit whose state is unknown. False: it is still unknown. */
  seed(claim: Claim, at: Moment): boolean | Promise<boolean> {
    const isLeased = this.#isLeased(claim);
    return this.#seeder({ counter: claim.counter, ...this.#recordOf(claim, at), isLeased });
  }

  /** Asks the store for a lease that `need` fits in. */
  lease(claim: Claim, need: number, at: Moment): Promise<LeaseVerdict> {
    const { counter, amount: limit } = claim;
    const of: LeasedCounter = { counter, ...this.#recordOf(claim, at), limit };
    return this.#leases?.lease({ of, need, takesRest: mayPass(claim) }) ?? Promise.resolve('full');
  }

  /** Changes what was used in a window, for adjusting entries and lost requests. */
  adjust(counter: string, windowMs: number, amount: number): void {
    this.#counters.adjust(recordKey(counter, windowMs), amount);
  }

  /** Forgets windows that have ended. */
  sweep(epochMs: number): void {
    this.#counters.sweep(epochMs);
  }

  /** Whether several machines share the limit. Soft limits and slots are counted by each. */
  #isLeased({ period, isSoft, amount }: Claim): boolean {
    return this.#leases !== undefined && period !== undefined && !isSoft && amount > 0;
  }

  /** The record of a claim with a window or slots. */
  #recordOf(claim: Claim, { epochMs }: Moment): ClaimRecord {
    const { period, counter } = claim;
    if (period === undefined) return { key: counter, windowMs: 0, endMs: epochMs + KEPT_MS };
    const window = windowOf(period as WindowPeriod, epochMs);
    const known = this.#records.get(claim);
    if (known?.window === window) return known.record;
    const { startMs: windowMs, endMs } = window;
    const key = this.#isLeased(claim) ? leaseKey(counter, windowMs) : recordKey(counter, windowMs);
    const record = { key, windowMs, endMs };
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
  /** Other machines may hold some of it, too. */
  readonly isLeased: boolean;
}

/** If only the holds of requests in flight prevent it, it may fit within seconds; otherwise when the window ends. */
function fullWindow(claim: Claim, need: number, { record, taking, at, isLeased }: Full): ClaimTaking {
  const resetMs = claim.period === undefined ? 0 : record.endMs - at.epochMs;
  const standing = standingOf(claim, taking, resetMs);
  const isHeldOnly =
    (taking.held > 0 || isLeased) &&
    (taking.used + need <= claim.amount || (mayPass(claim) && taking.used < claim.amount));
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
export function countersAlone(
  buckets: BucketLedger,
  usedOf: UsedOf = () => 0,
  leasing?: (records: CounterLedger) => Leasing,
): ClaimCounters {
  const fields = counterFields(1, leasing !== undefined);
  const counters = new CounterLedger(new LocalTable(fields, MOST_COUNTERS));
  const leases = leasing?.(counters);
  const seeder: Seeder = (record) => {
    if (record.isLeased === true && leases !== undefined) return leases.seed(record);
    counters.seed(record.key, usedOf(record.counter, record.windowMs), record.endMs);
    return true;
  };
  return new ClaimCounters(counters, buckets, seeder, leases?.source);
}

/** The dependencies of a process for limits that several machines share. */
export interface Leasing {
  readonly seed: Seeder;
  readonly source: LeaseSource;
}

/** Clients choose the names of end users. The counter that was changed longest ago is forgotten first, and seeded again. */
const MOST_COUNTERS = 2 ** 20;
