import type { Snapshot } from '../../config/snapshot.ts';
import type { Counters } from '../../gateway/limits/ports.ts';
import type { LimitEvent, LimitName } from '../../gateway/events.ts';
import { MOST_SERIES } from './metric-family.ts';
import type { LeaseState } from './lease-state.ts';
import type { MetricTable } from './metric-table.ts';

/** The sources that are read together with the metrics of limits. */
export interface LimitSources {
  readonly snapshot: () => Pick<Snapshot, 'limits'>;
  readonly clock: { readonly nowMs: () => number; readonly epochMs: () => number };
  /** The state of the limits; undefined if another process reports it. */
  readonly limits?: Pick<Counters, 'standing'> | undefined;
  /** The leases of this gateway. */
  readonly leaseState?: (() => LeaseState | undefined) | undefined;
}

/** Counts what becomes of requests with limits. */
export function countLimits(event: LimitEvent, table: MetricTable): void {
  switch (event.type) {
    case 'limit-refused':
      table.limitRefused.series(...labelsOf(event)).value += 1;
      return;
    case 'hold-grown':
      table.holdGrown.series().value += 1;
      return;
    case 'holds-lost':
      table.holdsLost.series().value += event.count;
      return;
    case 'holds-settled':
      if (event.usedOfHeld !== undefined) table.holdError.series().observe(event.usedOfHeld);
      for (const { nano, ...limit } of event.overspent) {
        const [scope, name] = labelsOf(limit);
        table.overspend.series(scope, name).value += nano / NANO;
      }
  }
}

/** Nano-dollars in a dollar. */
const NANO = 1e9;

/** Labels are names of the configuration, so all end users of a key share one series. */
function labelsOf({
  scope,
  name,
  limitId,
}: LimitName): readonly [scope: string, name: string, limit: string] {
  return [scope, scope === 'end_user' ? '' : name, limitId];
}

/** Reads the state of every configured limit. A limit whose use is unknown has no series. */
export function readLimits(table: MetricTable, { snapshot, limits, clock, leaseState }: LimitSources): void {
  if (limits === undefined) return;
  const claims = leaseState?.()?.store?.claims();
  const at = { nowMs: clock.nowMs(), epochMs: clock.epochMs() };
  const present = new Set<string>();
  let looked = 0;
  for (const claim of snapshot().limits.all()) {
    // Further ones would have no series of their own.
    if (++looked > MOST_SERIES) break;
    const labels = labelsOf(claim);
    table.limitRefused.series(...labels);
    if (claim.kind === 'cost' && !claim.isSoft) table.overspend.series(labels[0], labels[1]);
    const standing = limits.standing(claim, at);
    if (standing === undefined || standing.limit === 0) continue;
    present.add(labels.join('\n'));
    table.limitUsed.series(...labels).value = standing.used / standing.limit;
    table.limitHeld.series(...labels).value = standing.held / standing.limit;
    if (standing.isShared === true)
      table.leased.series(...labels).value = (claims?.get(claim.counter) ?? 0) / standing.limit;
  }
  const isPresent = (labels: readonly string[]): boolean => present.has(labels.join('\n'));
  table.limitUsed.retain(isPresent);
  table.limitHeld.retain(isPresent);
  table.leased.retain(isPresent);
}
