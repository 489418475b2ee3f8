import type { SQL } from 'bun';
import type { Database } from '../database.ts';
import type { RequestRecord } from './request-record.ts';
import { Conditions, type RecordFilter, type RecordPage } from './request-record-filter.ts';
import { parseRow, type RecordRow, rowOf } from './request-record-row.ts';
import { findRecord, type Found, searchRecords } from './request-search.ts';
import { readSeries } from './read-sums.ts';
import { addRequestSums, pruneSums, type RequestSum, type SeriesQuery } from './request-sums.ts';
import { type Dimension, sumRecords, type UsageSum } from './request-record-usage.ts';

/** The table of request records. Every function throws `StoreUnavailable` if the database cannot be asked. */
export interface RequestRecords {
  /** Inserts all or none. Existing records are left as they are, so an insert may be repeated. */
  readonly insert: (records: readonly RequestRecord[]) => Promise<void>;
  /** The newest first, and only those older than `before`. */
  readonly list: (page: RecordPage) => Promise<RequestRecord[]>;
  /** As `list`, but gives up after a moment where no index helps, and says how far it has come. */
  readonly search: (page: RecordPage) => Promise<Found>;
  /** One record, with the prices behind its cost. */
  readonly find: (requestId: string) => Promise<RequestRecord | undefined>;
  /** The sums of a period in steps. */
  readonly series: (query: SeriesQuery) => Promise<RequestSum[]>;
  /** Sums over the records of a period, grouped. Throws `TooManyGroups`. */
  readonly sum: (filter: RecordFilter, dimensions: readonly Dimension[]) => Promise<UsageSum[]>;
  /** Deletes some records that ended before that time; returns whether there are more. */
  readonly prune: (beforeMs: number) => Promise<boolean>;
}

/** Deleted per transaction, so that none takes long. */
const PRUNED_AT_ONCE = 2000;

/** The request records in a database. */
export function requestRecords(database: Database): RequestRecords {
  return {
    insert: (records) => database.write((sql) => insert(sql, records)),
    list: (page) => database.read((sql) => list(sql, page)),
    search: (page) => searchRecords(database, page),
    find: (requestId) => findWithPrices(database, requestId),
    series: (query) => readSeries(database, query),
    sum: (filter, dimensions) => sumRecords(database, filter, dimensions),
    prune: (beforeMs) => database.write((sql) => prune(sql, beforeMs)),
  };
}

async function insert(sql: SQL, records: readonly RequestRecord[]): Promise<void> {
  await insertSheets(sql, records);
  // In one order, so that writers of the same records cannot block each other for ever.
  const rows = records.map(rowOf).toSorted(inOrder);
  const inserted: { ended_at_ms: number | string; request_id: string }[] =
    await sql`insert into request_records ${sql(rows)} on conflict do nothing
      returning ended_at_ms, request_id`;
  const keys = new Set(inserted.map((row) => `${row.ended_at_ms} ${row.request_id}`));
  // A record counts once, however often its insert is repeated.
  await addRequestSums(
    sql,
    records.filter(({ endedAtMs, requestId }) => keys.delete(`${endedAtMs} ${requestId}`)),
  );
}

function inOrder(a: RecordRow, b: RecordRow): number {
  return Number(a.ended_at_ms) - Number(b.ended_at_ms) || (a.request_id < b.request_id ? -1 : 1);
}

/** Inserts the prices behind records; those that are known stay as they are. */
export async function insertSheets(sql: SQL, records: readonly RequestRecord[]): Promise<void> {
  const sheets = new Map<string, { ref: string; body: string; first_used_ms: number }>();
  for (const { priceRef: ref, priceSheet: body, endedAtMs } of records) {
    if (ref !== null && body !== null && !sheets.has(ref))
      sheets.set(ref, { ref, body, first_used_ms: endedAtMs });
  }
  if (sheets.size === 0) return;
  await sql`insert into price_sheets ${sql([...sheets.values()])} on conflict do nothing`;
}

async function findWithPrices(database: Database, requestId: string): Promise<RequestRecord | undefined> {
  const record = await findRecord(database, requestId);
  if (record === undefined || record.priceRef === null) return record;
  const { priceRef } = record;
  const [sheet]: { body: string }[] = await database.read(
    (sql) => sql`select body from price_sheets where ref = ${priceRef}`,
  );
  return { ...record, priceSheet: sheet?.body ?? null };
}

async function list(sql: SQL, { filter, before, limit }: RecordPage): Promise<RequestRecord[]> {
  const conditions = new Conditions(filter);
  if (before !== undefined) conditions.position('<', before);
  const rows: RecordRow[] = await sql.unsafe(
    `select * from request_records ${conditions.where()}
     order by ended_at_ms desc, request_id desc limit ${conditions.bind(limit)}`,
    conditions.values,
  );
  return rows.map(parseRow);
}

async function prune(sql: SQL, beforeMs: number): Promise<boolean> {
  const [last]: { at: number | string }[] = await sql`
    select ended_at_ms as at from request_records where ended_at_ms < ${beforeMs}
    order by ended_at_ms limit 1 offset ${PRUNED_AT_ONCE - 1}`;
  const untilMs = last === undefined ? beforeMs : Number(last.at) + 1;
  await sql`delete from request_records where ended_at_ms < ${untilMs}`;
  if (last === undefined) await pruneSums(sql, Date.now());
  return last !== undefined;
}
