/** The differences between PostgreSQL and SQLite. All other code is shared. */
export interface Dialect {
  readonly kind: 'postgres' | 'sqlite';
  /** The start of a read-only transaction that sees one consistent state of all tables. */
  readonly readMode: string;
  /** The start of a writing transaction. */
  readonly writeMode: string;
  /**
   * Takes the lock that allows one program at a time to migrate, until the transaction ends; undefined: `writeMode`
   * does.
   */
  readonly migrationLock: string | undefined;
  /** Makes other writers wait for the row that is read with it. */
  readonly forUpdate: string;
}

/** Any number that no other program uses for an advisory lock in the same database. */
const MIGRATION_LOCK = 7_205_311_848;

export const postgres: Dialect = {
  kind: 'postgres',
  readMode: 'isolation level repeatable read read only',
  writeMode: 'isolation level read committed',
  migrationLock: `select pg_advisory_xact_lock(${MIGRATION_LOCK})`,
  forUpdate: 'for update',
};

/** `immediate` takes SQLite's only write lock at once: a transaction that took it later could fail halfway. */
export const sqlite: Dialect = {
  kind: 'sqlite',
  readMode: 'deferred',
  writeMode: 'immediate',
  migrationLock: undefined,
  forUpdate: '',
};
