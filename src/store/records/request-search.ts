import type { SQL } from 'bun';
import type { Database } from '../database.ts';
import type { RecordEnding, RequestRecord } from './request-record.ts';
import {
  Conditions,
  isOfFailures,
  type Position,
  type RecordFilter,
  type RecordPage,
} from './request-record-filter.ts';
import { hasRecordIndexes } from './record-indexes.ts';
import { readByIndex } from './read-by-index.ts';
import { parseRow, type RecordRow } from './request-record-row.ts';

/** The found records, the newest first. */
export interface Found {
  readonly records: readonly RequestRecord[];
  /** Older records were not looked at, because that took too long; undefined: all were. */
  readonly searchedTo: Position | undefined;
}

/** How long a search goes on before it says how far it has come. */
const PATIENCE_MS = 150;

/**
 * Lists records. A filter that an index answers is one query. Any other looks at the records of the indexed filters slice
 * by slice, from the newest on, until the page is full or its time is up.
 */
export async function searchRecords(database: Database, page: RecordPage): Promise<Found> {
  const { filter, limit } = page;
  const id = idPrefix(filter);
  if (id !== undefined && (await hasRecordIndexes(database)))
    return { records: await recordsWithPrefix(database, page, id), searchedTo: undefined };
  const sliced = await sliceFilter(database, filter);
  if (sliced === undefined)
    return { records: await readByIndex(database, (sql) => pieceOf(sql, page)), searchedTo: undefined };
  const untilMs = performance.now() + PATIENCE_MS;
  const records: RequestRecord[] = [];
  let { before } = page;
  let size = FIRST_SLICE;
  for (;;) {
    const startedAtMs = performance.now();
    const piece = { filter, before, limit: limit - records.length };
    const end = await readByIndex(database, async (sql) => {
      const to = await endOfSlice(sql, sliced, { before, size });
      records.push(...(await pieceOf(sql, piece, { from: to, sliced })));
      return to;
    });
    if (records.length >= limit || end === undefined) return { records, searchedTo: undefined };
    const nowMs = performance.now();
    if (nowMs > untilMs) return { records, searchedTo: end };
    size = nextSlice({ size, tookMs: nowMs - startedAtMs, leftMs: untilMs - nowMs });
    before = end;
    await Bun.sleep(0);
  }
}

/** Records that a slice looks at. SQLite answers on the thread that serves requests. */
const FIRST_SLICE = 200;
const LARGEST_SLICE = 2000;
/** How long a slice may take. */
const SLICE_MS = 20;
/** Records in memory take one or two microseconds each. Those on a disk take 0.1 to 1 ms, and any slice may be the first of them. */
const DISK_RECORD_MS = 0.1;

/** How many records the next slice looks at, after one of `size` that took `tookMs` milliseconds, if the search has `leftMs` left. */
export function nextSlice({ size, tookMs, leftMs }: Record<'size' | 'tookMs' | 'leftMs', number>): number {
  const fitting = Math.min((size * SLICE_MS) / tookMs, leftMs / DISK_RECORD_MS);
  return Math.min(Math.max(Math.floor(fitting), FIRST_SLICE), 4 * size, LARGEST_SLICE);
}

/** The beginning of a request id, if that is what a search asks for. */
function idPrefix({ search }: RecordFilter): string | undefined {
  return search !== undefined && /^req_[0-9a-f]{4,60}$/.test(search) ? search : undefined;
}

/** Finds requests by the beginning of their id. Few have it, so the other filters apply to what the index finds. */
function recordsWithPrefix(
  database: Database,
  { filter, before, limit }: RecordPage,
  prefix: string,
): Promise<RequestRecord[]> {
  const conditions = new Conditions({ ...filter, search: undefined });
  if (before !== undefined) conditions.position('<', before);
  const where = conditions.where();
  return database.read(async (sql) => {
    // Ids are sorted by bytes, and `~` comes after every letter. Without a table of its own, PostgreSQL would walk through the records
    // by their time until it has found enough of these few.
    const rows: RecordRow[] = await sql.unsafe(
      `with found as materialized (
         select * from request_records ${where === '' ? 'where' : `${where} and`}
           request_id >= ${conditions.bind(prefix)} and request_id < ${conditions.bind(`${prefix}~`)})
       select * from found order by ended_at_ms desc, request_id desc limit ${conditions.bind(limit)}`,
      conditions.values,
    );
    return rows.map(parseRow);
  });
}

