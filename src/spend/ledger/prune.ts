import type { Database } from '../../store/database.ts';
import { pruneSums } from './roll-up.ts';

export interface Retention {
  /** Older quarters are deleted. */
  readonly quartersMs: number;
}

/** Two windows of a month, and 32 days. */
const WINDOWS_MS = 94 * 86_400_000;
/** A provider's work of that age has ended, or its result is gone. */
const LATER_MS = 94 * 86_400_000;
/** Deleted per transaction, so that none takes long. */
const PRUNED_AT_ONCE = 2000;

/** Deletes some of the rows that are too old; resolves with whether there are more. */
export async function pruneLedger(
  database: Database,
  { quartersMs }: Retention,
  { nowMs, totals }: { readonly nowMs: number; readonly totals: readonly number[] },
): Promise<boolean> {
  const before = nowMs - quartersMs;
  const [last]: { at: number | string }[] = await database.read(
    (sql) => sql`select quarter_ms as at from spend_quarters where quarter_ms < ${before}
      order by quarter_ms limit 1 offset ${PRUNED_AT_ONCE - 1}`,
  );
  const until = last === undefined ? before : Number(last.at) + 1;
  // Windows of totals never end. They begin at 0, or where a limit says.
  const kept = [0, ...totals];
  await database.write(async (sql) => {
    await sql`delete from spend_quarters where quarter_ms < ${until}`;
    await pruneSums(sql, until);
    await sql`delete from counter_windows where updated_ms < ${nowMs - WINDOWS_MS} and window_ms not in ${sql(kept)}`;
    await sql`delete from idempotency where until_ms < ${nowMs}`;
    await sql`delete from later_work where made_at_ms < ${nowMs - LATER_MS}`;
  });
  return last !== undefined;
}
