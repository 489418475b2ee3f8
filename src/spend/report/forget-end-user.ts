import type { SQL } from 'bun';
import type { Database } from '../../store/database.ts';

/** The time span of one transaction, so that none takes long. */
const PIECE_MS = 86_400_000;

/**
 * Removes the names of one end user from the request records, and deletes the counters of that person's limits. Sums
 * stay. Returns the number of records. Throws `StoreUnavailable`; a second call continues where the first failed.
 */
export async function forgetEndUser(database: Database, names: readonly string[]): Promise<number> {
  const span: { first: number | string | null; last: number | string | null }[] = await database.read(
    (sql) => sql`select min(ended_at_ms) as first, max(ended_at_ms) as last from request_records`,
  );
  const { first, last } = span[0] ?? { first: null, last: null };
  let count = 0;
  if (first !== null && last !== null) {
    for (let fromMs = Number(first); fromMs <= Number(last); fromMs += PIECE_MS) {
      count += await database.write((sql) => forgetIn(sql, fromMs, names));
      await Bun.sleep(0);
    }
  }
  await database.write((sql) =>
    deleteCounters(sql, { names, isPostgres: database.dialect.kind === 'postgres' }),
  );
  return count;
}

async function forgetIn(sql: SQL, fromMs: number, names: readonly string[]): Promise<number> {
  const rows: unknown[] = await sql`update request_records set end_user = null
    where ended_at_ms >= ${fromMs} and ended_at_ms < ${fromMs + PIECE_MS} and end_user in ${sql(names)}
    returning ended_at_ms`;
  return rows.length;
}

/** Counters of end users are `end_user:KEY:NAME/LIMIT`, with colons, slashes and percent signs escaped. */
async function deleteCounters(
  sql: SQL,
  { names, isPostgres }: { readonly names: readonly string[]; readonly isPostgres: boolean },
): Promise<void> {
  const find = isPostgres ? 'strpos' : 'instr';
  for (const name of names) {
    await sql.unsafe(
      `delete from counter_windows where counter >= 'end_user:' and counter < 'end_user;' and ${find}(counter, $1) > 0`,
      [`:${escaped(name)}/`],
    );
  }
}

function escaped(name: string): string {
  return name.replaceAll('%', '%25').replaceAll(':', '%3A').replaceAll('/', '%2F');
}
