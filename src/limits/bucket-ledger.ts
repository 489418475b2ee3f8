import { LocalTable, type NumberTable } from '../lib/number-table.ts';
import { type BucketLimit, take, type Taking } from './bucket.ts';

/** The record of a bucket: the `level` of `take`. */
export const BUCKET_FIELDS = ['level'] as const;
export type BucketTable = NumberTable<(typeof BUCKET_FIELDS)[number]>;

/** The buckets by key. A full bucket is dropped, since it equals a new one. */
export class BucketLedger {
  readonly #buckets: BucketTable;

  constructor(buckets: BucketTable = new LocalTable(BUCKET_FIELDS)) {
    this.#buckets = buckets;
  }

  take(key: string, limit: BucketLimit, nowMs: number): Taking {
    return this.#buckets.update(key, (bucket) => {
      const taking = take(bucket.level, limit, nowMs);
      if (taking.admitted) bucket.level = taking.level;
      return taking;
    });
  }

  /** Drops the buckets that are full by now, to bound the memory. */
  sweep(nowMs: number): void {
    this.#buckets.sweep(({ level }) => level <= nowMs);
  }
}
