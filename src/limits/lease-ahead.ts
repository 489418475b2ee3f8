import { type LeasedCounter, leaseKey, type LeaseOptions } from './lease-report.ts';
import { RESERVED_MS } from './lease-size.ts';
import { type Lease, NEW_LEASE } from './lease-state.ts';

/** The time of a tick: on a monotonic clock, and since 1970. */
export interface TickTime {
  readonly nowMs: number;
  readonly epochMs: number;
}

/**
 * Adds leases of the windows that begin soon, for the counters that are in use: a machine that is cut off when a window begins has
 * only what it has reserved in it before.
 */
export function leaseAhead(leases: Map<string, Lease>, options: LeaseOptions, time: TickTime): void {
  const found: Lease[] = [];
  for (const lease of leases.values()) {
    const of = windowAfter(lease, options, time);
    if (of === undefined) continue;
    const ahead = leases.get(of.key) ?? { ...NEW_LEASE, of, isAhead: true };
    ahead.usedAtMs = Math.max(ahead.usedAtMs, lease.usedAtMs);
    found.push(ahead);
  }
  for (const ahead of found) leases.set(ahead.of.key, ahead);
}

/** The end of the window is a guess, which the first request corrects. */
function windowAfter(
  { of, usedAtMs }: Lease,
  { hasReserve }: LeaseOptions,
  { nowMs, epochMs }: TickTime,
): LeasedCounter | undefined {
  const { form, isSoft, counter, windowMs, endMs } = of;
  if (form !== 'window' || isSoft === true || hasReserve === false) return undefined;
  if (usedAtMs < nowMs - RESERVED_MS || endMs <= epochMs || endMs > epochMs + RESERVED_MS) return undefined;
  return { ...of, windowMs: endMs, endMs: 2 * endMs - windowMs, key: leaseKey(counter, endMs) };
}
