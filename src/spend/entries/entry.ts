import type { SQL } from 'bun';
import type { Claim } from '../../limits/claim.ts';
import type { Database } from '../../store/database.ts';
import type { QuarterRow } from '../ledger/quarter.ts';
import { addQuarters, sortedQuarters } from '../ledger/store-batch.ts';
import { sumPastUse } from '../ledger/past-use.ts';

/**
 * `adjust`: somebody changed what a limit has used. `reset`: the same, down to 0. `import`: use that another program
 * counted. `reprice`: a cost at other prices. `opening`: use from before the ledger. `later`: use that a provider reported
 * after the request. `repair`: the ledger's own sums were wrong.
 */
export type EntryKind = 'adjust' | 'reset' | 'import' | 'reprice' | 'opening' | 'later' | 'repair';

/** A correction of the ledger. The rows that it corrects stay as they are. */
export interface Entry {
  readonly kind: EntryKind;
  /** The time of the event that it corrects, in milliseconds since 1970. */
  readonly atMs: number;
  /** The limit that it corrects, if any. */
  readonly counter?: string | undefined;
  readonly windowMs?: number | undefined;
  readonly keyId?: string | undefined;
  readonly team?: string | undefined;
  readonly userName?: string | undefined;
  readonly model?: string | undefined;
  readonly provider?: string | undefined;
  /** Nano-dollars, or the unit of `counter`. */
  readonly amount: number;
  readonly inputTokens?: number | undefined;
  readonly outputTokens?: number | undefined;
  readonly reason: string;
  /** The person or program that made the entry. */
  readonly actor: string;
  /** Its origin; unique together with `externalId`. */
  readonly source: string;
  readonly externalId: string;
  /** Its effects on limits. */
  readonly moves: readonly Move[];
  /** Its effect on the sums of reports; undefined: none. */
  readonly quarter?: QuarterRow | undefined;
  /** The same on sums of another time, which costs nothing. */
  readonly otherQuarter?: QuarterRow | undefined;
}

/** A change of what a limit has used in a window. */
export interface Move {
  readonly claim: Claim;
  readonly windowMs: number;
  readonly amount: number;
}

/** A number that no other program uses for an advisory lock in the same database. */
const ENTRIES_LOCK = 7_205_311_849;

/**
 * Runs a transaction that inserts entries. Only one runs at a time, so that other processes see entries in the order of
 * their ids.
 */
export function writeEntries<T>(database: Database, work: (sql: SQL) => Promise<T>): Promise<T> {
  return database.write(async (sql) => {
    if (database.dialect.kind === 'postgres') await sql`select pg_advisory_xact_lock(${ENTRIES_LOCK})`;
    return work(sql);
  });
}

/**
 * Inserts entries with their effects, within `writeEntries`. Returns those that were not there yet.
 */
export async function insertEntries(sql: SQL, entries: readonly Entry[], nowMs: number): Promise<Entry[]> {
  if (entries.length === 0) return [];
  const rows = entries.map((entry) => rowOf(entry, nowMs));
  const inserted: { id: number | string; source: string; external_id: string }[] =
    await sql`insert into spend_entries ${sql(rows)} on conflict do nothing returning id, source, external_id`;
  const ids = new Map(
    inserted.map(({ id, source, external_id }) => [`${source}\0${external_id}`, Number(id)]),
  );
  const taken = entries.filter((entry) => ids.has(`${entry.source}\0${entry.externalId}`));
  const seq = Math.max(0, ...ids.values());
  // Uncounted use is summed from the quarters, so this has to happen before they change.
  await moveCounters(sql, taken, { seq, nowMs });
  await addQuarters(
    sql,
    sortedQuarters(taken.flatMap(({ quarter, otherQuarter }) => [quarter ?? [], otherQuarter ?? []].flat())),
  );
  return taken;
}

function rowOf(entry: Entry, nowMs: number) {
  const { inputTokens = 0, outputTokens = 0 } = entry;
  return {
    at_ms: entry.atMs,
    created_ms: nowMs,
    counter: entry.counter ?? null,
    window_ms: entry.windowMs ?? null,
    key_id: entry.keyId ?? null,
    team: entry.team ?? null,
    user_name: entry.userName ?? null,
    model: entry.model ?? null,
    provider: entry.provider ?? null,
    amount: entry.amount,
    tokens: inputTokens + outputTokens,
    input_tokens: inputTokens,
    output_tokens: outputTokens,
    kind: entry.kind,
    reason: entry.reason,
    actor: entry.actor,
    source: entry.source,
    external_id: entry.externalId,
  };
}

async function moveCounters(
  sql: SQL,
  entries: readonly Entry[],
  { seq, nowMs }: { readonly seq: number; readonly nowMs: number },
): Promise<void> {
  const moves = new Map<string, Move>();
  for (const move of entries.flatMap((entry) => entry.moves)) {
    const key = `${move.claim.counter}\0${String(move.windowMs).padStart(15, '0')}`;
    moves.set(key, { ...move, amount: (moves.get(key)?.amount ?? 0) + move.amount });
  }
  const sorted = [...moves].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, move]) => move);
  const uncounted: Move[] = [];
  for (const move of sorted) if (!(await isCounted(sql, move))) uncounted.push(move);
  const past = await sumPastUse(sql, uncounted);
  for (const move of sorted) {
    const used = move.amount + (past.get(move) ?? 0);
    await sql`insert into counter_windows (counter, window_ms, node, used, seq, updated_ms)
      values (${move.claim.counter}, ${move.windowMs}, '', ${used}, ${seq}, ${nowMs})
      on conflict (counter, window_ms, node) do update
      set used = counter_windows.used + excluded.used, seq = excluded.seq, updated_ms = excluded.updated_ms`;
  }
}

async function isCounted(sql: SQL, { claim, windowMs }: Move): Promise<boolean> {
  const rows: unknown[] = await sql`select 1 as one from counter_windows
    where counter = ${claim.counter} and window_ms = ${windowMs} limit 1`;
  return rows.length > 0;
}

/** The use of a counter in a window by all nodes, according to the database. */
export async function storedUse(sql: SQL, counter: string, windowMs: number): Promise<number> {
  const [row]: { used: number | string | null }[] = await sql`select sum(used) as used from counter_windows
    where counter = ${counter} and window_ms = ${windowMs}`;
  return Number(row?.used ?? 0);
}
