/** What PostgreSQL and SQLite say differently. Everything else is one code for both. */
export interface Dialect {
  readonly kind: 'postgres' | 'sqlite';
  /** How a transaction that only reads begins: it sees one state of all tables. */
  readonly readMode: string;
  /** How a transaction that writes begins. */
  readonly writeMode: string;
  /** Takes the lock that lets one program migrate at a time, until the transaction ends; undefined: `writeMode` does. */
  readonly migrationLock: string | undefined;
  /** Makes other writers wait behind the row that is read with it. */
  readonly forUpdate: string;
}

/** Any number will do that no other program uses for an advisory lock in the same database. */
const MIGRATION_LOCK = 7_205_311_848;

export const postgres: Dialect = {
  kind: 'postgres',
  readMode: 'isolation level repeatable read read only',
  writeMode: 'isolation level read committed',
  migrationLock: `select pg_advisory_xact_lock(${MIGRATION_LOCK})`,
  forUpdate: 'for update',
};

/** `immediate` takes SQLite's one write lock at once: a transaction that took it later could be refused half way. */
export const sqlite: Dialect = {
  kind: 'sqlite',
  readMode: 'deferred',
  writeMode: 'immediate',
  migrationLock: undefined,
  forUpdate: '',
};
