import type { SQL } from 'bun';
import { addHistogram, count, emptyHistogram, type Histogram } from '../../lib/histogram.ts';
import { columnsOf, HISTOGRAM_COLUMNS } from './histogram-columns.ts';
import type { AttemptDetail } from './request-details.ts';
import { isAnswered, type RequestRecord } from './request-record.ts';

/** The groups that have sums: all requests together, or each model, provider or key. */
export const SUM_DIMENSIONS = ['all', 'model', 'provider', 'key'] as const;
export type SumDimension = (typeof SUM_DIMENSIONS)[number];

export interface SeriesQuery {
  readonly dimension: SumDimension;
  /** Only this model, provider or key; undefined: each of them. */
  readonly name: string | undefined;
  /** Milliseconds since 1970; whole steps. */
  readonly sinceMs: number;
  readonly untilMs: number;
  /** A multiple of a minute; from `HOUR_MS` on, a multiple of an hour. */
  readonly stepMs: number;
  /** The store may sum up all names but those with the most requests. */
  readonly mostNames?: number;
}

/** The sums of one step and one name. */
export interface RequestSum {
  readonly fromMs: number;
  /** '' for all requests, and for those without a model, provider or key. */
  readonly name: string;
  requests: number;
  failures: number;
  fallbacks: number;
  promptTokens: number;
  completionTokens: number;
  /** Nano-dollars. */
  costNano: number;
  /** Requests that used something whose price is not known. */
  unpriced: number;
  readonly durations: Histogram;
  readonly firstBytes: Histogram;
  /** The sum of all names beyond the query's `mostNames`. */
  readonly isOfOthers?: true;
}

export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;

/** How long sums are kept. */
export const MINUTES_KEPT_MS = 3 * 24 * HOUR_MS;
export const HOURS_KEPT_MS = 400 * 24 * HOUR_MS;

/** The steps in which sums are stored. */
const STEPS = [MINUTE_MS, HOUR_MS] as const;

/** Groups records into sums of one step, by dimension and name. */
export class RequestSums {
  readonly #stepMs: number;
  readonly #most: number;
  readonly #sums = new Map<string, { readonly dimension: SumDimension; readonly sum: RequestSum }>();

  /** Clients may choose names of models; beyond `most` entries only the sums of all requests grow. */
  constructor(stepMs: number, most = Infinity) {
    this.#stepMs = stepMs;
    this.#most = most;
  }

