import { LocalTable } from '../lib/number-table.ts';
import { type BucketLedger, type BucketLimit, sharePart } from './bucket.ts';
import { BUCKET_MS, type BucketPeriod, type Claim, isBucketPeriod } from './claim.ts';
import type {
  ClaimRecord,
  ClaimStanding,
  ClaimTaking,
  CounterWindow,
  Hold,
  Moment,
  Seeder,
  UsedOf,
} from './claim-taking.ts';
import { windowKey } from './counter-amount.ts';
import { counterFields, CounterLedger, type Standing } from './counter.ts';
import { type LeasedCounter, leaseKey, type LeaseSource, type LeaseVerdict } from './lease-report.ts';
import { bucketStanding, LeasedBuckets } from './leased-bucket.ts';
import { windowOf } from './window.ts';

/** The record of a counter without use is kept for this long, so that it need not be seeded again. */
const KEPT_MS = 3_600_000;
/** How much of that may be gone before the record of a counter without windows is made anew. */
const RENEWED_MS = 60_000;

/** Takes claims from counters of windows and slots, and from buckets. */
export class ClaimCounters {
  readonly #counters: CounterLedger;
  readonly #buckets: BucketLedger;
  readonly #leasedBuckets: LeasedBuckets;
  readonly #seeder: Seeder;
  /** Values derived from a claim, which is one object for all its requests. */
  readonly #records = new WeakMap<Claim, ClaimRecord>();
  readonly #limits = new WeakMap<Claim, BucketLimit>();
  readonly #keys = new WeakMap<Claim, string>();
  readonly #leases: LeaseSource | undefined;

  /** `leases`: several machines share the limits. */
  constructor(counters: CounterLedger, buckets: BucketLedger, seeder: Seeder, leases?: LeaseSource) {
    this.#counters = counters;
    this.#buckets = buckets;
    this.#leasedBuckets = new LeasedBuckets(counters, buckets);
    this.#seeder = seeder;
    this.#leases = leases;
  }

