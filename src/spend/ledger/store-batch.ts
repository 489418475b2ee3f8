import type { SQL } from 'bun';
import { insertSheets } from '../../store/records/request-record-table.ts';
import { addRequestSums } from '../../store/records/request-sums.ts';
import { rowOf } from '../../store/records/request-record-row.ts';
import type { CloseLine } from '../journal/line.ts';
import { quarterKey, QUARTER_SUMS, type QuarterRow, quartersOf } from './quarter.ts';

/** Ended requests to be stored together. */
export interface Batch {
  readonly closes: readonly CloseLine[];
  /** Identifies the node that counted them, in `counter_windows`. */
  readonly node: string;
  /** The part of a journal file that contains them; undefined: they come from memory. */
  readonly part: JournalPart | undefined;
  /** Whether a row is stored for each request, or only their sums. */
  readonly keepsRecords: boolean;
  /** false: only the prices, and what the requests used of their limits. */
  readonly isWhole?: boolean;
  readonly nowMs: number;
}

/** From one position in bytes to another. */
export interface JournalPart {
  readonly file: string;
  readonly fromAt: number;
  readonly toAt: number;
}

/**
 * Another writer has already stored the part, or this one did before its connection broke, or the database is older.
 */
export class PartMoved extends Error {
  constructor(file: string) {
    super(`${file} is not stored up to where it was`);
    this.name = 'PartMoved';
  }
}

/**
 * Stores a batch within a transaction: the position in the file, the prices, the rows, the quarters and the counters.
 * Only rows that were really inserted are counted. Throws `PartMoved`.
 */
export async function storeBatch(sql: SQL, batch: Batch): Promise<void> {
  const { closes, node, part, keepsRecords, isWhole = true, nowMs } = batch;
  if (part !== undefined) await acknowledge(sql, part, { node, nowMs });
  if (closes.length === 0) return;
  await insertSheets(
    sql,
    closes.map(({ record }) => record),
  );
  if (!isWhole) return addUses(sql, closes, { node, nowMs });
  const counted = keepsRecords ? await insertRecords(sql, closes) : closes;
  if (keepsRecords)
    await addRequestSums(
      sql,
      counted.map(({ record }) => record),
    );
  await addQuarters(sql, quartersOf(counted.map(({ record }) => record)));
  await addUses(sql, counted, { node, nowMs });
}

async function acknowledge(
  sql: SQL,
  { file, fromAt, toAt }: JournalPart,
  { node, nowMs }: { readonly node: string; readonly nowMs: number },
): Promise<void> {
  if (fromAt === 0) {
    await sql`insert into journals (file, node, acked, updated_ms) values (${file}, ${node}, 0, ${nowMs})
      on conflict do nothing`;
  }
  const moved: unknown[] = await sql`update journals set acked = ${toAt}, updated_ms = ${nowMs}
    where file = ${file} and acked = ${fromAt} returning file`;
  if (moved.length === 0) throw new PartMoved(file);
}

/** The closes whose rows were not there yet. */
async function insertRecords(sql: SQL, closes: readonly CloseLine[]): Promise<CloseLine[]> {
  const rows = closes.map(({ record }) => rowOf(record));
  const inserted: { ended_at_ms: number | string; request_id: string }[] =
    await sql`insert into request_records ${sql(rows)} on conflict do nothing returning ended_at_ms, request_id`;
  const keys = new Set(inserted.map((row) => `${row.ended_at_ms} ${row.request_id}`));
  // A request that one batch has twice counts once.
  return closes.filter(({ record }) => keys.delete(`${record.endedAtMs} ${record.requestId}`));
}

const SUM_UP = QUARTER_SUMS.map((name) => `${name} = spend_quarters.${name} + excluded.${name}`).join(', ');

/** Adds to the quarters. The rows must be in the order of their keys. */
export async function addQuarters(sql: SQL, rows: readonly QuarterRow[]): Promise<void> {
  if (rows.length === 0) return;
  await sql`insert into spend_quarters ${sql(rows)}
    on conflict (quarter_ms, key_id, model, provider, end_bucket) do update set ${sql.unsafe(SUM_UP)}`;
}

/** Rows with the same key added up, in the order of their keys. */
export function sortedQuarters(rows: readonly QuarterRow[]): QuarterRow[] {
  const byKey = new Map<string, QuarterRow>();
  for (const row of rows) {
    const key = quarterKey(row);
    const known = byKey.get(key);
    if (known === undefined) byKey.set(key, { ...row });
    else for (const name of QUARTER_SUMS) known[name] += row[name];
  }
  return [...byKey].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
}

interface WindowRow {
  readonly counter: string;
  readonly window_ms: number;
  readonly node: string;
  used: number;
  readonly seq: number;
  readonly updated_ms: number;
}

async function addUses(
  sql: SQL,
  closes: readonly CloseLine[],
  { node, nowMs }: { readonly node: string; readonly nowMs: number },
): Promise<void> {
  const rows = new Map<string, WindowRow>();
  for (const { uses } of closes) {
    for (const [counter, windowMs, amount] of uses) {
      const key = `${counter}\0${String(windowMs).padStart(15, '0')}`;
      const row = rows.get(key);
      if (row !== undefined) row.used += amount;
      else rows.set(key, { counter, window_ms: windowMs, node, used: amount, seq: 0, updated_ms: nowMs });
    }
  }
  if (rows.size === 0) return;
  const sorted = [...rows].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
  await sql`insert into counter_windows ${sql(sorted)}
    on conflict (counter, window_ms, node)
    do update set used = counter_windows.used + excluded.used, updated_ms = excluded.updated_ms`;
}
