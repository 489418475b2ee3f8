import { type BucketLedger, type BucketLimit, shareOf, type Taking } from './bucket.ts';
import type { Claim } from './claim.ts';
import type { ClaimRecord, ClaimStanding, ClaimTaking, Hold, Moment } from './claim-taking.ts';
import type { CounterLedger, CounterTaking } from './counter.ts';
import type { LeaseVerdict } from './lease-report.ts';

/** A request's demand on a bucket that several machines share. */
export interface LeasedTaking {
  readonly need: number;
  readonly at: Moment;
  readonly verdict: LeaseVerdict | undefined;
  readonly record: ClaimRecord;
}

/**
 * Takes from buckets that several machines share. A machine takes units of a bucket in advance; while no store answers, it
 * takes from a bucket of its own, its share of the rate.
 */
export class LeasedBuckets {
  readonly #counters: CounterLedger;
  readonly #shares: BucketLedger;
  readonly #shareRecords = new WeakMap<ClaimRecord, ClaimRecord>();

  constructor(counters: CounterLedger, shares: BucketLedger) {
    this.#counters = counters;
    this.#shares = shares;
  }

  take(claim: Claim, limit: BucketLimit, { need, at, verdict, record }: LeasedTaking): ClaimTaking {
    const { key, endMs } = record;
    const { isSoft } = claim;
    // A request larger than the bucket takes all of it now, and the rest when it ends.
    const amount = Math.min(need, limit.burst);
    const wanted = { need: amount, amount: limit.burst, endMs, mayPassIdle: false, isSoft, isLeased: true };
    const taking = this.#counters.take(key, wanted);
    const { kind } = taking;
    if (kind === 'unseeded') return { kind };
    if (kind === 'full') {
      if (typeof verdict === 'object')
        return this.#takeShare(record, limit, { amount, at, nodes: verdict.nodes });
      if (verdict !== 'full') return { kind: 'short' };
    }
    const standing = leasedStanding(limit, taking, at.nowMs);
    if (kind === 'taken') return { kind, hold: { record, amount }, standing };
    const waitMs = standing.resetMs - ((limit.burst - amount) * 1000) / limit.ratePerSecond;
    return { kind, retryAfterMs: Math.max(1, waitMs), standing: { ...standing, remaining: 0 } };
  }

  /** Replaces a hold by the actual use. */
  settle({ record, amount }: Hold, used: number, limit: BucketLimit, at: Moment): void {
    const { claim, key, endMs, shares } = record;
    if (shares === undefined) this.#counters.settle(key, { held: amount, endMs }, used);
    else this.#adjustShare({ claim, key, shares }, limit, used - amount, at);
  }

  /** Holds more without checking whether that fits. */
  grow({ claim, key, shares }: ClaimRecord, more: number, limit: BucketLimit, at: Moment): void {
    if (shares === undefined) this.#counters.grow(key, more);
    else this.#adjustShare({ claim, key, shares }, limit, more, at);
  }

  /** The state of a bucket as the store last told it, with what this machine has taken in advance; undefined: unknown. */
  standing(key: string, limit: BucketLimit, nowMs: number): ClaimStanding | undefined {
    const record = this.#counters.leased(key);
    if (record === undefined) return undefined;
    return leasedStanding(limit, { ...record, elsewhere: this.#counters.elsewhere(key) }, nowMs);
  }

  #adjustShare({ claim, key, shares }: Share, limit: BucketLimit, more: number, at: Moment): void {
    this.#shares.adjust(shareKey(claim), shareOf(limit, shares), at.nowMs, more);
    if (more !== 0) this.#counters.noteAlone(key, more);
  }

  /** The bucket of this machine begins as full as the shared one was when the store last told. */
  #takeShare(
    record: ClaimRecord,
    whole: BucketLimit,
    { amount, at, nodes }: { amount: number; at: Moment; nodes: number },
  ): ClaimTaking {
    const { claim, key } = record;
    const limit = shareOf(whole, nodes);
    const cost = Math.min(amount, limit.burst);
    const told = this.#counters.elsewhere(key);
    const taking = this.#shares.takeAbove(told, { key: shareKey(claim), limit, nowMs: at.nowMs, cost });
    const standing = bucketStanding(limit, taking);
    if (!taking.admitted) return { kind: 'full', retryAfterMs: taking.retryAfterMs, standing };
    this.#counters.noteElsewhere(key, Math.max(told, taking.level));
    this.#counters.noteAlone(key, cost);
    return { kind: 'taken', hold: { record: this.#shareRecord(record, nodes), amount: cost }, standing };
  }

  /** The same for all requests while neither the record nor the machines change. */
  #shareRecord(record: ClaimRecord, shares: number): ClaimRecord {
    const known = this.#shareRecords.get(record);
    if (known?.shares === shares) return known;
    const share = { ...record, shares };
    this.#shareRecords.set(record, share);
    return share;
  }
}

type Share = Pick<ClaimRecord, 'claim' | 'key'> & { readonly shares: number };

/** Rounding errors of times must not cost a client its unit. */
const ROUNDING = 1e-6;

/** The free part: in the store, as it last said, and in the lease of this machine. */
function leasedStanding(
  { ratePerSecond, burst }: BucketLimit,
  { used, held, allow, elsewhere }: LeasedRecord,
  nowMs: number,
): ClaimStanding {
  const resetMs = Math.max(0, elsewhere - nowMs);
  const free = Math.max(0, burst - (resetMs * ratePerSecond) / 1000);
  const own = Math.max(0, allow - used - held);
  const remaining = Math.max(0, Math.min(burst, Math.floor(free + own + ROUNDING)));
  return { used: burst - remaining, held: 0, limit: burst, remaining, resetMs, isShared: true };
}

type LeasedRecord = Pick<CounterTaking, 'used' | 'held' | 'allow' | 'elsewhere'>;

function shareKey({ counter }: Claim): string {
  return `${counter}#share`;
}

/** A bucket that several machines share, and this one has not used yet. It is taken for full. */
export function unusedBucket({ burst }: Pick<BucketLimit, 'burst'>): ClaimStanding {
  return { used: 0, held: 0, limit: burst, remaining: burst, resetMs: 0, isShared: true };
}

/** A bucket does not distinguish holds from use. */
export function bucketStanding({ burst }: BucketLimit, { remaining, resetMs }: Taking): ClaimStanding {
  return { used: Math.max(0, burst - remaining), held: 0, limit: burst, remaining, resetMs };
}
