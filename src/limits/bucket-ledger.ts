import { type BucketLimit, take, type Taking } from './bucket.ts';

/** The buckets of one process, by key. A bucket that is full again is forgotten: it is like a new one. */
export class BucketLedger {
  readonly #levels = new Map<string, number>();

  take(key: string, limit: BucketLimit, nowMs: number): Taking {
    const taking = take(this.#levels.get(key) ?? 0, limit, nowMs);
    if (taking.admitted) this.#levels.set(key, taking.level);
    return taking;
  }

  /** Drops the buckets that are full by now, to bound the memory. */
  sweep(nowMs: number): void {
    for (const [key, level] of this.#levels) {
      if (level <= nowMs) this.#levels.delete(key);
    }
  }
}
