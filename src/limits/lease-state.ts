import type { LeasedCounter } from './lease-report.ts';

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
