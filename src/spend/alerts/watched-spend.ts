import type { Database } from '../../store/database.ts';

/** The use of a limit in a window, over all nodes. */
export interface WindowSpend {
  readonly counter: string;
  readonly windowMs: number;
  /** In the unit of the limit. Doubles are exact up to the largest amount of a limit. */
  readonly used: number;
}

/** The windows of the counters that changed since then. */
export async function spendOfWindows(database: Database, sinceMs: number): Promise<WindowSpend[]> {
  const rows: { counter: string; window_ms: number | string; used: number | string }[] = await database.read(
    (sql) => sql`select counter, window_ms, sum(used) as used from counter_windows
      where counter in (select counter from counter_windows where updated_ms >= ${sinceMs})
      group by counter, window_ms`,
  );
  return rows.map(({ counter, window_ms: windowMs, used }) => ({
    counter,
    windowMs: Number(windowMs),
    used: Number(used),
  }));
}

const LATELY_MS = 30 * 60_000;

/** The models that were recently used without a known price. Work that a provider bills later may name none. */
export async function unpricedModels(
  database: Database,
  nowMs: number,
): Promise<readonly { readonly model: string; readonly provider: string }[]> {
  return database.read(
    (sql) => sql`select distinct model, provider from spend_quarters
      where quarter_ms >= ${nowMs - LATELY_MS} and unpriced > 0 and model <> ''`,
  );
}
