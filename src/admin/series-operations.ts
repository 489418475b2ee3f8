import { z } from 'zod';
import { percentile } from '../lib/histogram.ts';
import { dollarsOf } from '../prices/cost.ts';
import type { JsonObject } from '../store/revision.ts';
import {
  addUp,
  emptySum,
  HOUR_MS,
  MINUTES_KEPT_MS,
  type RequestSum,
  type SeriesQuery,
  type SumDimension,
} from '../store/records/request-sums.ts';
import type { Answer, Call, Operation } from './operation.ts';
import { AdminProblem } from './problem.ts';
import { parseQuery, PERIOD } from './request-query.ts';

const COUNT = z.int().min(0);
const DOLLARS = z.string().meta({ description: 'US dollars with nine decimal places.' });
const MS = COUNT.nullable().meta({ description: 'Milliseconds; null: nothing was measured.' });
const MINUTE_MS = 60_000;

const seriesQuery = z.strictObject({
  ...PERIOD,
  step: z.coerce.number().int().min(60).optional().meta({
    description:
      'Length of a step in seconds, in whole minutes or hours. Default: a step that gives at most 240 points.',
  }),
  group_by: z.enum(['model', 'provider', 'key']).optional().meta({
    description:
      'By provider, a request also counts as a failure of each provider that failed before another one was asked.',
  }),
  model: z
    .string()
    .optional()
    .meta({ description: 'Only this one. At most one of model, provider, key and group_by may be set.' }),
  provider: z.string().optional(),
  key: z.string().optional(),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(100)
    .default(10)
    .meta({ description: 'Maximum number of groups. All others are combined into one more group.' }),
});

const COLUMN = z.array(COUNT);
const TIMES = z.array(MS);

const seriesSchema = z
  .object({
    since: z.string(),
    until: z.string(),
    step_seconds: COUNT,
    times: z.array(z.string()).meta({ description: 'Start of each step, in ISO 8601, UTC.' }),
    series: z.array(
      z.object({
        group: z
          .string()
          .nullable()
          .meta({ description: 'The name of the group; null: all requests, or requests without a name.' }),
        is_other: z.boolean(),
        requests: COLUMN,
        failures: COLUMN,
        fallbacks: COLUMN,
        prompt_tokens: COLUMN,
        completion_tokens: COLUMN,
        cost: z.array(DOLLARS),
        latency_p50_ms: TIMES,
        latency_p95_ms: TIMES,
        first_token_p50_ms: TIMES,
        first_token_p95_ms: TIMES,
      }),
    ),
  })
  .meta({ id: 'Series' });

const shared = { method: 'get', tag: 'running', body: undefined, status: 200 } as const;

/** The operation on sums over time. */
export const seriesOperations: readonly Operation[] = [
  {
    ...shared,
    path: '/series',
    id: 'readSeries',
    summary: 'Sums over time',
    description: 'Uses sums by the minute, kept for three days, and by the hour, kept for 400 days.',
    query: seriesQuery,
    answer: seriesSchema,
    run: series,
  },
];

function totalOf(sums: readonly RequestSum[]): RequestSum {
  const total = emptySum(0, '');
  for (const sum of sums) addUp(total, sum);
  return total;
}

const MOST_POINTS = 1500;
const WANTED_POINTS = 240;
/** Steps that people can read, in minutes. */
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10_080];

async function series({ query, store, now }: Call): Promise<Answer> {
  const parsed = parseQuery(seriesQuery, query);
  const nowMs = now.getTime();
  const { until = nowMs, since = until - HOUR_MS, limit } = parsed;
  const { dimension, name } = selectionOf(parsed);
  const stepMs = stepOf(parsed.step, { since, until, nowMs });
  const sinceMs = Math.floor(since / stepMs) * stepMs;
  const untilMs = Math.ceil(until / stepMs) * stepMs;
  const points = (untilMs - sinceMs) / stepMs;
  if (points > MOST_POINTS || points <= 0)
    throw wrong('step', `gives ${points} points; 1 to ${MOST_POINTS} are possible`);
  const asked: SeriesQuery = { dimension, name, sinceMs, untilMs, stepMs, mostNames: limit };
  const sums = await store.requests.series(asked);
  const groups = Map.groupBy(
    sums.filter(({ isOfOthers }) => isOfOthers === undefined),
    (sum) => sum.name,
  );
  const others = sums.filter(({ isOfOthers }) => isOfOthers === true);
  const times = Array.from({ length: points }, (_, index) => sinceMs + index * stepMs);
  if (groups.size === 0 && parsed.group_by === undefined) groups.set(name ?? '', []);
  const lines = linesOf({ groups, others }, limit).map((line) => lineView(line, times));
  return {
    version: undefined,
    body: {
      since: new Date(sinceMs).toISOString(),
      until: new Date(untilMs).toISOString(),
      step_seconds: stepMs / 1000,
      times: times.map((ms) => new Date(ms).toISOString()),
      series: lines,
    },
  };
}

