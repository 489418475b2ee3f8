import type { SQL } from 'bun';
import type { Snapshot } from '../../config/snapshot.ts';
import type { Database } from '../../store/database.ts';
import { emptyQuarter, QUARTER_MS } from '../ledger/quarter.ts';
import { currentUse, sumPastUse, type WantedUse } from '../ledger/past-use.ts';
import { byScope, counting } from '../ledger/counting-claims.ts';
import { findClaim, keyNames, namesOfClaim } from './adjust.ts';
import { discardSums, findWrongSums, type WrongSum } from './verify-sums.ts';
import { type Entry, insertEntries, storedUse, writeEntries } from './entry.ts';

/** Sums that should be equal and are not. Amounts are in nano-dollars. */
export type Difference =
  | WrongSum
  | {
      readonly kind: 'quarter';
      readonly quarterMs: number;
      readonly keyId: string;
      /** According to the rows of requests and the entries. */
      readonly expected: number;
      /** According to the sums that reports are made of. */
      readonly found: number;
    }
  | {
      readonly kind: 'counter';
      readonly use: WantedUse;
      /** According to the sums that reports are made of. */
      readonly expected: number;
      /** According to the counter. */
      readonly found: number;
    };

export interface Verified {
  readonly differences: readonly Difference[];
  /** The quarters with complete rows. Earlier rows were deleted, or are older than the ledger. */
  readonly quarters: number;
  readonly counters: number;
  /** The sums of an hour or longer. */
  readonly sums: number;
}

/**
 * Compares the ledger with itself: the rows of requests and the entries with the sums of reports, and these with the
 * use of configured budgets in their current windows; and the sums over longer times with those of a quarter of an hour.
 * Run it while nothing waits for the database.
 */
export async function verifyLedger(
  database: Database,
  { snapshot, nowMs }: { readonly snapshot: Snapshot; readonly nowMs: number },
): Promise<Verified> {
  const { differences, quarters } = await compareQuarters(database, nowMs);
  const budgets = [...currentUse(snapshot.limits.all(), nowMs)].filter(({ claim }) => claim.kind === 'cost');
  const counters = await compareCounters(database, budgets, snapshot);
  const { wrong, sums } = await findWrongSums(database);
  return { differences: [...differences, ...counters, ...wrong], quarters, counters: budgets.length, sums };
}

interface SumRow {
  readonly quarter: number | string;
  readonly key_id: string;
  readonly cost: number | string;
}

async function compareQuarters(
  database: Database,
  nowMs: number,
): Promise<{ readonly differences: Difference[]; readonly quarters: number }> {
  const span = await comparableSpan(database, nowMs);
  if (span === undefined) return { differences: [], quarters: 0 };
  const [from, to] = span;
  const { rows, entries, sums } = await database.read(async (sql) => {
    const quarterOf = (column: string) => sql.unsafe(`${column} - ${column} % ${QUARTER_MS}`);
    const rows: SumRow[] = await sql`select ${quarterOf('ended_at_ms')} as quarter,
      coalesce(key_id, key_name, '') as key_id, sum(coalesce(cost_nano, 0)) as cost
      from request_records where ended_at_ms >= ${from} and ended_at_ms < ${to} group by 1, 2`;
    // A reset and an opening affect only a limit, and a repair only a sum.
    const entries: SumRow[] = await sql`select ${quarterOf('at_ms')} as quarter,
      coalesce(key_id, '') as key_id, sum(amount) as cost from spend_entries
      where at_ms >= ${from} and at_ms < ${to} and kind not in ('reset', 'repair', 'opening')
        and (counter is null or counter like '%/cost/%') group by 1, 2`;
    const sums: SumRow[] = await sql`select quarter_ms as quarter, key_id, sum(cost) as cost
      from spend_quarters where quarter_ms >= ${from} and quarter_ms < ${to} group by 1, 2`;
    return { rows, entries, sums };
  });
  const expected = totals([...rows, ...entries]);
  const found = totals(sums);
  const keys = new Set([...expected.keys(), ...found.keys()]);
  const differences = [...keys].flatMap((key): Difference[] => {
    const [one, other] = [expected.get(key) ?? 0, found.get(key) ?? 0];
    if (one === other) return [];
    const at = key.indexOf(' ');
    return [
      {
        kind: 'quarter',
        quarterMs: Number(key.slice(0, at)),
        keyId: key.slice(at + 1),
        expected: one,
        found: other,
      },
    ];
  });
  return { differences, quarters: new Set(sums.map(({ quarter }) => Number(quarter))).size };
}

/** From the first quarter with complete rows to the current one. */
async function comparableSpan(
  database: Database,
  nowMs: number,
): Promise<readonly [number, number] | undefined> {
  return database.read(async (sql) => {
    const [row]: { at: number | string | null }[] =
      await sql`select min(ended_at_ms) as at from request_records`;
    const [sum]: { at: number | string | null }[] =
      await sql`select min(quarter_ms) as at from spend_quarters`;
    const [all]: { count: number | string }[] = await sql`select count(*) as count from request_records
      where key_id is null and ended_at_ms >= ${Number(sum?.at ?? 0)}`;
    if (row?.at === null || row === undefined || sum?.at === null || sum === undefined) return undefined;
    const firstRow = Math.ceil(Number(row.at) / QUARTER_MS) * QUARTER_MS;
    // If the ledger is younger than the rows, its first quarter may be incomplete.
    const isWhole = Number(row.at) >= Number(sum.at) && Number(all?.count ?? 0) === 0;
    const from = isWhole ? Number(sum.at) : Math.max(firstRow, Number(sum.at) + QUARTER_MS);
    return [from, nowMs - (nowMs % QUARTER_MS) + QUARTER_MS];
  });
}

