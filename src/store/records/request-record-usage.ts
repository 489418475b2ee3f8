import type { SQL } from 'bun';
import type { Database } from '../database.ts';
import { Conditions, type Position, type RecordFilter } from './request-record-filter.ts';

/** The dimensions of a sum. Hours and days are in UTC. */
export type Dimension = 'key' | 'model' | 'provider' | 'hour' | 'day';

/** The sums of one group. Dimensions that do not group are undefined; null is the group without a value. */
export interface UsageSum {
  readonly key: string | null | undefined;
  readonly model: string | null | undefined;
  readonly provider: string | null | undefined;
  /** When the hour or day began, in milliseconds since 1970. */
  readonly fromMs: number | undefined;
  readonly requests: number;
  /** Requests that did not end well, except when the client left. */
  readonly failures: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly totalTokens: number;
  readonly cachedTokens: number;
  readonly reasoningTokens: number;
  /** Nano-dollars. Whole numbers of any size: sums may pass what a double counts. */
  readonly costNano: bigint;
  /** Requests whose price is not known: their cost is in no sum. */
  readonly unpriced: number;
}

/** There are more groups than one answer should have. */
export class TooManyGroups extends Error {
  constructor() {
    super(`there are more than ${MOST_GROUPS} groups`);
    this.name = 'TooManyGroups';
  }
}

const MOST_GROUPS = 10_000;
/**
 * SQLite answers on the thread that serves requests, and PostgreSQL within a time limit, so sums are computed in
 * pieces.
 */
const SUMMED_AT_ONCE = 5000;

/** Sums the records that match the filter. Records that arrive meanwhile may or may not be counted. */
export async function sumRecords(
  database: Database,
  filter: RecordFilter,
  dimensions: readonly Dimension[],
): Promise<UsageSum[]> {
  const groups = new Map<string, UsageSum>();
  let after: Position | undefined;
  do {
    const piece: Piece = await database.read((sql) => sumPiece(sql, { filter, dimensions, after }));
    for (const sum of piece.sums) addSum(groups, sum);
    if (groups.size > MOST_GROUPS) throw new TooManyGroups();
    after = piece.last;
    await Bun.sleep(0);
  } while (after !== undefined);
  return [...groups].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, sum]) => sum);
}

interface Piece {
  readonly sums: readonly UsageSum[];
  /** The end of the summed piece; undefined: there is no more. */
  readonly last: Position | undefined;
}

interface Rest {
  readonly filter: RecordFilter;
  readonly dimensions: readonly Dimension[];
  readonly after: Position | undefined;
}

async function sumPiece(sql: SQL, { filter, dimensions, after }: Rest): Promise<Piece> {
  const { sinceMs, untilMs } = filter;
  // The end of the piece ignores the other conditions: with few matches, they would make the search long.
  const span = new Conditions({ sinceMs, untilMs });
  if (after !== undefined) span.position('>', after);
  const [end]: { ended_at_ms: number | string; request_id: string }[] = await sql.unsafe(
    `select ended_at_ms, request_id from request_records ${span.where()}
     order by ended_at_ms, request_id limit 1 offset ${SUMMED_AT_ONCE - 1}`,
    span.values,
  );
  const last = end && { endedAtMs: Number(end.ended_at_ms), requestId: end.request_id };
  const conditions = new Conditions(filter);
  if (after !== undefined) conditions.position('>', after);
  if (last !== undefined) conditions.position('<=', last);
  const columns = dimensions.map((dimension) => COLUMNS[dimension]);
  const rows: SumRow[] = await sql.unsafe(
    `select ${columns.map(([expression, name]) => `${expression} as ${name}, `).join('')}${SUMS}
     from request_records ${conditions.where()}
     ${columns.length === 0 ? '' : `group by ${columns.map(([expression]) => expression).join(', ')}`}`,
    conditions.values,
  );
  return { sums: rows.map(parseSum).filter(({ requests }) => requests > 0), last };
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const COLUMNS: Readonly<Record<Dimension, readonly [expression: string, name: string]>> = {
  key: ['key_name', 'key_name'],
  model: ['model', 'model'],
  provider: ['provider', 'provider'],
  hour: [`ended_at_ms - ended_at_ms % ${HOUR_MS}`, 'from_ms'],
  day: [`ended_at_ms - ended_at_ms % ${DAY_MS}`, 'from_ms'],
};

const SUMS = `count(*) as requests,
  sum(case when ending in ('complete', 'client-left') then 0 else 1 end) as failures,
  sum(prompt_tokens) as prompt_tokens, sum(completion_tokens) as completion_tokens,
  sum(total_tokens) as total_tokens, sum(cached_tokens) as cached_tokens,
  sum(reasoning_tokens) as reasoning_tokens, sum(cost_nano) as cost_nano,
  sum(case when cost_basis is not null and cost_nano is null then 1 else 0 end) as unpriced`;

/** PostgreSQL returns sums as text; a sum of nothing is null. */
type Sum = number | string | null;

interface SumRow {
  readonly key_name?: string | null;
  readonly model?: string | null;
  readonly provider?: string | null;
  readonly from_ms?: number | string;
  readonly requests: Sum;
  readonly failures: Sum;
  readonly prompt_tokens: Sum;
  readonly completion_tokens: Sum;
  readonly total_tokens: Sum;
  readonly cached_tokens: Sum;
  readonly reasoning_tokens: Sum;
  readonly cost_nano: Sum;
  readonly unpriced: Sum;
}

function parseSum(row: SumRow): UsageSum {
  return {
    key: row.key_name,
    model: row.model,
    provider: row.provider,
    fromMs: row.from_ms === undefined ? undefined : Number(row.from_ms),
    requests: Number(row.requests),
    failures: Number(row.failures),
    promptTokens: Number(row.prompt_tokens),
    completionTokens: Number(row.completion_tokens),
    totalTokens: Number(row.total_tokens),
    cachedTokens: Number(row.cached_tokens),
    reasoningTokens: Number(row.reasoning_tokens),
    costNano: BigInt(row.cost_nano ?? 0),
    unpriced: Number(row.unpriced),
  };
}

/** Adds a sum to the one of its group. */
export function addSum(groups: Map<string, UsageSum>, sum: UsageSum): void {
  // The time comes first so that groups sort by it; its number of digits will not change for centuries.
  const name = JSON.stringify([sum.fromMs, sum.key, sum.model, sum.provider]);
  const before = groups.get(name);
  groups.set(
    name,
    before === undefined
      ? sum
      : {
          ...sum,
          requests: before.requests + sum.requests,
          failures: before.failures + sum.failures,
          promptTokens: before.promptTokens + sum.promptTokens,
          completionTokens: before.completionTokens + sum.completionTokens,
          totalTokens: before.totalTokens + sum.totalTokens,
          cachedTokens: before.cachedTokens + sum.cachedTokens,
          reasoningTokens: before.reasoningTokens + sum.reasoningTokens,
          costNano: before.costNano + sum.costNano,
          unpriced: before.unpriced + sum.unpriced,
        },
  );
}
