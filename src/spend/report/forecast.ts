import { windowOf } from '../../limits/window.ts';
import type { Database } from '../../store/database.ts';
import { QUARTER_MS, type Span } from './report-period.ts';
import { spendGroups, totalOf } from './spend-report.ts';
import type { SpendFilter } from './spend-statement.ts';

/** The probable cost of a month. Amounts are whole nano-dollars. */
export interface Forecast {
  /** The calendar month of now in the zone, in milliseconds since 1970. */
  readonly startMs: number;
  readonly endMs: number;
  readonly spent: bigint;
  /** The average per day, over the counted days. */
  readonly average: bigint;
  /** The number of counted days: the last 7 whole ones, or fewer if the ledger is younger. */
  readonly days: number;
  /** undefined without a whole day. */
  readonly forecast: bigint | undefined;
}

export interface ForecastQuery {
  readonly timezone: string;
  readonly filter: SpendFilter;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

const MOST_DAYS = 7;

/**
 * Continues the average of the last 7 whole days to the end of the month. It ignores weekends and growth. Throws
 * `StoreUnavailable`.
 */
export async function forecastOf(database: Database, query: ForecastQuery): Promise<Forecast> {
  const { timezone, nowMs } = query;
  const month = windowOf({ unit: 'month', timezone }, nowMs);
  const lately = await lastDays(database, query);
  const { cost: spent } = await sums(database, query, {
    sinceMs: month.startMs,
    untilMs: nowMs + QUARTER_MS,
  });
  if (lately.days === 0) return { ...month, spent, average: 0n, days: 0, forecast: undefined };
  const { cost } = await sums(database, query, lately);
  const restMs = BigInt(Math.max(0, Math.round(month.endMs - nowMs)));
  const forecast = spent + (cost * restMs) / BigInt(lately.untilMs - lately.sinceMs);
  return { ...month, spent, average: cost / BigInt(lately.days), days: lately.days, forecast };
}

/** The last whole days, as far back as the ledger has whole days. */
async function lastDays(
  database: Database,
  { timezone, nowMs }: ForecastQuery,
): Promise<Span & { readonly days: number }> {
  const first: { at: number | string | null }[] = await database.read(
    (sql) => sql`select min(quarter_ms) as at from spend_quarters`,
  );
  const beganMs = Number(first[0]?.at ?? Infinity);
  const untilMs = windowOf({ unit: 'day', timezone }, nowMs).startMs;
  let sinceMs = untilMs;
  let days = 0;
  while (days < MOST_DAYS) {
    const { startMs } = windowOf({ unit: 'day', timezone }, sinceMs - 1);
    // The day in which the ledger began is not whole, unless it began with the day.
    if (startMs < beganMs) break;
    sinceMs = startMs;
    days += 1;
  }
  return { sinceMs, untilMs, days };
}

async function sums(database: Database, { timezone, filter }: ForecastQuery, span: Span) {
  const query = { ...span, timezone, filter, names: [], period: undefined };
  const groups = await Array.fromAsync(spendGroups(database, query));
  return totalOf(groups.flat());
}
