import type { SQL } from 'bun';
import type { Database } from '../../store/database.ts';
import { QUARTER_SUMS } from '../ledger/quarter.ts';
import { floor, LONGEST_MS, SUM_STEPS_MS } from '../ledger/sum-steps.ts';

/** A sum over an hour or longer that is marked as up to date, and is not what its quarters add up to. */
export interface WrongSum {
  readonly kind: 'sum';
  readonly stepMs: number;
  readonly fromMs: number;
}

/** Compares each sum of an hour or longer, in every column, with the quarters of an hour. Throws `StoreUnavailable`. */
export async function findWrongSums(
  database: Database,
): Promise<{ readonly wrong: readonly WrongSum[]; readonly sums: number }> {
  const [edge]: { first: number | string | null; last: number | string | null; count: number | string }[] =
    await database.read(
      (sql) => sql`select min(from_ms) as first, max(from_ms) as last, count(*) as count from spend_summed`,
    );
  if (edge === undefined || edge.first === null) return { wrong: [], sums: 0 };
  const wrong: WrongSum[] = [];
  for (let at = floor(Number(edge.first), LONGEST_MS); at <= Number(edge.last); at += LONGEST_MS) {
    for (const stepMs of SUM_STEPS_MS) {
      wrong.push(...(await database.read((sql) => wrongIn(sql, stepMs, at))));
      await Bun.sleep(0);
    }
  }
  return { wrong, sums: Number(edge.count) };
}

const KEYS = ['key_id', 'model', 'provider', 'end_bucket'];
const NAMES = ['key_name', 'team', 'team_path', 'team_ids', 'user_id', 'user_name', 'tags'];

/** The wrong sums of one step that begin within the longest one from `fromMs` on. */
async function wrongIn(sql: SQL, stepMs: number, fromMs: number): Promise<WrongSum[]> {
  const stepS = stepMs / 1000;
  const keys = KEYS.join(', ');
  const untilMs = fromMs + LONGEST_MS;
  const isSummed = (column: string): string => `${column} in (select from_ms from spend_summed
    where step_s = ${stepS} and from_ms >= ${fromMs} and from_ms < ${untilMs})`;
  const stored = `select from_ms, ${keys}, ${[...NAMES, ...QUARTER_SUMS].join(', ')} from spend_sums
    where step_s = ${stepS} and from_ms >= ${fromMs} and from_ms < ${untilMs} and ${isSummed('from_ms')}`;
  const step = `quarter_ms - quarter_ms % ${stepMs}`;
  const names = NAMES.map((name) => `min(${name})`);
  const made = `select ${step} as from_ms, ${keys}, ${[...names, ...QUARTER_SUMS.map((name) => `sum(${name})`)].join(', ')}
    from spend_quarters where quarter_ms >= ${fromMs} and quarter_ms < ${untilMs} and ${isSummed(step)}
    group by ${step}, ${keys}`;
  const rows: { from_ms: number | string }[] = await sql.unsafe(
    `select from_ms from (${stored} except ${made}) as more union select from_ms from (${made} except ${stored}) as less
     order by from_ms`,
  );
  return rows.map((row) => ({ kind: 'sum', stepMs, fromMs: Number(row.from_ms) }));
}

/** Makes the sums be computed again, and reports be read from the quarters until then. */
export async function discardSums(database: Database, wrong: readonly WrongSum[]): Promise<void> {
  await database.write(async (sql) => {
    for (const { stepMs, fromMs } of wrong)
      await sql`delete from spend_summed where step_s = ${stepMs / 1000} and from_ms = ${fromMs}`;
  });
}
