import type { LeaseOptions, LeaseReport } from './lease-report.ts';
import { aloneLeftOf, claimOf, countUse, type Lease, pendingOf } from './lease-state.ts';

/** The part of a report that asks for more. */
export type Wish = Pick<LeaseReport, 'need' | 'want' | 'takesRest'>;

/** A report that only tells. */
export const NOTHING: Wish = { need: 0, want: 0, takesRest: false };

/** Whether a store that has lost all needs a report of a lease. */
export function hasToTell(lease: Lease, options: LeaseOptions, nowMs: number): boolean {
  if (claimOf(lease, options) > 0) return true;
  if (lease.of.form !== 'bucket') return pendingOf(lease, options) > 0;
  countUse(lease, options);
  return lease.fullAtMs > nowMs || aloneLeftOf(lease, options, nowMs) > 0;
}

/** Writes the next report of a lease, whose answer is then awaited. */
export function reportOf(lease: Lease, options: LeaseOptions, wish: Wish, nowMs: number): LeaseReport {
  const { counter, form, windowMs, limit, perMs } = lease.of;
  tellGrown(lease, options);
  countUse(lease, options);
  const claim = claimOf(lease, options);
  const stored = form === 'window' ? (options.storedOf?.(counter, windowMs) ?? 0) : 0;
  const pending = pendingOf(lease, options);
  lease.seq += 1;
  lease.waiting = lease.seq;
  lease.toldTotal = lease.total;
  lease.toldAlone = lease.alone;
  lease.toldClaim = claim;
  lease.isIdle = claim === 0 && (form === 'bucket' || pending === 0);
  const fullInMs = Math.max(0, lease.fullAtMs - nowMs);
  const { seq, alone } = lease;
  const aloneLeft = aloneLeftOf(lease, options, nowMs);
  const told = { pending, stored, claim, alone, aloneLeft };
  return { counter, form, windowMs, seq, ...told, ...wish, limit, perMs, fullInMs };
}

/** A hold that outgrew the lease is told, not asked for: it is being spent. */
function tellGrown(lease: Lease, { records }: LeaseOptions): void {
  const record = records.leased(lease.of.key);
  const lack = record === undefined ? 0 : record.used + record.held - record.allow;
  if (lack <= 0) return;
  const fromReserve = Math.min(lack, lease.reserve);
  lease.reserve -= fromReserve;
  records.allowMore(lease.of.key, lack);
}
