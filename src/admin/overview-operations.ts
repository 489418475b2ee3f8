import { z } from 'zod';
import { windowOf } from '../limits/window.ts';
import { percentile } from '../lib/histogram.ts';
import { dollarsOf } from '../prices/cost.ts';
import type { JsonObject } from '../store/revision.ts';
import { addUp, emptySum, HOUR_MS, MINUTES_KEPT_MS, type RequestSum } from '../store/records/request-sums.ts';
import type { Answer, Call, Operation } from './operation.ts';
import { requestsInFlight } from './running/route-states.ts';
import { parseQuery } from './request-query.ts';

const COUNT = z.int().min(0);
const DOLLARS = z.string().meta({ description: 'US dollars with nine decimal places.' });
const MS = COUNT.nullable().meta({ description: 'Milliseconds; null: nothing was measured.' });
const percentiles = z.object({ p50: MS, p95: MS }).meta({ description: 'Of answered requests.' });
const MINUTE_MS = 60_000;

const TIMEZONE = z
  .string()
  .max(64)
  .refine(isTimeZone, 'must be a time zone such as Europe/Berlin')
  .default('UTC')
  .meta({ description: 'The time zone that defines today and yesterday.' });

function isTimeZone(name: string): boolean {
  try {
    Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function startOfDay(atMs: number, timezone: string): number {
  return windowOf({ unit: 'day', timezone }, atMs).startMs;
}

const overviewQuery = z.strictObject({
  window: z.coerce
    .number()
    .int()
    .min(60)
    .max(2_592_000)
    .default(900)
    .meta({ description: 'Length of the window in seconds. The window ends now.' }),
  timezone: TIMEZONE,
});

const overviewSchema = z
  .object({
    window_seconds: COUNT,
    requests: COUNT,
    failures: COUNT,
    requests_per_second: z.number(),
    error_rate: z.number(),
    tokens_per_second: z.number(),
    latency_ms: percentiles,
    time_to_first_token_ms: percentiles,
    cost: DOLLARS,
    cost_today: DOLLARS,
    unpriced_requests_today: COUNT.meta({
      description: 'Requests of today that used something whose price is not known. `cost_today` lacks them.',
    }),
    cost_yesterday: DOLLARS,
    cost_yesterday_same_time: DOLLARS,
    in_flight: COUNT,
    models: COUNT,
    providers: COUNT,
    keys: COUNT,
    uptime_seconds: COUNT,
  })
  .meta({ id: 'Overview' });

/** The operation that sums up a window of time until now. */
export const overviewOperations: readonly Operation[] = [
  {
    method: 'get',
    tag: 'running',
    body: undefined,
    status: 200,
    path: '/overview',
    id: 'readOverview',
    summary: 'Overview',
    description: 'Traffic, errors and latency in a window up to now, and the cost of today.',
    query: overviewQuery,
    answer: overviewSchema,
    run: overview,
  },
];

async function overview({ query, services, store, now }: Call): Promise<Answer> {
  const { window: seconds, timezone } = parseQuery(overviewQuery, query);
  const nowMs = now.getTime();
  const untilMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS + MINUTE_MS;
  const stepMs = seconds * 1000 > MINUTES_KEPT_MS ? HOUR_MS : MINUTE_MS;
  const sinceMs = Math.floor((nowMs - seconds * 1000) / stepMs) * stepMs;
  const read = (from: number, until: number, step: number) =>
    store.requests.series({ dimension: 'all', name: undefined, sinceMs: from, untilMs: until, stepMs: step });
  const today = startOfDay(nowMs, timezone);
  const yesterday = startOfDay(today - 1, timezone);
  const [sums, days] = await Promise.all([
    read(sinceMs, untilMs, stepMs),
    read(yesterday, untilMs, MINUTE_MS),
  ]);
  const total = totalOf(sums);
  const spanSeconds = (nowMs - sinceMs) / 1000;
  const between = (from: number, until: number): RequestSum =>
    totalOf(days.filter(({ fromMs }) => fromMs >= from && fromMs < until));
  const spent = (from: number, until: number): string => dollarsOf(between(from, until).costNano);
  const running = services.running();
  const { models, providers, access } = running.snapshot();
  const perSecond = (amount: number): number => Math.round((amount / spanSeconds) * 1000) / 1000;
  return {
    version: undefined,
    body: {
      window_seconds: seconds,
      requests: total.requests,
      failures: total.failures,
      requests_per_second: perSecond(total.requests),
      error_rate: total.requests === 0 ? 0 : Math.round((total.failures / total.requests) * 10_000) / 10_000,
      tokens_per_second: perSecond(total.promptTokens + total.completionTokens),
      latency_ms: percentilesOf(total.durations),
      time_to_first_token_ms: percentilesOf(total.firstBytes),
      cost: dollarsOf(total.costNano),
      cost_today: spent(today, Infinity),
      unpriced_requests_today: between(today, Infinity).unpriced,
      cost_yesterday: spent(yesterday, today),
      cost_yesterday_same_time: spent(yesterday, yesterday + (nowMs - today)),
      in_flight: requestsInFlight(running),
      models: models.size,
      providers: providers.size,
      keys: access.kind === 'keys' ? new Set([...access.keys.values()].map(({ name }) => name)).size : 0,
      uptime_seconds: Math.max(0, Math.round((nowMs - running.startedAtMs) / 1000)),
    },
  };
}

function percentilesOf(histogram: readonly number[]): JsonObject {
  return { p50: percentile(histogram, 0.5), p95: percentile(histogram, 0.95) };
}

function totalOf(sums: readonly RequestSum[]): RequestSum {
  const total = emptySum(0, '');
  for (const sum of sums) addUp(total, sum);
  return total;
}