  /**
   * Holds `need` of a limit. A soft limit is never full. `verdict`: the outcome of the question for a larger lease; with
   * `full`, or where the machine is alone, it is not `short` again.
   */
  take(claim: Claim, need: number, at: Moment, verdict?: LeaseVerdict): ClaimTaking {
    const isLeased = this.isShared(claim);
    if (isBucket(claim)) {
      const limit = this.#limitOf(claim);
      if (!isLeased) return this.#takeFromBucket(claim, limit, { need, at });
      return this.#leasedBuckets.take(claim, limit, { need, at, verdict, record: this.#recordOf(claim, at) });
    }
    const record = this.#recordOf(claim, at);
    const { amount, isSoft } = claim;
    const alone = typeof verdict === 'object' && claim.period === undefined ? verdict : undefined;
    const isFinal = verdict === 'full' || alone !== undefined;
    const mayPassIdle = mayPass(claim) && (isFinal || !isLeased);
    const least = alone === undefined ? 0 : sharePart(amount, alone.nodes);
    const wanted = { need, amount, endMs: record.endMs, mayPassIdle, isSoft, isLeased, least };
    const own = this.#counters.take(record.key, wanted);
    if (isLeased && own.kind === 'full' && !isFinal) return { kind: 'short' };
    const taking = { used: own.used + own.elsewhere, held: own.held };
    switch (own.kind) {
      case 'unseeded':
        return { kind: 'unseeded' };
      case 'full':
        return fullWindow(claim, need, { record, taking, at, isLeased });
      case 'taken':
        return {
          kind: 'taken',
          hold: { record, amount: need },
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
    const { record, amount } = hold;
    const { claim, key, endMs } = record;
    if (isBucket(claim)) {
      const limit = this.#limitOf(claim);
      if (this.isShared(claim)) this.#leasedBuckets.settle(hold, used, limit, at);
      else this.#buckets.adjust(key, limit, at.nowMs, used - amount);
      return 0;
    }
    const counted = claim.period === undefined ? 0 : used;
    const isLeased = this.isShared(claim);
    const total = this.#counters.settle(key, { held: amount, endMs, isLeased }, counted);
    return Math.min(used, Math.max(0, total - claim.amount));
  }

  /** Holds more of a limit for a request that outgrew its hold, without checking whether that fits. */
  grow(record: ClaimRecord, more: number, at: Moment): void {
    const { claim, key } = record;
    if (!isBucket(claim)) this.#counters.grow(key, more);
    else if (this.isShared(claim)) this.#leasedBuckets.grow(record, more, this.#limitOf(claim), at);
    else this.#buckets.adjust(key, this.#limitOf(claim), at.nowMs, more);
  }

  /** The state of a limit; undefined: unknown. */
  standing(claim: Claim, at: Moment): ClaimStanding | undefined {
    const isLeased = this.isShared(claim);
    if (isBucket(claim)) {
      const limit = this.#limitOf(claim);
      if (isLeased) return this.#leasedBuckets.standing(this.#keyOf(claim), limit, at.nowMs);
      return bucketStanding(limit, this.#buckets.peek(claim.counter, limit, at.nowMs));
    }
    const record = this.#recordOf(claim, at);
    const standing = this.#counters.standing(record.key);
    if (standing === undefined) return undefined;
    const elsewhere = isLeased ? this.#counters.elsewhere(record.key) : 0;
    const { used, held } = standing;
    const known = standingOf(claim, { used: used + elsewhere, held }, record.endMs - at.epochMs);
    return isLeased ? { ...known, isShared: true } : known;
  }

  /** Seeds a limit whose state is unknown. False: it is still unknown. */
  seed(claim: Claim, at: Moment): boolean | Promise<boolean> {
    const { counter } = claim;
    const window = windowIn(this.#recordOf(claim, at));
    if (!this.isShared(claim)) return this.#seeder({ counter, ...window });
    return this.#seeder({ counter, ...window, leased: this.#leasedOf(claim, at) });
  }

  /** Asks the store for a lease that `need` fits in. */
  lease(claim: Claim, need: number, at: Moment): Promise<LeaseVerdict> {
    const of = this.#leasedOf(claim, at);
    const least = isBucket(claim) ? Math.min(need, of.limit) : need;
    return this.#leases?.lease({ of, need: least, takesRest: mayPass(claim) }) ?? Promise.resolve('full');
  }

  /** Changes what was used in a window, for adjusting entries and lost requests. */
  adjust(counter: string, windowMs: number, amount: number): void {
    this.#counters.adjust(windowKey(counter, windowMs), amount);
  }

  /** Forgets windows that have ended. */
  sweep(epochMs: number): void {
    this.#counters.sweep(epochMs);
  }

  /** Whether several machines share the limit. */
  isShared({ amount, period }: Claim): boolean {
    if (this.#leases === undefined || amount <= 0) return false;
    return this.#leases.hasNoWindows !== true || period === undefined || isBucketPeriod(period);
  }

  #leasedOf(claim: Claim, at: Moment): LeasedCounter {
    const { counter, period, isSoft, amount } = claim;
    const window = windowIn(this.#recordOf(claim, at));
    if (isBucket(claim)) {
      const { burst, ratePerSecond } = this.#limitOf(claim);
      const endMs = at.epochMs + (2000 * burst) / ratePerSecond;
      return { counter, form: 'bucket', ...window, endMs, limit: burst, perMs: ratePerSecond / 1000, isSoft };
    }
    const form = period === undefined ? 'slots' : 'window';
    return { counter, form, ...window, limit: amount, perMs: 0, isSoft };
  }

  /** The record of a claim. */
  #recordOf(claim: Claim, { epochMs }: Moment): ClaimRecord {
    const { period, counter } = claim;
    const known = this.#records.get(claim);
    if (period === undefined || isBucketPeriod(period)) {
      const endMs = epochMs + KEPT_MS;
      if (known !== undefined && endMs - known.endMs < RENEWED_MS) return known;
      const name = period === undefined ? windowKey(counter, 0) : undefined;
      const record = { claim, key: this.#keyOf(claim), windowMs: 0, endMs, windowKey: name };
      this.#records.set(claim, record);
      return record;
    }
    if (known !== undefined && epochMs >= known.windowMs && epochMs < known.endMs) return known;
    const { startMs: windowMs, endMs } = windowOf(period, epochMs);
    const name = windowKey(counter, windowMs);
    const key = this.isShared(claim) ? leaseKey(counter, windowMs) : name;
    const record = { claim, key, windowMs, endMs, windowKey: name };
    this.#records.set(claim, record);
    return record;
  }

  /** The key of a record without windows. */
  #keyOf(claim: Claim): string {
    if (!this.isShared(claim)) return claim.counter;
    const known = this.#keys.get(claim);
    if (known !== undefined) return known;
    const key = leaseKey(claim.counter, 0);
    this.#keys.set(claim, key);
    return key;
  }

  #takeFromBucket(claim: Claim, limit: BucketLimit, { need, at }: { need: number; at: Moment }): ClaimTaking {
    const record = this.#recordOf(claim, at);
    const { key } = record;
    // A request larger than the bucket takes all of it now, and the rest when it ends.
    const amount = Math.min(need, limit.burst);
    const taking = this.#buckets.take(key, limit, at.nowMs, amount);
    const hold = { record, amount };
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

/** The part of a record that other processes may get. */
function windowIn({ key, windowMs, endMs, windowKey }: ClaimRecord): CounterWindow {
  return { key, windowMs, endMs, windowKey };
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
  readonly taking: Standing;
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
    if (record.leased !== undefined && leases !== undefined) return leases.seed(record);
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
