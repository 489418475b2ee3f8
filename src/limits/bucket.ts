import { LocalTable, type NumberRecord, type NumberTable } from '../lib/number-table.ts';

/** A token bucket: `ratePerSecond` tokens flow in, up to `burst`. A rate of 0 admits nothing. */
export interface BucketLimit {
  readonly ratePerSecond: number;
  readonly burst: number;
}

/** The result of taking tokens. `level` is the bucket's new state, for the next call. */
export interface Taking {
  readonly admitted: boolean;
  readonly level: number;
  /** Whole tokens left. */
  readonly remaining: number;
  /** Time until they are available; 0 if admitted, Infinity if never. */
  readonly retryAfterMs: number;
  /** Time until the bucket is full. */
  readonly resetMs: number;
}

/**
 * Takes `cost` tokens by the generic cell rate algorithm. The whole state of a bucket is one number, the time at which it
 * will be full (the "theoretical arrival time"), which makes it exact, cheap, and shareable. `level` is 0 for a new
 * bucket; all times are milliseconds of one clock.
 */
export function take(level: number, limit: BucketLimit, nowMs: number, cost = 1): Taking {
  if (limit.ratePerSecond <= 0 || limit.burst <= 0) {
    return { admitted: false, level, remaining: 0, retryAfterMs: Infinity, resetMs: Infinity };
  }
  const intervalMs = 1000 / limit.ratePerSecond;
  const toleranceMs = intervalMs * limit.burst;
  const fullAtMs = Math.max(level, nowMs) + intervalMs * cost;
  const excessMs = fullAtMs - nowMs - toleranceMs;
  if (excessMs > ROUNDING_MS) {
    return {
      admitted: false,
      level,
      remaining: 0,
      retryAfterMs: excessMs,
      resetMs: Math.max(0, level - nowMs),
    };
  }
  return {
    admitted: true,
    level: fullAtMs,
    remaining: Math.max(0, Math.floor((ROUNDING_MS - excessMs) / intervalMs)),
    retryAfterMs: 0,
    resetMs: fullAtMs - nowMs,
  };
}

/** Rounding errors of fractional milliseconds are smaller than this and must not cost a client its token. */
const ROUNDING_MS = 1e-3;

/** The record of a bucket: the `level` of `take`. */
export const BUCKET_FIELDS = ['level'] as const;
export type BucketTable = NumberTable<(typeof BUCKET_FIELDS)[number]>;

/** A withdrawal from a bucket. */
export interface BucketTaking {
  readonly key: string;
  readonly limit: BucketLimit;
  readonly nowMs: number;
  readonly cost: number;
  /** The bucket is not full before this time. */
  readonly levelMs: number;
}

function takeFrom(
  bucket: NumberRecord<(typeof BUCKET_FIELDS)[number]>,
  { limit, nowMs, cost, levelMs }: BucketTaking,
): Taking {
  const taking = take(Math.max(levelMs, bucket.level), limit, nowMs, cost);
  if (taking.admitted) bucket.level = taking.level;
  return taking;
}

/** The share of each of several machines in a limit. One request at a time always fits in it. */
export function sharePart(amount: number, nodes: number): number {
  return Math.max(1, Math.floor(amount / nodes));
}

/** The share of each of several machines in a bucket. */
export function shareOf({ ratePerSecond, burst }: BucketLimit, nodes: number): BucketLimit {
  return { ratePerSecond: ratePerSecond / nodes, burst: Math.max(Math.min(1, burst), burst / nodes) };
}

/** The buckets by key. A full bucket is dropped, since it equals a new one. */
export class BucketLedger {
  readonly #buckets: BucketTable;

  constructor(buckets: BucketTable = new LocalTable(BUCKET_FIELDS)) {
    this.#buckets = buckets;
  }

  take(key: string, limit: BucketLimit, nowMs: number, cost = 1): Taking {
    return this.#buckets.update(key, takeFrom, { key, limit, nowMs, cost, levelMs: 0 });
  }

  /** The same of a bucket that is not full before `levelMs`. */
  takeAbove(levelMs: number, taking: Omit<BucketTaking, 'levelMs'>): Taking {
    return this.#buckets.update(taking.key, takeFrom, { ...taking, levelMs });
  }

  /**
   * Takes `cost` tokens whether or not they are there; a negative cost gives tokens back. A bucket is never more than
   * full.
   */
  adjust(key: string, limit: BucketLimit, nowMs: number, cost: number): void {
    if (cost === 0 || limit.ratePerSecond <= 0) return;
    this.#buckets.update(key, (bucket) => {
      const level = Math.max(bucket.level, nowMs) + (1000 / limit.ratePerSecond) * cost;
      bucket.level = level > nowMs ? level : 0;
    });
  }

  /** The state of a bucket, from which nothing is taken. */
  peek(key: string, limit: BucketLimit, nowMs: number): Taking {
    return take(this.#buckets.read(key, ({ level }) => level) ?? 0, limit, nowMs, 0);
  }

  /** Drops the buckets that are full by now, to bound the memory. */
  sweep(nowMs: number): void {
    this.#buckets.sweep(({ level }) => level <= nowMs);
  }
}