function totals(rows: readonly SumRow[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { quarter, key_id, cost } of rows) {
    const key = `${Number(quarter)} ${key_id}`;
    sums.set(key, (sums.get(key) ?? 0) + Number(cost));
  }
  return sums;
}

async function compareCounters(
  database: Database,
  budgets: readonly WantedUse[],
  snapshot: Snapshot,
): Promise<Difference[]> {
  return database.read(async (sql) => {
    const spent = await sumPastUse(sql, budgets);
    const sinceMs = Math.min(...budgets.map(({ windowMs }) => windowMs));
    const entries = budgets.length === 0 ? [] : await counterEntries(sql, sinceMs);
    const moved = movedApart(entries, budgets, snapshot);
    const slack = await slackSince(sql, [...new Set(budgets.map(({ windowMs }) => windowMs))]);
    const differences: Difference[] = [];
    for (const use of budgets) {
      const expected = (spent.get(use) ?? 0) + (moved.get(use) ?? 0);
      const found = await storedUse(sql, use.claim.counter, use.windowMs);
      if (Math.abs(expected - found) > (slack.get(use.windowMs) ?? 0))
        differences.push({ kind: 'counter', use, expected, found });
    }
    return differences;
  });
}

/**
 * The allowed difference of a counter: a request is counted in the window in which it began, but in the sums when it
 * ended; and a lost one is charged what it held of each limit.
 */
async function slackSince(sql: SQL, windows: readonly number[]): Promise<Map<number, number>> {
  const slack = new Map<number, number>();
  for (const windowMs of windows) {
    const [edge]: { cost: number | string | null }[] =
      await sql`select sum(cost_nano) as cost from request_records
      where ended_at_ms >= ${windowMs} and ended_at_ms - duration_ms < ${windowMs + EDGE_MS}`;
    const [lost]: { cost: number | string | null }[] =
      await sql`select sum(lost_cost) as cost from spend_quarters
      where quarter_ms >= ${windowMs}`;
    slack.set(windowMs, Number(edge?.cost ?? 0) + Number(lost?.cost ?? 0));
  }
  return slack;
}

/** A request is counted a moment after it arrives, when its body has been read. */
const EDGE_MS = 1000;

interface CounterEntry {
  readonly counter: string;
  readonly window_ms: number | string;
  readonly at_ms: number | string;
  readonly amount: number | string;
  readonly kind: string;
}

async function counterEntries(sql: SQL, sinceMs: number): Promise<CounterEntry[]> {
  return sql`select counter, window_ms, at_ms, amount, kind from spend_entries
    where counter is not null and kind <> 'repair' and at_ms >= ${sinceMs}`;
}

/**
 * Effects of entries on counters but not on sums of reports, and the reverse: an adjustment changes one counter, but
 * the sums behind every counter of the same owner.
 */
function movedApart(
  entries: readonly CounterEntry[],
  budgets: readonly WantedUse[],
  snapshot: Snapshot,
): Map<WantedUse, number> {
  const index = byScope(budgets, ({ claim }) => claim);
  const byCounter = new Map(budgets.map((use) => [`${use.claim.counter} ${use.windowMs}`, use]));
  const moved = new Map<WantedUse, number>();
  const add = (use: WantedUse | undefined, amount: number): void => {
    if (use !== undefined) moved.set(use, (moved.get(use) ?? 0) + amount);
  };
  for (const { counter, window_ms, at_ms, amount, kind } of entries) {
    add(byCounter.get(`${counter} ${Number(window_ms)}`), Number(amount));
    const claim = kind === 'adjust' ? findClaim(counter, snapshot) : undefined;
    if (claim?.kind !== 'cost') continue;
    for (const use of counting(index, namesOfClaim(claim, snapshot), (one) => one.claim))
      if (Number(at_ms) - (Number(at_ms) % QUARTER_MS) >= use.windowMs) add(use, -Number(amount));
  }
  return moved;
}

/** Makes sums and counters agree with entries. Sums over longer times are computed again instead. */
export async function repairLedger(
  database: Database,
  differences: readonly Difference[],
  context: { readonly actor: string; readonly snapshot: Snapshot; readonly nowMs: number },
): Promise<void> {
  const wrong = differences.filter((difference) => difference.kind === 'sum');
  const others = differences.filter((difference) => difference.kind !== 'sum');
  await discardSums(database, wrong);
  const entries = others.map((difference) => repairOf(difference, context));
  await writeEntries(database, (sql) => insertEntries(sql, entries, context.nowMs));
}

function repairOf(
  difference: Exclude<Difference, WrongSum>,
  { actor, snapshot, nowMs }: { readonly actor: string; readonly snapshot: Snapshot; readonly nowMs: number },
): Entry {
  const amount = difference.expected - difference.found;
  const shared = {
    kind: 'repair',
    amount,
    reason: 'the sums of the ledger did not agree',
    actor,
    source: 'verify',
    externalId: crypto.randomUUID(),
  } as const;
  if (difference.kind === 'counter') {
    const { claim, windowMs } = difference.use;
    return { ...shared, atMs: nowMs, counter: claim.counter, windowMs, moves: [{ claim, windowMs, amount }] };
  }
  const { quarterMs, keyId } = difference;
  const quarter = emptyQuarter(quarterMs, keyNames(snapshot.access, keyId));
  quarter.cost = amount;
  return { ...shared, atMs: quarterMs, keyId: keyId || undefined, moves: [], quarter };
}
