import { z } from 'zod';
import { dollarsOf } from '../prices/cost.ts';
import { hookName, messageFor } from '../spend/alerts/deliver.ts';
import { type EntryRow, listEntries } from '../spend/report/entry-list.ts';
import { forecastOf } from '../spend/report/forecast.ts';
import { forgetEndUser } from '../spend/report/forget-end-user.ts';
import { CSV_TYPE, reportAsCsv, reportAsJson } from '../spend/report/report-answer.ts';
import { zonedText } from '../spend/report/report-period.ts';
import { type SpendQuery, TooManyGroups } from '../spend/report/spend-report.ts';
import { isProblems, readSpendQuery, type SpendParameters } from '../spend/report/spend-request.ts';
import type { Database } from '../store/database.ts';
import type { JsonObject } from '../store/revision.ts';
import { ledgerOf } from './ledger-of.ts';
import type { Answer, Call, Operation } from './operation.ts';
import { AdminProblem, listed } from './problem.ts';
import { parseQuery } from './request-query.ts';

const DOLLARS = z.string().regex(/^-?\d+\.\d{9}$/);
const COUNT = z.int();

const TIMEZONE = z.string().max(64).optional().meta({
  description: 'The IANA time zone of dates and periods. Default: `limits_options.timezone`, else UTC.',
});

const NAMES = {
  team: z.string().optional().meta({ description: 'Only this team and the teams below it.' }),
  key: z.string().optional(),
  user: z.string().optional(),
  model: z.string().optional(),
  provider: z.string().optional(),
};

const spendQuery = z.strictObject({
  group_by: z.string().max(400).optional().meta({
    description:
      'Dimensions to group the sums by, separated by commas: one of hour, day, week and month, and any of team, key, user, model, provider, end_user and tag:NAME.',
  }),
  since: z.string().max(40).optional().meta({
    description: 'Start of the period: a date in the time zone, or a time. Default: the first of this month.',
  }),
  until: z
    .string()
    .max(40)
    .optional()
    .meta({ description: 'End of the period, exclusive, in the same format. Default: now.' }),
  timezone: TIMEZONE,
  ...NAMES,
  end_user: z
    .string()
    .optional()
    .meta({ description: 'Computed from the records of requests, so limited to their retention.' }),
  format: z.enum(['json', 'csv']).default('json'),
});

const forecastQuery = z.strictObject({ timezone: TIMEZONE, ...NAMES });

const entriesQuery = z.strictObject({
  counter: z.string().max(1000).optional().meta({ description: 'Only entries of this limit.' }),
  cursor: z.coerce
    .number()
    .int()
    .min(1)
    .optional()
    .meta({ description: 'The next_cursor of the previous page.' }),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});

const sumsSchema = z
  .object({
    requests: COUNT,
    refused: COUNT,
    failures: COUNT.meta({ description: 'Requests that were refused, failed, truncated or lost.' }),
    input_tokens: COUNT,
    cached_tokens: COUNT,
    cache_write_tokens: COUNT,
    output_tokens: COUNT,
    reasoning_tokens: COUNT,
    cost: DOLLARS.meta({ description: 'US dollars for the requests whose price is known.' }),
    unpriced_requests: COUNT.meta({ description: 'Requests that used something whose price is not known.' }),
    estimated_cost: DOLLARS.meta({
      description: 'The part of the cost from tokens that the gateway counted itself.',
    }),
    lost_cost: DOLLARS.meta({
      description:
        'The part of the cost from requests that were lost with their process and charged at their reservation.',
    }),
    saved: DOLLARS,
  })
  .meta({ id: 'SpendSums' });

const spendAnswer = z
  .object({
    since: z.string(),
    until: z.string(),
    timezone: z.string(),
    group_by: z.array(z.string()),
    spend: z.array(sumsSchema.loose()).meta({
      description:
        'The groups. Each has its `period`, the names that it is grouped by (null: none) and its sums.',
    }),
    total: sumsSchema,
  })
  .meta({ id: 'SpendReport' });

const forecastAnswer = z
  .object({
    timezone: z.string(),
    month: z.object({ start: z.string(), end: z.string() }),
    spent: DOLLARS,
    daily_average: DOLLARS,
    days: COUNT.meta({ description: 'Number of whole days in the average, at most 7.' }),
    forecast: DOLLARS.nullable().meta({ description: 'null: there is no whole day yet.' }),
  })
  .meta({ id: 'SpendForecast' });

const entrySchema = z
  .object({
    id: z.string(),
    at: z.string(),
    counter: z.string().nullable(),
    window_start: z.string().nullable(),
    key_id: z.string().nullable(),
    kind: z.string(),
    amount: z.string().meta({ description: 'US dollars for money, else the unit of the limit.' }),
    tokens: COUNT,
    reason: z.string(),
    actor: z.string(),
    source: z.string(),
  })
  .meta({ id: 'SpendEntry' });

const shared = { method: 'get', tag: 'spend', body: undefined, status: 200 } as const;

