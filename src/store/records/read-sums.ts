import type { SQL } from 'bun';
import type { Database } from '../database.ts';
import { HISTOGRAM_COLUMNS, histogramsOf } from './histogram-columns.ts';
import { readByIndex } from './read-by-index.ts';
import { emptySum, HOUR_MS, MINUTE_MS, type RequestSum, type SeriesQuery, SUMMED } from './request-sums.ts';

/** Reads sums from the database. Throws `StoreUnavailable`. */
export function readSeries(database: Database, query: SeriesQuery): Promise<RequestSum[]> {
  const { name, mostNames, dimension } = query;
  return readByIndex(database, async (sql) => {
    if (name !== undefined) return readSums(sql, query, [name]);
    if (mostNames === undefined || dimension === 'all') return readSums(sql, query);
    return readBusiest(sql, query, mostNames);
  });
}

/**
 * The sums of the names with the most requests, and one of all others. With hundreds of names, to add up their histograms would
 * take seconds, so the sum of the others is that of all requests without those of the busiest.
 */
async function readBusiest(sql: SQL, query: SeriesQuery, mostNames: number): Promise<RequestSum[]> {
  const names = await rankNames(sql, query, mostNames + 1);
  if (names.length <= mostNames) return readSums(sql, query);
  const busiest = await readSums(sql, query, names.slice(0, mostNames));
  const all = await readSums(sql, { ...query, dimension: 'all' });
  const byTime = Map.groupBy(busiest, ({ fromMs }) => fromMs);
  const others = all.map((sum) => without(sum, byTime.get(sum.fromMs) ?? []));
  return [...busiest, ...others];
}

/** A longer span is ranked by whole hours, of which there are fewer. */
const RANKED_BY_HOURS_MS = 6 * HOUR_MS;

async function rankNames(sql: SQL, query: SeriesQuery, most: number): Promise<string[]> {
  const { dimension, sinceMs, untilMs, stepMs } = query;
  const ranked = untilMs - sinceMs < RANKED_BY_HOURS_MS ? storedStep(stepMs) : HOUR_MS;
  const rows: { name: string }[] = await sql`
    select name, sum(requests) as requests from request_sums
    where step_s = ${ranked / 1000} and dimension = ${dimension}
      and from_ms >= ${sinceMs - (sinceMs % ranked)} and from_ms < ${untilMs}
    group by name order by requests desc, name limit ${most}`;
  return rows.map(({ name }) => name);
}

/** The sums of some names, or of each one. */
async function readSums(sql: SQL, query: SeriesQuery, names?: readonly string[]): Promise<RequestSum[]> {
  const { dimension, sinceMs, untilMs, stepMs } = query;
  const columns = SUMMED.map((column) => `sum(${column}) as ${column}`).join(', ');
  const values = [storedStep(stepMs) / 1000, dimension, sinceMs, untilMs, ...(names ?? [])];
  const bound = names?.map((_, at) => `$${at + 5}`).join(', ');
  const rows: Readonly<Record<string, number | string>>[] = await sql.unsafe(
    `select from_ms - from_ms % ${stepMs} as at, name, ${columns} from request_sums
     where step_s = $1 and dimension = $2 and from_ms >= $3 and from_ms < $4
     ${bound === undefined ? '' : `and name in (${bound})`} group by 1, 2`,
    values,
  );
  return rows.map(parseSum);
}

function storedStep(stepMs: number): number {
  return stepMs % HOUR_MS === 0 ? HOUR_MS : MINUTE_MS;
}

/** PostgreSQL returns sums as text. */
function parseSum(row: Readonly<Record<string, number | string>>): RequestSum {
  const number = (column: string): number => Number(row[column]);
  return {
    fromMs: number('at'),
    name: String(row['name']),
    requests: number('requests'),
    failures: number('failures'),
    fallbacks: number('fallbacks'),
    promptTokens: number('prompt_tokens'),
    completionTokens: number('completion_tokens'),
    costNano: number('cost_nano'),
    unpriced: number('unpriced'),
    ...histogramsOf(HISTOGRAM_COLUMNS.map(number)),
  };
}

/** A sum without its parts. A part may have been written a moment later than the sum, so nothing falls below 0. */
function without(sum: RequestSum, parts: readonly RequestSum[]): RequestSum {
  const less = (of: (one: RequestSum) => number): number =>
    Math.max(
      0,
      parts.reduce((left, part) => left - of(part), of(sum)),
    );
  const buckets = (of: 'durations' | 'firstBytes'): number[] =>
    sum[of].map((_, bucket) => less((one) => one[of][bucket] ?? 0));
  return {
    ...emptySum(sum.fromMs, ''),
    requests: less(({ requests }) => requests),
    failures: less(({ failures }) => failures),
    fallbacks: less(({ fallbacks }) => fallbacks),
    promptTokens: less(({ promptTokens }) => promptTokens),
    completionTokens: less(({ completionTokens }) => completionTokens),
    costNano: less(({ costNano }) => costNano),
    unpriced: less(({ unpriced }) => unpriced),
    durations: buckets('durations'),
    firstBytes: buckets('firstBytes'),
    isOfOthers: true,
  };
}
