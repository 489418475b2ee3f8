import type { SQL } from 'bun';
import type { Ending } from '../../gateway/events.ts';
import type { Database } from '../database.ts';
import type { RequestRecord } from './request-record.ts';
import { Conditions, type Position, type RecordFilter } from './request-record-filter.ts';
import { type Dimension, sumRecords, type UsageSum } from './request-record-usage.ts';

/** The table of request records. Every function throws `StoreUnavailable` if the database cannot be asked. */
export interface RequestRecords {
  /** Inserts all or none. Existing records are left as they are, so an insert may be repeated. */
  readonly insert: (records: readonly RequestRecord[]) => Promise<void>;
  /** The newest first, and only those older than `before`. */
  readonly list: (page: RecordPage) => Promise<RequestRecord[]>;
  /** Sums over the records of a period, grouped. Throws `TooManyGroups`. */
  readonly sum: (filter: RecordFilter, dimensions: readonly Dimension[]) => Promise<UsageSum[]>;
  /** Deletes some records that ended before that time; returns whether there are more. */
  readonly prune: (beforeMs: number) => Promise<boolean>;
}

export interface RecordPage {
  readonly filter: RecordFilter;
  readonly before: Position | undefined;
  readonly limit: number;
}

/** Deleted per transaction, so that none takes long. */
const PRUNED_AT_ONCE = 2000;

/** The request records in a database. */
export function requestRecords(database: Database): RequestRecords {
  return {
    insert: (records) => database.write((sql) => insert(sql, records)),
    list: (page) => database.read((sql) => list(sql, page)),
    sum: (filter, dimensions) => sumRecords(database, filter, dimensions),
    prune: (beforeMs) => database.write((sql) => prune(sql, beforeMs)),
  };
}

async function insert(sql: SQL, records: readonly RequestRecord[]): Promise<void> {
  const sheets = new Map(records.map(({ priceRef, priceSheet }) => [priceRef, priceSheet]));
  const rows = [...sheets].flatMap(([ref, body]) => (ref === null || body === null ? [] : [{ ref, body }]));
  if (rows.length > 0) await sql`insert into price_sheets ${sql(rows)} on conflict do nothing`;
  await sql`insert into request_records ${sql(records.map(rowOf))} on conflict do nothing`;
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
  return last !== undefined;
}

/** PostgreSQL returns a `bigint` as text. */
interface RecordRow {
  readonly ended_at_ms: number | string;
  readonly request_id: string;
  readonly key_name: string | null;
  readonly model: string | null;
  readonly provider: string | null;
  readonly attempts: number;
  readonly ending: string;
  readonly status: number;
  readonly prompt_tokens: number | null;
  readonly completion_tokens: number | null;
  readonly total_tokens: number | null;
  readonly cached_tokens: number | null;
  readonly reasoning_tokens: number | null;
  readonly is_estimated: number;
  readonly is_streamed: number;
  readonly first_token_ms: number | null;
  readonly duration_ms: number;
  readonly cost_nano: number | string | null;
  readonly cost_basis: string | null;
  readonly price_ref: string | null;
}

function rowOf(record: RequestRecord): RecordRow {
  return {
    ended_at_ms: record.endedAtMs,
    request_id: record.requestId,
    key_name: record.key,
    model: record.model,
    provider: record.provider,
    attempts: record.attempts,
    ending: record.ending,
    status: record.status,
    prompt_tokens: record.promptTokens,
    completion_tokens: record.completionTokens,
    total_tokens: record.totalTokens,
    cached_tokens: record.cachedTokens,
    reasoning_tokens: record.reasoningTokens,
    is_estimated: record.isEstimated ? 1 : 0,
    is_streamed: record.isStreamed ? 1 : 0,
    first_token_ms: record.firstTokenMs,
    duration_ms: record.durationMs,
    cost_nano: record.costNano,
    cost_basis: record.costBasis,
    price_ref: record.priceRef,
  };
}

function parseRow(row: RecordRow): RequestRecord {
  return {
    endedAtMs: Number(row.ended_at_ms),
    requestId: row.request_id,
    key: row.key_name,
    model: row.model,
    provider: row.provider,
    attempts: row.attempts,
    ending: row.ending as Ending,
    status: row.status,
    promptTokens: row.prompt_tokens,
    completionTokens: row.completion_tokens,
    totalTokens: row.total_tokens,
    cachedTokens: row.cached_tokens,
    reasoningTokens: row.reasoning_tokens,
    isEstimated: row.is_estimated !== 0,
    isStreamed: row.is_streamed !== 0,
    firstTokenMs: row.first_token_ms,
    durationMs: row.duration_ms,
    costNano: row.cost_nano === null ? null : Number(row.cost_nano),
    costBasis: row.cost_basis,
    priceRef: row.price_ref,
    priceSheet: null,
  };
}
