import { isTimezone, windowOf } from '../../limits/window.ts';
import { type PeriodUnit, periodsOf, QUARTER_MS, startOfDate } from './report-period.ts';
import type { SpendQuery } from './spend-report.ts';
import type { NameDimension } from './spend-statement.ts';

/** A problem of a parameter. */
export interface SpendProblem {
  readonly path: string;
  readonly message: string;
}

/** The parameters of a report, as text. */
export type SpendParameters = Readonly<Partial<Record<SpendParameter, string | undefined>>>;

export const SPEND_PARAMETERS = [
  'group_by',
  'since',
  'until',
  'timezone',
  'team',
  'key',
  'user',
  'model',
  'provider',
  'end_user',
] as const;
export type SpendParameter = (typeof SPEND_PARAMETERS)[number];

export interface SpendDefaults {
  /** The zone of a request that names none. */
  readonly timezone: string;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

const UNITS: readonly string[] = ['hour', 'day', 'week', 'month'] satisfies PeriodUnit[];
const NAMES: readonly string[] = ['team', 'key', 'user', 'end_user', 'model', 'provider'];
const TAG = /^tag:[\w.-]{1,32}$/;
const MOST_DIMENSIONS = 8;
/** Each period is a statement of its own. */
const MOST_PERIODS = 2500;
const MOST_NAME_CHARS = 512;

/**
 * Reads the parameters of a report. Dates are those of the zone; `until` is exclusive. If omitted, `since`
 * is the first of this month and `until` is now. Times are widened to whole quarters of an hour, the ledger's unit.
 */
export function readSpendQuery(
  parameters: SpendParameters,
  { timezone: usual, nowMs }: SpendDefaults,
): SpendQuery | readonly SpendProblem[] {
  const problems: SpendProblem[] = [];
  const { timezone = usual, group_by: groupBy = '' } = parameters;
  if (!isTimezone(timezone))
    return [{ path: 'timezone', message: 'must be a time zone such as Europe/Berlin' }];
  const since = instantOf('since', parameters.since, timezone, problems);
  const until = instantOf('until', parameters.until, timezone, problems);
  const sinceMs = floor(since ?? windowOf({ unit: 'month', timezone }, nowMs).startMs);
  const untilMs = -floor(-(until ?? nowMs));
  if (problems.length === 0 && sinceMs >= untilMs)
    problems.push({ path: 'until', message: 'must be after since' });
  const dimensions = groupBy === '' ? [] : groupBy.split(',').map((name) => name.trim());
  problems.push(...problemsOfDimensions(dimensions));
  for (const name of ['team', 'key', 'user', 'model', 'provider', 'end_user'] as const)
    if ((parameters[name]?.length ?? 0) > MOST_NAME_CHARS)
      problems.push({ path: name, message: 'is too long' });
  if (problems.length > 0) return problems;
  const period = dimensions.find((name) => UNITS.includes(name)) as PeriodUnit | undefined;
  const query = {
    sinceMs,
    untilMs,
    timezone,
    period,
    names: dimensions.filter((name) => !UNITS.includes(name)) as NameDimension[],
    filter: filterOf(parameters),
  };
  return hasTooManyPeriods(query)
    ? [{ path: 'group_by', message: `has more than ${MOST_PERIODS} periods; ask for a shorter time` }]
    : query;
}

function filterOf({
  team,
  key,
  user,
  model,
  provider,
  end_user: endUser,
}: SpendParameters): SpendQuery['filter'] {
  return { team, key, user, model, provider, endUser };
}

function problemsOfDimensions(dimensions: readonly string[]): SpendProblem[] {
  const path = 'group_by';
  const unknown = dimensions.find(
    (name) => !UNITS.includes(name) && !NAMES.includes(name) && !TAG.test(name),
  );
  if (unknown !== undefined) {
    const all = [...UNITS, ...NAMES, 'tag:NAME'].join(', ');
    return [{ path, message: `takes any of ${all}, separated by commas, not "${unknown.slice(0, 40)}"` }];
  }
  if (new Set(dimensions).size < dimensions.length) return [{ path, message: 'contains a duplicate' }];
  if (dimensions.filter((name) => UNITS.includes(name)).length > 1)
    return [{ path, message: `takes one of ${UNITS.join(', ')}` }];
  if (dimensions.length > MOST_DIMENSIONS)
    return [{ path, message: `takes at most ${MOST_DIMENSIONS} names` }];
  return [];
}

function hasTooManyPeriods({ period, timezone, sinceMs, untilMs }: SpendQuery): boolean {
  if (period === undefined) return false;
  const hourMs = 3_600_000;
  // Even counting the periods of years by hour would take long.
  if (untilMs - sinceMs > MOST_PERIODS * 32 * 24 * hourMs) return true;
  if (period !== 'hour') return countOf(periodsOf(period, timezone, { sinceMs, untilMs })) > MOST_PERIODS;
  return (untilMs - sinceMs) / hourMs > MOST_PERIODS;
}

function countOf(all: Iterable<unknown>): number {
  let count = 0;
  for (const _ of all) if (++count > MOST_PERIODS) break;
  return count;
}

const DATE = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)$/;

// oxlint-disable-next-line max-params -- a parameter, and where its problem goes
function instantOf(
  path: string,
  text: string | undefined,
  timezone: string,
  problems: SpendProblem[],
): number | undefined {
  if (text === undefined) return undefined;
  const atMs = DATE.test(text)
    ? startOfDate(timezone, text)
    : TIME.test(text)
      ? Date.parse(text)
      : Number.NaN;
  if (!Number.isNaN(atMs)) return atMs;
  problems.push({
    path,
    message: 'must be a date such as 2026-01-31, or a time such as 2026-01-31T12:00:00Z',
  });
  return undefined;
}

function floor(atMs: number): number {
  return Math.floor(atMs / QUARTER_MS) * QUARTER_MS;
}

export function isProblems(read: SpendQuery | readonly SpendProblem[]): read is readonly SpendProblem[] {
  return Array.isArray(read);
}
