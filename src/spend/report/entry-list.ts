import type { SQL } from 'bun';
import type { Database } from '../../store/database.ts';

/** A correction of the ledger, as the table has it. PostgreSQL returns a `bigint` as text. */
export interface EntryRow {
  readonly id: number | string;
  readonly at_ms: number | string;
  readonly created_ms: number | string;
  readonly counter: string | null;
  readonly window_ms: number | string | null;
  readonly key_id: string | null;
  readonly amount: string;
  readonly tokens: number | string;
  readonly kind: string;
  readonly reason: string;
  readonly actor: string;
  readonly source: string;
}

export interface EntryPage {
  /** Only entries with a smaller id. */
  readonly before: number | undefined;
  readonly limit: number;
  readonly counter: string | undefined;
}

/** The entries of the ledger, the newest first. Throws `StoreUnavailable`. */
export function listEntries(database: Database, page: EntryPage): Promise<EntryRow[]> {
  return database.read((sql) => list(sql, page));
}

function list(
  sql: SQL,
  { before = Number.MAX_SAFE_INTEGER, limit, counter }: EntryPage,
): Promise<EntryRow[]> {
  const values: (string | number)[] = [before];
  const only = counter === undefined ? '' : `and counter = $${values.push(counter)}`;
  return sql.unsafe(
    `select id, at_ms, created_ms, counter, window_ms, key_id, cast(amount as text) as amount, tokens, kind, reason,
       actor, source from spend_entries where id < $1 ${only} order by id desc limit $${values.push(limit)}`,
    values,
  );
}
