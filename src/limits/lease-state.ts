import { type LeasedCounter, leaseKey, type LeaseOptions, type LeaseReport } from './lease-report.ts';

/** A machine's lease of one counter. */
export interface Lease {
  of: LeasedCounter;
  seq: number;
  /** The report that waits for its answer; 0: none. */
  waiting: number;
  /** The part of the claim that is left alone while the store answers. */
  reserve: number;
  free: number;
  others: number;
  nodes: number;
  /** The largest need of late. */
  need: number;
  /** The amount that was allowed after the last report and its grant. It shows what was used since. */
  left: number;
  /** A moving average of what is used between two ticks. */
  pace: number;
  usedAtMs: number;
  recalledUntilMs: number;
  /** The last report that said that nothing is claimed and nothing pending. */
  isIdle: boolean;
}

/** A lease before its first report. */
export const NEW_LEASE: Omit<Lease, 'of'> = {
  seq: 0,
  waiting: 0,
  reserve: 0,
  free: 0,
  others: 0,
  nodes: 1,
  need: 0,
  left: 0,
  pace: 0,
  usedAtMs: 0,
  recalledUntilMs: 0,
  isIdle: false,
};

/** The key of the record behind a report. */
export function keyOf({ counter, windowMs }: Pick<LeaseReport, 'counter' | 'windowMs'>): string {
  return leaseKey(counter, windowMs);
}

/** For how many ticks a machine takes leases ahead. */
export const TICKS_AHEAD = 8;

/** How much less than will soon be used a machine has, up to the most of a limit that it takes at once. */
export function lackAhead({ of, pace }: Lease, { records, percent }: LeaseOptions): number {
  const record = records.leased(of.key);
  if (record === undefined) return 0;
  const most = Math.floor((of.limit * percent) / 100);
  return Math.min(most, Math.ceil(pace * TICKS_AHEAD)) - (record.allow - record.used - record.held);
}