/** Operations on the ledger: reports, forecast, corrections, removal of an end user, and test alerts. */
export const spendOperations: readonly Operation[] = [
  {
    ...shared,
    path: '/spend',
    id: 'reportSpend',
    summary: 'Spending',
    description:
      'Sums of requests, tokens and costs, by time and name. Names are those at the time of the request. The groups add up to the total in any time zone. `format=csv` returns a CSV file (RFC 4180) whose last line is the total.',
    query: spendQuery,
    answer: spendAnswer,
    run: reportSpend,
  },
  {
    ...shared,
    path: '/spend/forecast',
    id: 'forecastSpend',
    summary: 'Forecast of the month',
    description:
      'Adds the spending of this month so far to the average of the last 7 whole days for each remaining day.',
    query: forecastQuery,
    answer: forecastAnswer,
    run: forecastSpend,
  },
  {
    ...shared,
    path: '/spend/entries',
    id: 'listSpendEntries',
    summary: 'Corrections',
    description: 'Adjustments, resets, imports and repricings, the newest first. They are never changed.',
    query: entriesQuery,
    answer: z.object({ entries: z.array(entrySchema), next_cursor: z.string().nullable() }),
    run: listSpendEntries,
  },
  {
    ...shared,
    method: 'delete',
    path: '/end-users/{id}',
    id: 'forgetEndUser',
    summary: 'Forget an end user',
    description:
      "Removes the name of the end user, or its hash, from all records of requests and deletes the end user's counters. Sums are kept.",
    answer: z.object({ records: COUNT }),
    run: forget,
  },
  {
    ...shared,
    method: 'post',
    path: '/alerts/test',
    id: 'testAlerts',
    summary: 'Test the webhooks',
    description: 'Sends a message with the event `test` to each webhook of the configuration, once.',
    body: z.strictObject({}),
    example: {},
    answer: z.object({
      hooks: z.array(
        z.object({
          hook: z.string().meta({ description: 'The host, and a part of the hash of the URL.' }),
          result: z.union([z.int(), z.enum(['forbidden', 'unreachable', 'timeout'])]).meta({
            description: 'The status of the answer, or the reason for a missing answer.',
          }),
        }),
      ),
    }),
    run: testAlerts,
  },
];

async function reportSpend(call: Call): Promise<Answer> {
  const { format, ...parameters } = parseQuery(spendQuery, call.query);
  const query = queryOf(parameters, call);
  const database = databaseOf(call);
  try {
    if (format === 'json') return { version: undefined, body: await reportAsJson(database, query) };
    const headers = { 'content-disposition': 'attachment; filename="spend.csv"' };
    const raw = { type: CSV_TYPE, body: await reportAsCsv(database, query) };
    return { version: undefined, body: undefined, headers, raw };
  } catch (error) {
    if (!(error instanceof TooManyGroups)) throw error;
    const message = `For one report ${error.message}. Ask for a shorter time, or group by less.`;
    throw new AdminProblem('invalid_parameter', message, { details: [{ path: 'group_by', message }] });
  }
}

function queryOf(parameters: SpendParameters, call: Call): SpendQuery {
  const query = readSpendQuery(parameters, { timezone: usualTimezone(call), nowMs: call.now.getTime() });
  if (!isProblems(query)) return query;
  throw new AdminProblem('invalid_parameter', listed('The parameters are not valid', query), {
    details: query,
  });
}

function usualTimezone({ store }: Call): string {
  return store.snapshot().limits.options.timezone;
}

function databaseOf(call: Call): Database {
  return ledgerOf(call).database;
}

async function forecastSpend(call: Call): Promise<Answer> {
  const parameters = parseQuery(forecastQuery, call.query);
  // The same parameters, and the same problems, as those of a report.
  const { timezone, filter } = queryOf(parameters, call);
  const found = await forecastOf(databaseOf(call), { timezone, filter, nowMs: call.now.getTime() });
  return {
    version: undefined,
    body: {
      timezone,
      month: { start: zonedText(timezone, found.startMs), end: zonedText(timezone, found.endMs) },
      spent: dollarsOf(found.spent),
      daily_average: dollarsOf(found.average),
      days: found.days,
      forecast: found.forecast === undefined ? null : dollarsOf(found.forecast),
    },
  };
}

async function listSpendEntries(call: Call): Promise<Answer> {
  const { cursor, limit, counter } = parseQuery(entriesQuery, call.query);
  const found = await listEntries(databaseOf(call), { before: cursor, limit: limit + 1, counter });
  const page = found.slice(0, limit);
  const last = page.at(-1);
  const nextCursor = found.length > limit && last !== undefined ? String(last.id) : null;
  return { version: undefined, body: { entries: page.map(entryView), next_cursor: nextCursor } };
}

function entryView(row: EntryRow): JsonObject {
  const isMoney = row.counter === null || /\/cost\//.test(row.counter);
  return {
    id: String(row.id),
    at: new Date(Number(row.at_ms)).toISOString(),
    counter: row.counter,
    window_start: row.window_ms === null ? null : new Date(Number(row.window_ms)).toISOString(),
    key_id: row.key_id,
    kind: row.kind,
    amount: isMoney ? dollarsOf(BigInt(row.amount)) : row.amount,
    tokens: Number(row.tokens),
    reason: row.reason,
    actor: row.actor,
    source: row.source,
  };
}

async function forget(call: Call): Promise<Answer> {
  const { id, services } = call;
  const hash = services.spend?.hashEndUser?.(id);
  const names = [id, ...(hash === undefined ? [] : [hash])];
  const records = await forgetEndUser(databaseOf(call), names);
  // The name itself must not be logged, since it is to be forgotten.
  services.note('forget an end user');
  return { version: undefined, body: { records } };
}

async function testAlerts({ store, services, now }: Call): Promise<Answer> {
  const body = JSON.stringify({ id: `al_test_${now.getTime()}`, event: 'test', at: now.toISOString() });
  const send = services.spend?.sendHook;
  const hooks = await Promise.all(
    store.snapshot().alerts.map(async (hook) => ({
      hook: hookName(hook),
      result: (await send?.(messageFor(hook, body, now.getTime()))) ?? 'unreachable',
    })),
  );
  services.note('test the webhooks');
  return { version: undefined, body: { hooks } };
}
