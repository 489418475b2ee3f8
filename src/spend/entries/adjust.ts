import { claimOfCounter } from '../../config/compiled-limits.ts';
import { type Owners, type Team, teamIdsOf } from '../../config/owners.ts';
import type { Access, Snapshot } from '../../config/snapshot.ts';
import { type Claim, isBucketPeriod } from '../../limits/claim.ts';
import { windowOf } from '../../limits/window.ts';
import type { Database } from '../../store/database.ts';
import { emptyQuarter, type QuarterNames, type QuarterRow } from '../ledger/quarter.ts';
import { type Entry, insertEntries, storedUse, writeEntries } from './entry.ts';

/** A change of the use of a limit. */
export interface Adjustment {
  readonly claim: Claim;
  /** In the unit of the limit; `reset`: back to 0. */
  readonly change: number | 'reset';
  readonly reason: string;
  readonly actor: string;
  readonly snapshot: Pick<Snapshot, 'owners' | 'access'>;
  readonly nowMs: number;
}

/** The adjustment is not possible. The message is a clause. */
export class WrongAdjustment extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'WrongAdjustment';
  }
}

/** The largest use in money that a double represents exactly: $9,000,000. */
const MOST_LEFT_NANO = 9_000_000_000_000_000;

/**
 * Changes the use of a limit in its current window with an entry. Reports include a changed cost, but not a reset,
 * since the money was spent. Throws `WrongAdjustment`.
 */
export async function adjustLimit(database: Database, adjustment: Adjustment): Promise<Entry> {
  const { claim, change, nowMs } = adjustment;
  const windowMs = currentWindow(claim, nowMs);
  return writeEntries(database, async (sql) => {
    const used = await storedUse(sql, claim.counter, windowMs);
    const amount = change === 'reset' ? -used : change;
    if (claim.kind === 'cost' && claim.amount - used - amount > MOST_LEFT_NANO)
      throw new WrongAdjustment('would leave more than $9,000,000');
    const entry = entryOf(adjustment, { windowMs, amount });
    await insertEntries(sql, [entry], nowMs);
    return entry;
  });
}

/** The start of the window of a limit that contains the moment. Throws `WrongAdjustment`. */
function currentWindow({ period }: Claim, nowMs: number): number {
  if (period === undefined || isBucketPeriod(period))
    throw new WrongAdjustment('has no window of a day or longer, so there is nothing to adjust');
  return windowOf(period, nowMs).startMs;
}

function entryOf(
  { claim, change, reason, actor, snapshot, nowMs }: Adjustment,
  { windowMs, amount }: { readonly windowMs: number; readonly amount: number },
): Entry {
  const isSpent = change !== 'reset' && claim.kind === 'cost';
  const names = namesOfClaim(claim, snapshot);
  return {
    kind: change === 'reset' ? 'reset' : 'adjust',
    atMs: nowMs,
    counter: claim.counter,
    windowMs,
    keyId: names.keyId || undefined,
    team: names.team || undefined,
    userName: names.userName || undefined,
    amount,
    reason,
    actor,
    source: 'admin',
    externalId: crypto.randomUUID(),
    moves: [{ claim, windowMs, amount }],
    quarter: isSpent ? costRow(nowMs, names, amount) : undefined,
  };
}

function costRow(atMs: number, names: QuarterNames, cost: number): QuarterRow {
  const row = emptyQuarter(atMs, names);
  row.cost = cost;
  return row;
}

const NO_NAMES: QuarterNames = {
  keyId: '',
  keyName: '',
  model: '',
  provider: '',
  team: '',
  teamPath: '',
  teamIds: '',
  userId: '',
  userName: '',
  tags: '',
};

/** The names under which reports show a change for the scope of a limit. */
export function namesOfClaim(
  { scope, scopeId }: Claim,
  { owners, access }: Adjustment['snapshot'],
): QuarterNames {
  const ids = scopeId.split(':').map(decodeURIComponent);
  const [first = '', second = '', third = ''] = ids;
  switch (scope) {
    case 'global':
      return NO_NAMES;
    case 'team':
      return { ...NO_NAMES, ...teamNames(owners.teams.get(first)) };
    case 'user':
      return { ...NO_NAMES, ...userNames(owners, first) };
    case 'team_user':
      return ids.length === 3
        ? keyNames(access, third)
        : { ...NO_NAMES, ...teamNames(owners.teams.get(first)), ...userNames(owners, second) };
    case 'key':
    case 'end_user':
      return keyNames(access, first);
  }
}

/** The names of a key and its owners. A key that is gone is named by its id. */
export function keyNames(access: Access, id: string): QuarterNames {
  const keys = access.kind === 'keys' ? [...access.keys.values()] : [];
  const key = keys.find((one) => one.id === id);
  return {
    ...NO_NAMES,
    keyId: id,
    keyName: key?.name ?? id,
    ...teamNames(key?.team),
    ...(key?.user && { userId: key.user.id, userName: key.user.name }),
  };
}

export function teamNames(team: Team | undefined): Pick<QuarterNames, 'team' | 'teamPath' | 'teamIds'> {
  if (team === undefined) return { team: '', teamPath: '', teamIds: '' };
  return { team: team.name, teamPath: team.path, teamIds: teamIdsOf(team) };
}

export function userNames(owners: Owners, id: string): Pick<QuarterNames, 'userId' | 'userName'> {
  return { userId: id, userName: owners.users.get(id)?.name ?? id };
}

/** The limit that a counter belongs to; undefined: the configuration has none. */
export function findClaim(
  counter: string,
  { limits, models }: Pick<Snapshot, 'limits' | 'models'>,
): Claim | undefined {
  const configured = claimOfCounter(counter, limits);
  if (configured !== undefined) return configured;
  const [, keyId, endUser] = /^end_user:([^:/]*):([^/]*)\//.exec(counter) ?? [];
  if (keyId === undefined || endUser === undefined) return undefined;
  const key = { id: decodeURIComponent(keyId), name: '' };
  for (const model of ['', ...models.keys()]) {
    const claims = limits.endUserClaims(key, decodeURIComponent(endUser), model);
    const found = claims.find((claim) => claim.counter === counter);
    if (found !== undefined) return found;
  }
  return undefined;
}