/** The filter of the slices of a search; undefined: one query answers it. */
async function sliceFilter(database: Database, filter: RecordFilter): Promise<RecordFilter | undefined> {
  const { sinceMs, untilMs, ...names } = filter;
  if (Object.values(names).every((name) => name === undefined)) return undefined;
  // The indexes of a large table are created after an upgrade, which may take minutes.
  if (!(await hasRecordIndexes(database))) return { sinceMs, untilMs };
  return needsSlices(filter) ? indexed(filter) : undefined;
}

/** The newest record with an id. */
export async function findRecord(database: Database, requestId: string): Promise<RequestRecord | undefined> {
  if (await hasRecordIndexes(database)) return database.read((sql) => recordWith(sql, requestId));
  let before: Position | undefined;
  do {
    const slice = { before, size: LARGEST_SLICE };
    const end = await readByIndex(database, (sql) => endOfSlice(sql, {}, slice));
    const found = await database.read((sql) => recordWith(sql, requestId, [before, end]));
    if (found !== undefined) return found;
    before = end;
    await Bun.sleep(0);
  } while (before !== undefined);
  return undefined;
}

async function recordWith(
  sql: SQL,
  requestId: string,
  [before, from]: readonly (Position | undefined)[] = [],
): Promise<RequestRecord | undefined> {
  const conditions = new Conditions({});
  if (before !== undefined) conditions.position('<', before);
  if (from !== undefined) conditions.position('>=', from);
  const where = conditions.where();
  const id = conditions.bind(requestId);
  const rows: RecordRow[] = await sql.unsafe(
    `select * from request_records ${where === '' ? 'where' : `${where} and`} request_id = ${id}
     order by ended_at_ms desc limit 1`,
    conditions.values,
  );
  return rows.map(parseRow)[0];
}

/** Whether no single index answers a filter. */
export function needsSlices({ sinceMs, untilMs, ...filter }: RecordFilter): boolean {
  const chosen = indexed(filter);
  const names = Object.keys(filter) as (keyof typeof filter)[];
  return names.some((name) => filter[name] !== undefined && filter[name] !== chosen[name]);
}

/**
 * The parts of a filter that one index answers. A second name is no part: few records may have both, and the search for
 * them would be long.
 */
function indexed(filter: RecordFilter): RecordFilter {
  const { key, model, provider, sinceMs, untilMs } = filter;
  const period = { sinceMs, untilMs };
  if (key !== undefined) return { key, ...period };
  if (model !== undefined) return { model, ...period };
  if (provider !== undefined) return { provider, ...period };
  return isOfFailures(filter) ? { endings: NOT_COMPLETE, ...period } : period;
}

/** The endings in the index of failures. */
const NOT_COMPLETE = [
  'refused',
  'failed',
  'truncated',
  'client-left',
  'lost',
] as const satisfies RecordEnding[];

/** The last record of the next slice; undefined: the slice reaches the oldest one. */
async function endOfSlice(
  sql: SQL,
  filter: RecordFilter,
  { before, size }: { readonly before: Position | undefined; readonly size: number },
): Promise<Position | undefined> {
  const conditions = new Conditions(filter);
  if (before !== undefined) conditions.position('<', before);
  const [end]: { ended_at_ms: number | string; request_id: string }[] = await sql.unsafe(
    `select ended_at_ms, request_id from request_records ${conditions.where()}
     order by ended_at_ms desc, request_id desc limit 1 offset ${size - 1}`,
    conditions.values,
  );
  return end && { endedAtMs: Number(end.ended_at_ms), requestId: end.request_id };
}

/**
 * The records of a page, or those of it in one slice. A slice is found by its own filter's index: by another one, the database would
 * look at many times as many records.
 */
async function pieceOf(
  sql: SQL,
  { filter, before, limit }: RecordPage,
  { from, sliced }: { readonly from?: Position | undefined; readonly sliced?: RecordFilter } = {},
): Promise<RequestRecord[]> {
  const conditions = new Conditions(filter, sliced);
  if (before !== undefined) conditions.position('<', before);
  if (from !== undefined) conditions.position('>=', from);
  const rows: RecordRow[] = await sql.unsafe(
    `select * from request_records ${conditions.where()}
     order by ended_at_ms desc, request_id desc limit ${conditions.bind(limit)}`,
    conditions.values,
  );
  return rows.map(parseRow);
}