function selectionOf(parsed: z.output<typeof seriesQuery>): {
  dimension: SumDimension;
  name: string | undefined;
} {
  const { group_by: group, model, provider, key } = parsed;
  const chosen = Object.entries({ model, provider, key }).filter(([, name]) => name !== undefined);
  const [first] = chosen;
  if (chosen.length + (group === undefined ? 0 : 1) > 1)
    throw wrong('group_by', 'takes one of model, provider, key and group_by');
  return { dimension: group ?? (first?.[0] as SumDimension | undefined) ?? 'all', name: first?.[1] };
}

/** Sums by the minute that are no longer kept are available by the hour. */
function stepOf(
  step: number | undefined,
  { since, until, nowMs }: { readonly since: number; readonly until: number; readonly nowMs: number },
): number {
  const isOld = since < nowMs - MINUTES_KEPT_MS;
  if (step === undefined) {
    const minutes = STEPS.find((one) => (until - since) / (one * MINUTE_MS) <= WANTED_POINTS) ?? 10_080;
    return Math.max(minutes * MINUTE_MS, isOld ? HOUR_MS : 0);
  }
  const stepMs = step * 1000;
  if (stepMs % MINUTE_MS !== 0) throw wrong('step', 'must be whole minutes');
  if (isOld && stepMs % HOUR_MS !== 0)
    throw wrong('step', 'must be whole hours for what is older than three days');
  return stepMs;
}

interface Line {
  readonly group: string;
  readonly isOther: boolean;
  readonly sums: readonly RequestSum[];
}

/** The groups with the most requests; the others are summed as one more. */
function linesOf(
  { groups, others }: { groups: ReadonlyMap<string, readonly RequestSum[]>; others: readonly RequestSum[] },
  limit: number,
): Line[] {
  const size = (sums: readonly RequestSum[]): number => sums.reduce((all, { requests }) => all + requests, 0);
  const sorted = [...groups].toSorted(([a, one], [b, other]) => size(other) - size(one) || (a < b ? -1 : 1));
  const lines = sorted.slice(0, limit).map(([group, sums]): Line => ({ group, isOther: false, sums }));
  const rest = [...others, ...sorted.slice(limit).flatMap(([, sums]) => sums)];
  return rest.length === 0 ? lines : [...lines, { group: '', isOther: true, sums: rest }];
}

function lineView({ group, isOther, sums }: Line, times: readonly number[]): JsonObject {
  const byTime = Map.groupBy(sums, ({ fromMs }) => fromMs);
  const steps = times.map((time) => totalOf(byTime.get(time) ?? []));
  const percentileAt = (of: 'durations' | 'firstBytes', share: number): (number | null)[] =>
    steps.map((step) => percentile(step[of], share));
  return {
    group: group === '' ? null : group,
    is_other: isOther,
    requests: steps.map(({ requests }) => requests),
    failures: steps.map(({ failures }) => failures),
    fallbacks: steps.map(({ fallbacks }) => fallbacks),
    prompt_tokens: steps.map(({ promptTokens }) => promptTokens),
    completion_tokens: steps.map(({ completionTokens }) => completionTokens),
    cost: steps.map(({ costNano }) => dollarsOf(costNano)),
    latency_p50_ms: percentileAt('durations', 0.5),
    latency_p95_ms: percentileAt('durations', 0.95),
    first_token_p50_ms: percentileAt('firstBytes', 0.5),
    first_token_p95_ms: percentileAt('firstBytes', 0.95),
  };
}

function wrong(path: string, message: string): AdminProblem {
  const details = [{ path, message }];
  return new AdminProblem('invalid_parameter', `The parameters are not valid: ${path} ${message}.`, {
    details,
  });
}
