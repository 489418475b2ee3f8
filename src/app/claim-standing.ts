import type { Counters } from '../gateway/limits/ports.ts';
import type { Clock } from '../gateway/ports.ts';
import { type Claim, isBucketPeriod } from '../limits/claim.ts';
import type { ClaimStanding, UsedOf } from '../limits/claim-taking.ts';
import { unusedBucket } from '../limits/leased-bucket.ts';
import { windowOf } from '../limits/window.ts';

type ReadCounters = Pick<Counters, 'standing' | 'isShared'>;

export interface StandingSources {
  readonly counters: ReadCounters;
  /** The use according to the ledger. */
  readonly usedOf: UsedOf;
  /** The same as it was last read, which takes no reading; undefined: `usedOf` reads nothing. */
  readonly knownOf?: UsedOf | undefined;
  readonly clock: Pick<Clock, 'nowMs' | 'epochMs'>;
}

/** The state of a limit; undefined: unknown. */
export type StandingOf = (claim: Claim) => ClaimStanding | undefined;

/**
 * Reads the state of limits for display. A counter that no request has used yet is read from the ledger, so that a long
 * list of limits does not evict counters in use.
 */
export function standingsFrom({ counters, clock, ...ledger }: StandingSources): StandingOf {
  const usedOf = readOnce(ledger);
  return (claim) => {
    const at = { nowMs: clock.nowMs(), epochMs: clock.epochMs() };
    return counters.standing(claim, at) ?? inLedger(claim, at.epochMs, { usedOf, counters });
  };
}

/** Reads the journals once for all limits that one turn asks for: reading takes longer than any look-up. */
function readOnce({ usedOf, knownOf = usedOf }: Pick<StandingSources, 'usedOf' | 'knownOf'>): UsedOf {
  let isRead = false;
  return (counter, windowMs) => {
    if (isRead) return knownOf(counter, windowMs);
    isRead = true;
    queueMicrotask(() => (isRead = false));
    return usedOf(counter, windowMs);
  };
}

/**
 * The same for metrics. `knownOf` is the ledger's use as it was last read. A bucket that no request has used is full.
 */
export function withLedger(counters: ReadCounters, knownOf: UsedOf = () => 0): Pick<Counters, 'standing'> {
  return {
    standing: (claim, at) =>
      counters.standing(claim, at) ??
      inLedger(claim, at.epochMs, { usedOf: knownOf, counters }) ?? {
        used: 0,
        held: 0,
        limit: claim.amount,
        remaining: claim.amount,
        resetMs: 0,
      },
  };
}

function inLedger(
  claim: Claim,
  epochMs: number,
  { usedOf, counters }: Pick<StandingSources, 'usedOf' | 'counters'>,
): ClaimStanding | undefined {
  const { period, amount, counter } = claim;
  const shared = counters.isShared(claim) ? { isShared: true } : {};
  if (period === undefined)
    return { used: 0, held: 0, limit: amount, remaining: amount, resetMs: 0, ...shared };
  if (isBucketPeriod(period)) {
    const { burst = amount } = claim;
    return counters.isShared(claim) ? unusedBucket({ burst }) : undefined;
  }
  const { startMs, endMs } = windowOf(period, epochMs);
  const used = usedOf(counter, startMs);
  return {
    used,
    held: 0,
    limit: amount,
    remaining: Math.max(0, amount - used),
    resetMs: endMs - epochMs,
    ...shared,
  };
}
