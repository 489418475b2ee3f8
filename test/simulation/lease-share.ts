import { BucketLedger } from '../../src/limits/bucket.ts';
import type { CounterLedger } from '../../src/limits/counter.ts';
import type { Claim } from '../../src/limits/claim.ts';
import { LeasedBuckets } from '../../src/limits/leased-bucket.ts';
import { claim } from '../unit/limits/claims.ts';

/** The parts of a world that a share depends on. */
export interface ShareWorld {
  readonly form: string;
  readonly need: number;
  readonly limit: number;
  readonly perMs: number;
  readonly nowMs: number;
  readonly nodeCount: number;
  readonly window: { readonly key: string };
}

/** A node's share of a bucket, for the time in which it does not hear the store. */
export class LeaseShare {
  readonly #buckets: LeasedBuckets;
  readonly #claim: Claim;

  constructor(records: CounterLedger, counter: string) {
    this.#buckets = new LeasedBuckets(records, new BucketLedger());
    this.#claim = claim({ counter, kind: 'tokens', period: { unit: 'second' } });
  }

  /** Whether a request is served from it. */
  take({ form, need, limit, perMs, nowMs, nodeCount, window }: ShareWorld): boolean {
    if (form !== 'bucket') return false;
    const taking = this.#buckets.take(
      this.#claim,
      { burst: limit, ratePerSecond: perMs * 1000 },
      {
        need,
        at: { nowMs, epochMs: nowMs },
        verdict: { nodes: nodeCount },
        record: { claim: this.#claim, key: window.key, windowMs: 0, endMs: Infinity },
      },
    );
    return taking.kind === 'taken' && taking.hold.record.shares !== undefined;
  }
}
