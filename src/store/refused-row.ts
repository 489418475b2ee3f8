/**
 * Whether the database, or the driver, refuses the values of a statement, so that to try again is useless. A database that
 * is away, too full, or lacks a column does not refuse the values.
 */
export function isRefusedValue(error: unknown): boolean {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (cause instanceof Bun.SQL.PostgresError) return REFUSED.test(String(cause.errno));
  if (cause instanceof Bun.SQL.SQLiteError)
    return cause.code.startsWith('SQLITE_CONSTRAINT') || cause.code === 'SQLITE_MISMATCH';
  return cause instanceof TypeError && cause.message.startsWith('Binding expected');
}

/** Data exceptions and violated constraints (PostgreSQL, appendix A). */
const REFUSED = /^2[23]/;
