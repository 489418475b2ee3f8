import { claimsIn } from '../../config/claims-in-scope.ts';
import type { Snapshot } from '../../config/snapshot.ts';
import { type Claim, isBucketPeriod } from '../../limits/claim.ts';
import { windowOf } from '../../limits/window.ts';
import type { Database } from '../../store/database.ts';
import { type Entry, insertEntries, writeEntries } from './entry.ts';

/** The use that another program has counted for a budget in its current window. */
export interface Opening {
  readonly scope: 'team' | 'user' | 'key';
  /** Our name of the team, user or key. */
  readonly name: string;
  /** The period of the budget, such as `month`. */
  readonly per: string;
  readonly dollars: number;
  /** Unique within the other program. */
  readonly externalId: string;
}

export interface OpeningContext {
  /** The configuration that has the budgets. */
  readonly snapshot: Snapshot;
  /** The other program. */
  readonly source: string;
  readonly actor: string;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/**
 * Enters the use of budgets from before the ledger, each once. Reports exclude it, since it is unknown when and for
 * what it was spent. Returns the number of new entries. Throws `StoreUnavailable`.
 */
export async function openBudgets(
  database: Database,
  openings: readonly Opening[],
  context: OpeningContext,
): Promise<number> {
  const entries = openings.flatMap((opening) => {
    const claim = budgetOf(opening, context.snapshot);
    return claim === undefined ? [] : [entryOf(opening, claim, context)];
  });
  const taken = await writeEntries(database, (sql) => insertEntries(sql, entries, context.nowMs));
  return taken.length;
}

function budgetOf({ scope, name, per }: Opening, snapshot: Snapshot): Claim | undefined {
  const id = idOf(scope, name, snapshot);
  if (id === undefined) return undefined;
  return claimsIn(snapshot.limits, scope, [id]).find(
    ({ kind, period, models, isSoft }) =>
      kind === 'cost' && period?.unit === per && models === undefined && !isSoft,
  );
}

function idOf(scope: Opening['scope'], name: string, { owners, access }: Snapshot): string | undefined {
  const named = (all: Iterable<{ readonly id: string; readonly name: string }>): string | undefined =>
    [...all].find((one) => one.name === name)?.id;
  if (scope === 'team') return named(owners.teams.values());
  if (scope === 'user') return named(owners.users.values());
  return access.kind === 'keys' ? named(access.keys.values()) : undefined;
}

function entryOf(
  { dollars, externalId }: Opening,
  claim: Claim,
  { source, actor, nowMs }: OpeningContext,
): Entry {
  const { period } = claim;
  const windowMs = period === undefined || isBucketPeriod(period) ? 0 : windowOf(period, nowMs).startMs;
  const amount = Math.round(dollars * 1e9);
  return {
    kind: 'opening',
    atMs: nowMs,
    counter: claim.counter,
    windowMs,
    amount,
    reason: 'spent before the ledger',
    actor,
    source,
    externalId,
    moves: [{ claim, windowMs, amount }],
  };
}
