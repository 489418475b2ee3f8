import type { BucketLedger, BucketLimit, Taking } from './bucket.ts';
import type { Claim } from './claim.ts';
import type { ClaimCounters } from './claim-counters.ts';
import type { ClaimStanding, ClaimTaking, Moment } from './claim-taking.ts';
import type { LeaseVerdict } from './lease-report.ts';

/** How often a request asks for units, or for an unknown record, before its own machine decides. */
const MOST_TRIES = 20;

/** The rate limits of keys where several machines share them. */
export class SharedRates {
  readonly #counters: ClaimCounters;
  /** Those of this machine. */
  readonly #own: BucketLedger;
  readonly #epochMs: () => number;
  /** By the key of the bucket. A changed limit replaces the claim. */
  readonly #claims = new Map<string, { readonly limit: BucketLimit; readonly claim: Claim }>();

  constructor(counters: ClaimCounters, own: BucketLedger, epochMs: () => number) {
    this.#counters = counters;
    this.#own = own;
    this.#epochMs = epochMs;
  }

  /** Takes one token. Returns a promise if the store has to be asked. */
  take(key: string, limit: BucketLimit, nowMs: number): Taking | Promise<Taking> {
    if (limit.ratePerSecond <= 0 || limit.burst < 1) return this.#own.take(key, limit, nowMs);
    const claim = this.#claimOf(key, limit);
    const at = { nowMs, epochMs: this.#epochMs() };
    const taking = this.#counters.take(claim, 1, at);
    return this.#outcome(taking, claim, at) ?? this.#ask(claim, { key, limit, at, taking });
  }

  /** Drops the buckets that are full again. */
  sweep(nowMs: number): void {
    this.#own.sweep(nowMs);
    if (this.#claims.size > MOST_CLAIMS) this.#claims.clear();
  }

  async #ask(
    claim: Claim,
    { key, limit, at, taking }: { key: string; limit: BucketLimit; at: Moment; taking: ClaimTaking },
  ): Promise<Taking> {
    let next = taking;
    let alone: LeaseVerdict | undefined;
    for (let triesLeft = MOST_TRIES; triesLeft > 0; triesLeft--) {
      let verdict = alone;
      if (next.kind === 'unseeded') await this.#counters.seed(claim, at);
      else {
        verdict = await this.#counters.lease(claim, 1, at);
        if (typeof verdict === 'object') alone = verdict;
      }
      next = this.#counters.take(claim, 1, at, verdict);
      const outcome = this.#outcome(next, claim, at);
      if (outcome !== undefined) return outcome;
      if (verdict === 'away') break;
    }
    return this.#own.take(key, limit, at.nowMs);
  }

  /** undefined: it is not decided yet. A token that was taken stays taken. */
  #outcome(taking: ClaimTaking, claim: Claim, at: Moment): Taking | undefined {
    switch (taking.kind) {
      case 'taken':
        this.#counters.settle(taking.hold, 1, at);
        return takingOf(taking.standing, true, 0);
      case 'full':
        return takingOf(taking.standing, false, taking.retryAfterMs);
      case 'short':
      case 'unseeded':
        return undefined;
    }
  }

  #claimOf(key: string, limit: BucketLimit): Claim {
    const known = this.#claims.get(key);
    if (known?.limit === limit) return known.claim;
    const claim = rateClaim(key, limit);
    this.#claims.set(key, { limit, claim });
    return claim;
  }
}

/** Keys that were deleted are forgotten with the others at times. */
const MOST_CLAIMS = 2 ** 17;
/** As much of the key's hash as tells keys apart. */
const NAME_LENGTH = 24;

function rateClaim(key: string, { ratePerSecond, burst }: BucketLimit): Claim {
  const scopeId = key.slice(0, NAME_LENGTH);
  return {
    counter: `key:${scopeId}/rate_limit`,
    scope: 'key',
    scopeId,
    name: scopeId,
    limitId: 'rate_limit',
    kind: 'requests',
    amount: ratePerSecond,
    period: { unit: 'second' },
    burst,
    hold: 'maximum',
    isSoft: false,
    alertAt: [],
    countsCached: true,
    models: undefined,
  };
}

function takingOf({ remaining, resetMs }: ClaimStanding, admitted: boolean, retryAfterMs: number): Taking {
  return { admitted, level: 0, remaining, retryAfterMs, resetMs };
}
