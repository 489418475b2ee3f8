import type { SQL } from 'bun';
import type { Database } from '../database.ts';

/**
 * The indexes behind the filters of request records. Migrations do not create them, since that takes seconds per million
 * records, and a gateway that starts should not wait for them. Their names never change.
 */
const INDEXES = [
  ['request_records_by_id', '(request_id)'],
  ['request_records_by_key', '(key_name, ended_at_ms, request_id)'],
  ['request_records_by_model', '(model, ended_at_ms, request_id)'],
  ['request_records_by_provider', '(provider, ended_at_ms, request_id)'],
  ['request_records_by_end_user', '(end_user, ended_at_ms, request_id) where end_user is not null'],
  ['request_records_failed', "(ended_at_ms, request_id) where ending <> 'complete'"],
] as const;

/** With fewer records, an index takes a few milliseconds. */
const FEW_RECORDS = 20_000;

/**
 * Creates the missing indexes beside requests and other writers. Returns whether all exist: if another gateway is
 * creating one, call it again later. Throws `StoreUnavailable`.
 */
export async function buildRecordIndexes(database: Database): Promise<boolean> {
  if (await hasRecordIndexes(database)) return true;
  const { isBusy, broken } = await database.read((sql) => stateOf(sql, database));
  if (isBusy) return false;
  for (const name of broken) await database.build(`drop index concurrently if exists ${name}`);
  if (await database.read(hasFew)) await database.write((sql) => createAtOnce(sql, database));
  else {
    const concurrently = database.dialect.kind === 'postgres' ? 'concurrently' : '';
    for (const index of INDEXES) await database.build(createIndex(index, concurrently));
  }
  return hasRecordIndexes(database);
}

async function createAtOnce(sql: SQL, { dialect }: Database): Promise<void> {
  // Two gateways that create the same index would collide.
  if (dialect.migrationLock !== undefined) await sql.unsafe(dialect.migrationLock);
  for (const index of INDEXES) await sql.unsafe(createIndex(index, ''));
}

function createIndex([name, on]: (typeof INDEXES)[number], concurrently: string): string {
  return `create index ${concurrently} if not exists ${name} on request_records ${on}`;
}

const complete = new WeakSet<Database>();

/** Whether all indexes can be used. */
export async function hasRecordIndexes(database: Database): Promise<boolean> {
  if (complete.has(database)) return true;
  const usable = await database.read((sql) => usableIndexes(sql, database));
  const isComplete = INDEXES.every(([name]) => usable.has(name));
  if (isComplete) complete.add(database);
  return isComplete;
}

async function usableIndexes(sql: SQL, { dialect }: Database): Promise<ReadonlySet<string>> {
  const rows: { name: string }[] =
    dialect.kind === 'postgres'
      ? await sql`select indexrelid::regclass::text as name from pg_index
          where indrelid = 'request_records'::regclass and indisvalid`
      : await sql`select name from sqlite_master where type = 'index' and tbl_name = 'request_records'`;
  return new Set(rows.map(({ name }) => name));
}

/** Whether an index is being created, and the indexes that an earlier program did not complete. */
async function stateOf(
  sql: SQL,
  { dialect }: Database,
): Promise<{ readonly isBusy: boolean; readonly broken: readonly string[] }> {
  if (dialect.kind === 'sqlite') return { isBusy: false, broken: [] };
  const building: unknown[] = await sql`select 1 from pg_stat_progress_create_index
    where relid = 'request_records'::regclass`;
  const broken: { name: string }[] = await sql`select indexrelid::regclass::text as name from pg_index
    where indrelid = 'request_records'::regclass and not indisvalid`;
  const known = new Set<string>(INDEXES.map(([name]) => name));
  return {
    isBusy: building.length > 0,
    broken: broken.map(({ name }) => name).filter((name) => known.has(name)),
  };
}

async function hasFew(sql: SQL): Promise<boolean> {
  const more: unknown[] = await sql`select 1 from request_records limit 1 offset ${FEW_RECORDS}`;
  return more.length === 0;
}