  add(record: RequestRecord): void {
    const fromMs = record.endedAtMs - (record.endedAtMs % this.#stepMs);
    for (const dimension of SUM_DIMENSIONS) {
      const sum = this.#sumOf(dimension, fromMs, nameIn(record, dimension));
      if (sum !== undefined) addRecord(sum, record);
    }
    for (const provider of providersThatFailed(record)) {
      const sum = this.#sumOf('provider', fromMs, provider);
      if (sum === undefined) continue;
      sum.requests += 1;
      sum.failures += 1;
    }
  }

  /** undefined: there is no more room for names. */
  #sumOf(dimension: SumDimension, fromMs: number, name: string): RequestSum | undefined {
    const key = `${dimension}\0${String(fromMs).padStart(15, '0')}\0${name}`;
    let entry = this.#sums.get(key);
    if (entry === undefined) {
      if (this.#sums.size >= this.#most && dimension !== 'all') return undefined;
      this.#sums.set(key, (entry = { dimension, sum: emptySum(fromMs, name) }));
    }
    return entry.sum;
  }

  /** In the order of their keys, so that writers that touch the same rows cannot block each other for ever. */
  entries(): { readonly dimension: SumDimension; readonly sum: RequestSum }[] {
    return [...this.#sums].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry);
  }

  /** Forgets what began before that time. */
  prune(beforeMs: number): void {
    for (const [key, { sum }] of this.#sums) if (sum.fromMs < beforeMs) this.#sums.delete(key);
  }

  /** The sums of a query, in steps of the query. */
  series({ dimension, name, sinceMs, untilMs, stepMs }: SeriesQuery): RequestSum[] {
    const merged = new Map<string, RequestSum>();
    for (const { dimension: of, sum } of this.#sums.values()) {
      const isWanted = of === dimension && (name === undefined || sum.name === name);
      if (!isWanted || sum.fromMs < sinceMs || sum.fromMs >= untilMs) continue;
      const fromMs = sum.fromMs - (sum.fromMs % stepMs);
      const key = `${fromMs} ${sum.name}`;
      const known = merged.get(key) ?? emptySum(fromMs, sum.name);
      merged.set(key, known);
      addUp(known, sum);
    }
    return [...merged.values()];
  }
}

/** Those that failed before another provider was asked. A broken provider would otherwise look like an unused one. */
function providersThatFailed({ provider, hasFallback, attemptsJson }: RequestRecord): ReadonlySet<string> {
  if (hasFallback !== 1 || attemptsJson === null || attemptsJson === undefined) return NONE;
  const attempts = JSON.parse(attemptsJson) as readonly Pick<AttemptDetail, 'provider' | 'outcome'>[];
  const failed = attempts.filter((one) => one.provider !== provider && FAILURES.has(one.outcome));
  return new Set(failed.map((one) => one.provider));
}

const NONE: ReadonlySet<string> = new Set();

/** The outcomes of an attempt for which its provider is to blame. */
const FAILURES: ReadonlySet<AttemptDetail['outcome']> = new Set([
  'failed',
  'rate-limited',
  'timed-out',
  'unreachable',
]);

function nameIn({ model, provider, key }: RequestRecord, dimension: SumDimension): string {
  const names = { all: '', model, provider, key };
  return names[dimension] ?? '';
}

export function emptySum(fromMs: number, name: string): RequestSum {
  return {
    fromMs,
    name,
    requests: 0,
    failures: 0,
    fallbacks: 0,
    promptTokens: 0,
    completionTokens: 0,
    costNano: 0,
    unpriced: 0,
    durations: emptyHistogram(),
    firstBytes: emptyHistogram(),
  };
}

function addRecord(sum: RequestSum, record: RequestRecord): void {
  sum.requests += 1;
  if (record.ending !== 'complete' && record.ending !== 'client-left') sum.failures += 1;
  sum.fallbacks += record.hasFallback ?? 0;
  sum.promptTokens += record.promptTokens ?? 0;
  sum.completionTokens += record.completionTokens ?? 0;
  sum.costNano += record.costNano ?? 0;
  if (record.costBasis !== null && record.costNano === null) sum.unpriced += 1;
  if (!isAnswered(record)) return;
  count(sum.durations, record.durationMs);
  if (record.firstTokenMs !== null) count(sum.firstBytes, record.firstTokenMs);
}

/** Adds one sum to another. */
export function addUp(sum: RequestSum, other: RequestSum): void {
  sum.requests += other.requests;
  sum.failures += other.failures;
  sum.fallbacks += other.fallbacks;
  sum.promptTokens += other.promptTokens;
  sum.completionTokens += other.completionTokens;
  sum.costNano += other.costNano;
  sum.unpriced += other.unpriced;
  addHistogram(sum.durations, other.durations);
  addHistogram(sum.firstBytes, other.firstBytes);
}

const COUNTS = [
  'requests',
  'failures',
  'fallbacks',
  'prompt_tokens',
  'completion_tokens',
  'cost_nano',
  'unpriced',
] as const;
export const SUMMED = [...COUNTS, ...HISTOGRAM_COLUMNS];
const COLUMNS = ['step_s', 'dimension', 'from_ms', 'name', ...SUMMED];
const INSERT = `insert into request_sums (${COLUMNS.join(', ')}) values `;
const ADD_UP = ` on conflict (step_s, dimension, from_ms, name) do update set ${SUMMED.map(
  (name) => `${name} = request_sums.${name} + excluded.${name}`,
).join(', ')}`;

/** SQLite takes 32,766 parameters in a statement. */
const ROWS_AT_ONCE = 200;

/** Adds records that were not counted before to the stored sums. */
export async function addRequestSums(sql: SQL, records: readonly RequestRecord[]): Promise<void> {
  if (records.length === 0) return;
  const rows: (string | number)[][] = [];
  for (const stepMs of STEPS) {
    const sums = new RequestSums(stepMs);
    for (const record of records) sums.add(record);
    for (const { dimension, sum } of sums.entries()) rows.push(rowOf(stepMs, dimension, sum));
  }
  for (let from = 0; from < rows.length; from += ROWS_AT_ONCE) {
    const some = rows.slice(from, from + ROWS_AT_ONCE);
    await sql.unsafe(INSERT + placeholders(sql, some.length) + ADD_UP, some.flat());
  }
}

/** The values of `COLUMNS`. */
function rowOf(stepMs: number, dimension: SumDimension, sum: RequestSum): (string | number)[] {
  return [
    stepMs / 1000,
    dimension,
    sum.fromMs,
    sum.name,
    sum.requests,
    sum.failures,
    sum.fallbacks,
    sum.promptTokens,
    sum.completionTokens,
    sum.costNano,
    sum.unpriced,
    ...columnsOf(sum.durations, sum.firstBytes),
  ];
}

/** The placeholders of rows of `COLUMNS`. The runtime's own helper takes twice as long for rows of this width. */
function placeholders(sql: SQL, rows: number): string {
  if (sql.options.adapter === 'sqlite') return `${UNNUMBERED}, `.repeat(rows).slice(0, -2);
  let text = '';
  for (let row = 0, number = 1; row < rows; row++) {
    text += row === 0 ? '(' : ', (';
    for (let column = 0; column < COLUMNS.length; column++) text += `${column === 0 ? '' : ', '}$${number++}`;
    text += ')';
  }
  return text;
}

const UNNUMBERED = `(${COLUMNS.map(() => '?').join(', ')})`;

/** Deletes sums that are kept no longer. */
export async function pruneSums(sql: SQL, nowMs: number): Promise<void> {
  for (const [stepMs, keptMs] of [
    [MINUTE_MS, MINUTES_KEPT_MS],
    [HOUR_MS, HOURS_KEPT_MS],
  ] as const) {
    for (const dimension of SUM_DIMENSIONS) {
      await sql`delete from request_sums
        where step_s = ${stepMs / 1000} and dimension = ${dimension} and from_ms < ${nowMs - keptMs}`;
    }
  }
}
