import type { SQL } from 'bun';
import type { Database } from '../database.ts';

/** Reads a small part of a large table, which an index finds. Throws `StoreUnavailable`. */
export function readByIndex<T>(database: Database, work: (sql: SQL) => Promise<T>): Promise<T> {
  return database.read(async (sql) => {
    if (database.dialect.kind === 'postgres') await sql.unsafe(PLAN);
    return work(sql);
  });
}

/**
 * PostgreSQL may read the whole table: it takes a range of two columns for larger than it is, and a part of the primary key of wide
 * rows for as costly as all of them. Compiling a statement takes longer than running it.
 */
const PLAN = `select set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true)`;
