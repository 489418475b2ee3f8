import type { KeyAnswer, KeyQuestion, KeyUse } from '../../gateway/key-use.ts';
import { type BucketLimit, take } from '../../limits/bucket.ts';
import { windowOf } from '../../limits/window.ts';
import { type Database, StoreUnavailable } from '../../store/database.ts';
import { reportAsJson } from '../report/report-answer.ts';
import { QUARTER_MS } from '../report/report-period.ts';
import { spendGroups, TooManyGroups, totalOf } from '../report/spend-report.ts';
import { isProblems, readSpendQuery } from '../report/spend-request.ts';
import { listOwnRequests, readOwnRequest } from './own-requests.ts';

export interface KeyUseOptions {
  /** undefined while there is none. */
  readonly database: () => Database | undefined;
  /** The zone of days and months. */
  readonly timezone: () => string;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  /** Replaces a key's secret; undefined: keys are in a file. */
  readonly rotate?:
    | ((question: KeyQuestion & { readonly about: 'rotation' }) => Promise<KeyAnswer>)
    | undefined;
  /** Receives unexpected errors. */
  readonly onBug: (error: unknown) => void;
}

/** How often a key may ask questions that need the database. */
const TEN_A_MINUTE: BucketLimit = { ratePerSecond: 10 / 60, burst: 10 };
/** The number of keys whose questions are counted. If more ask within a minute, the oldest may ask again. */
const MOST_ASKERS = 100_000;
const MOST_DAYS = 92;
const DAY_MS = 86_400_000;
/** How long the sums of a key are cached. */
const KEPT_MS = 10_000;
const MOST_KEPT = 10_000;

/** Answers a key holder's questions about this key from the ledger and the records. */
export function createKeyUse(options: KeyUseOptions): KeyUse {
  const levels = new Map<string, number>();
  const sums = new Map<string, KeptSum>();
  return async (question) => {
    try {
      if (question.about === 'rotation') return (await options.rotate?.(question)) ?? { kind: 'not-allowed' };
      const database = options.database();
      if (database === undefined) return NOT_STORED;
      if (question.about === 'spend')
        return answered(await spendOf(question.keyId, database, { sums, ...options }));
      const retryAfterSeconds = askedTooOften(levels, question.keyId, options.nowMs());
      if (retryAfterSeconds !== undefined) return { kind: 'too-many', retryAfterSeconds };
      return await answerFrom(database, question, options);
    } catch (error) {
      if (error instanceof StoreUnavailable)
        return { kind: 'unavailable', problem: 'the database is unavailable' };
      options.onBug(error);
      return { kind: 'unavailable', problem: 'the gateway failed' };
    }
  };
}

const NOT_STORED: KeyAnswer = { kind: 'unavailable', problem: 'it is not stored here' };

type StoredQuestion = Extract<KeyQuestion, { readonly about: 'usage' | 'requests' | 'request' }>;

async function answerFrom(
  database: Database,
  question: StoredQuestion,
  { timezone, nowMs }: KeyUseOptions,
): Promise<KeyAnswer> {
  switch (question.about) {
    case 'usage':
      return usage(database, question, { timezone: timezone(), nowMs: nowMs() });
    case 'requests':
      return listOwnRequests(database, question, question.parameters);
    case 'request':
      return readOwnRequest(database, question, question.requestId);
  }
}

/** The parameters of `GET /v1/key/usage`. */
const USAGE_PARAMETERS: ReadonlySet<string> = new Set(['since', 'until', 'group_by', 'timezone']);

async function usage(
  database: Database,
  { keyId, parameters }: { readonly keyId: string; readonly parameters: Readonly<Record<string, string>> },
  defaults: { readonly timezone: string; readonly nowMs: number },
): Promise<KeyAnswer> {
  const unknown = Object.keys(parameters).find((name) => !USAGE_PARAMETERS.has(name));
  if (unknown !== undefined)
    return invalid(unknown, `"${unknown}" is none of ${[...USAGE_PARAMETERS].join(', ')}`);
  const query = readSpendQuery(parameters, defaults);
  if (isProblems(query)) {
    const [{ path, message } = { path: '', message: '' }] = query;
    return invalid(path, `${path} ${message}`);
  }
  const other = query.names.find(
    (name) => name !== 'model' && name !== 'end_user' && !name.startsWith('tag:'),
  );
  if (other !== undefined) return invalid('group_by', `a key is not grouped by ${other}`);
  if (query.untilMs - query.sinceMs > MOST_DAYS * DAY_MS)
    return invalid('since', `the time is longer than ${MOST_DAYS} days`);
  try {
    return answered(await reportAsJson(database, { ...query, filter: { keyId } }));
  } catch (error) {
    if (!(error instanceof TooManyGroups)) throw error;
    return invalid('group_by', `for one answer ${error.message}`);
  }
}

interface KeptSum {
  readonly untilMs: number;
  readonly sum: Promise<{ readonly today: number; readonly month: number }>;
}

/** The spending of a key today and this month, in dollars. */
function spendOf(
  keyId: string,
  database: Database,
  {
    sums,
    nowMs,
    timezone,
  }: Pick<KeyUseOptions, 'nowMs' | 'timezone'> & { readonly sums: Map<string, KeptSum> },
): KeptSum['sum'] {
  const now = nowMs();
  const kept = sums.get(keyId);
  if (kept !== undefined && kept.untilMs > now) return kept.sum;
  const sum = sumOf(keyId, database, { nowMs: now, timezone: timezone() });
  sum.catch(() => sums.delete(keyId));
  if (sums.size >= MOST_KEPT) sums.clear();
  sums.set(keyId, { untilMs: now + KEPT_MS, sum });
  return sum;
}

async function sumOf(
  keyId: string,
  database: Database,
  { nowMs, timezone }: { readonly nowMs: number; readonly timezone: string },
): KeptSum['sum'] {
  const since = async (unit: 'day' | 'month'): Promise<number> => {
    const span = { sinceMs: windowOf({ unit, timezone }, nowMs).startMs, untilMs: nowMs + QUARTER_MS };
    const query = { ...span, period: undefined, names: [], timezone, filter: { keyId } };
    const groups = await Array.fromAsync(spendGroups(database, query));
    return Number(totalOf(groups.flat()).cost) / 1e9;
  };
  return { today: await since('day'), month: await since('month') };
}

/** The seconds until the key may ask again; undefined: it may ask now. */
function askedTooOften(levels: Map<string, number>, keyId: string, nowMs: number): number | undefined {
  const { admitted, level, retryAfterMs } = take(levels.get(keyId) ?? 0, TEN_A_MINUTE, nowMs);
  if (!admitted) return Math.max(1, Math.ceil(retryAfterMs / 1000));
  if (levels.size >= MOST_ASKERS) levels.clear();
  levels.set(keyId, level);
  return undefined;
}

function answered(body: unknown): KeyAnswer {
  return { kind: 'answered', status: 200, body: JSON.stringify(body) };
}

function invalid(param: string, problem: string): KeyAnswer {
  return { kind: 'invalid', param, problem };
}
