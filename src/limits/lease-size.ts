import type { LeaseOptions } from './lease-report.ts';
import type { Lease } from './lease-state.ts';

const NEAR_NEEDS = 20;
const IDLE_MS = 2000;
/** For how many ticks a machine takes leases ahead. */
const TICKS_AHEAD = 8;
/** The same of a bucket, which refills meanwhile: a second. */
const BUCKET_TICKS_AHEAD = 4;
/** A machine may take what flows into a bucket in this time. */
const BUCKET_MS_AHEAD = 500;
/** For so long after its last use a counter keeps its reserve. */
export const RESERVED_MS = 600_000;

/** How much a machine asks for when a request needs more than it has. `crowd`: all that wait for it need. */
export function wantOf(lease: Lease, options: LeaseOptions, need: number, crowd: number): number {
  if (options.isExact === true || lease.free < nearNeeds(lease) * need)
    // All that wait for slots or a bucket use at once what they get. Near the end of a budget, others may need it more.
    return lease.of.form === 'window' ? need : Math.max(need, crowd);
  const share = Math.floor(lease.free / (2 * lease.nodes));
  return Math.max(need, Math.min(share, Math.max(mostOf(lease, options), crowd)));
}

/** The amount that is asked for before a request needs it: to go on at the same pace, and to have a reserve. */
export function wantedAhead(lease: Lease, options: LeaseOptions, nowMs: number): number {
  if (lease.of.isSoft === true || lease.usedAtMs < nowMs - RESERVED_MS) return 0;
  if (isNear(lease, options, nowMs)) return 0;
  const reserve = Math.max(0, reserveTarget(lease, options, nowMs) - lease.reserve);
  const share = Math.floor(lease.free / (2 * lease.nodes));
  return reserve + Math.max(0, Math.min(lackAhead(lease, options), share));
}

/** The part of the claim that is to be left alone while the store answers. Without windows, each machine has its share then. */
export function reserveTarget(lease: Lease, options: LeaseOptions, nowMs: number): number {
  if (options.hasReserve === false || lease.of.form !== 'window' || isNear(lease, options, nowMs)) return 0;
  return Math.floor(lease.free / (2 * lease.nodes));
}

/** Whether so little is free that each request asks for what it needs. */
export function isNear(lease: Lease, { isExact }: LeaseOptions, nowMs: number): boolean {
  if (isExact === true) return true;
  return lease.free < nearNeeds(lease) * Math.max(1, lease.need) || lease.recalledUntilMs > nowMs;
}

/** How many needs have to be free, so that a node takes more than one request needs. Slots are few, and come back. */
function nearNeeds({ of, nodes }: Lease): number {
  return of.form === 'slots' ? 2 * nodes : NEAR_NEEDS;
}

/** The part of the lease that is more than will soon be used, up to what a reserve of `target` lacks. */
export function surplusOf(lease: Lease, options: LeaseOptions, target: number, nowMs: number): number {
  const record = options.records.leased(lease.of.key);
  if (record === undefined) return 0;
  const kept = isUnused(lease, nowMs) ? 0 : Math.max(mostOf(lease, options), soonUsed(lease));
  return Math.max(0, Math.min(record.allow - record.used - record.held - kept, target - lease.reserve));
}

/** Whether a counter was not used of late, so that its lease is idle. */
export function isUnused({ usedAtMs }: Lease, nowMs: number): boolean {
  return nowMs - usedAtMs > IDLE_MS;
}

/** How much less than will soon be used a machine has, up to the most of a limit that it takes at once. */
function lackAhead(lease: Lease, options: LeaseOptions): number {
  const record = options.records.leased(lease.of.key);
  if (record === undefined) return 0;
  return Math.min(mostOf(lease, options), soonUsed(lease)) - (record.allow - record.used - record.held);
}

function soonUsed({ of, pace }: Lease): number {
  return Math.ceil(pace * (of.form === 'bucket' ? BUCKET_TICKS_AHEAD : TICKS_AHEAD));
}

function mostOf({ of }: Lease, { percent }: LeaseOptions): number {
  const least = of.form === 'slots' ? 1 : of.perMs * BUCKET_MS_AHEAD;
  return Math.floor(Math.max((of.limit * percent) / 100, least));
}
