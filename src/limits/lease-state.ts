import { type LeasedCounter, leaseKey, type LeaseOptions, type LeaseReport } from './lease-report.ts';

/** A machine's lease of one counter. */
export interface Lease {
  of: LeasedCounter;
  seq: number;
  /** The report that waits for its answer; 0: none. */
  waiting: number;
  /** Whether the store has ever answered. */
  isKnown: boolean;
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
  /** The use of a bucket since this machine knows it, and how much of it the last report and its answer told. */
  total: number;
  toldTotal: number;
  knownTotal: number;
  /** The use of this machine's share of a bucket, likewise. */
  alone: number;
  toldAlone: number;
  knownAlone: number;
  /** The claim in the last report. */
  toldClaim: number;
  /** The use in the record of a bucket that is in `total`. */
  countedUse: number;
  /** When a bucket is full. */
  fullAtMs: number;
  usedAtMs: number;
  recalledUntilMs: number;
  /** Whether its window had not begun when its reserve was first asked for, and no request has asked since. */
  isAhead: boolean;
  /** The last report that said that nothing is claimed and nothing pending. */
  isIdle: boolean;
}

/** A lease before its first report. */
export const NEW_LEASE: Omit<Lease, 'of'> = {
  seq: 0,
  waiting: 0,
  isKnown: false,
  reserve: 0,
  free: 0,
  others: 0,
  nodes: 1,
  need: 0,
  left: 0,
  pace: 0,
  total: 0,
  toldTotal: 0,
  knownTotal: 0,
  alone: 0,
  toldAlone: 0,
  knownAlone: 0,
  toldClaim: 0,
  countedUse: 0,
  fullAtMs: 0,
  usedAtMs: 0,
  recalledUntilMs: 0,
  isAhead: false,
  isIdle: false,
};

/** The key of the record behind a report. */
export function keyOf({ counter, windowMs }: Pick<LeaseReport, 'counter' | 'windowMs'>): string {
  return leaseKey(counter, windowMs);
}

/** Adds what was used of a bucket to its totals. A record that was lost begins again at 0. */
export function countUse(lease: Lease, { records }: LeaseOptions): void {
  const { form, key } = lease.of;
  if (form !== 'bucket') return;
  const used = records.leased(key)?.used ?? 0;
  lease.total += used < lease.countedUse ? used : used - lease.countedUse;
  lease.countedUse = used;
  lease.alone += records.takeAlone(key);
}

/**
 * The use of this machine's share of a bucket that was not told and has not flowed in again. The share is full when the bucket
 * would be, so every machine brings its part.
 */
export function aloneLeftOf({ of, ...lease }: Lease, { records }: LeaseOptions, nowMs: number): number {
  if (of.form !== 'bucket') return 0;
  const lateMs = records.elsewhere(of.key) - Math.max(nowMs, lease.fullAtMs);
  return Math.max(0, Math.min(lease.alone - lease.knownAlone, (lateMs * of.perMs) / lease.nodes));
}

/** The use of a machine that the ledger does not have yet; for slots, its requests under way. */
export function pendingOf(lease: Lease, { records, unstoredOf }: LeaseOptions): number {
  const { key, counter, windowMs, form } = lease.of;
  switch (form) {
    case 'bucket':
      return lease.total;
    case 'slots':
      return records.leased(key)?.held ?? 0;
    case 'window':
      return records.leased(key)?.used ?? unstoredOf?.(counter, windowMs) ?? 0;
  }
}

/** The rest that a machine may use. */
export function claimOf({ of, reserve }: Lease, { records }: LeaseOptions): number {
  const record = records.leased(of.key);
  if (record === undefined) return 0;
  if (of.form === 'slots') return Math.max(0, record.allow - record.held) + reserve;
  return Math.max(record.allow - record.used, record.held) + reserve;
}

/**
 * Whether the store knows all that a machine would report. Claims are reported again all the same, to hear when others need
 * them, but those of a bucket are small.
 */
export function isSettled(lease: Lease, options: LeaseOptions): boolean {
  const claim = claimOf(lease, options);
  if (lease.of.form === 'bucket')
    return (
      claim === lease.toldClaim &&
      pendingOf(lease, options) === lease.knownTotal &&
      lease.alone === lease.knownAlone
    );
  return lease.isIdle && claim === 0 && pendingOf(lease, options) === 0;
}
