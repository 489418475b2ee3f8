import { z } from 'zod';
import type { Json } from '../store/revision.ts';
import type { RequestRecord } from '../store/records/request-record.ts';
import { csvLine } from '../spend/report/csv.ts';
import type { Position, RecordFilter } from '../store/records/request-record-filter.ts';
import type { Answer, Call, Operation } from './operation.ts';
import { CURSOR, readCursor, writeCursor } from './page-cursor.ts';
import { AdminProblem, listed } from './problem.ts';
import { ENDINGS, NAMES, parseQuery, PERIOD } from './request-query.ts';
import { detailSchema, detailView, NAME, recordSchema, requestView } from './request-view.ts';

const STATUS = /^(?:[1-5]xx|\d{1,3})$/;

const listQuery = z.strictObject({
  ...NAMES,
  team: z.string().optional(),
  user: z.string().optional(),
  end_user: z.string().optional(),
  status: z
    .string()
    .regex(STATUS, 'must be a status such as 429, or a class such as 5xx')
    .optional()
    .meta({ description: 'A status, or a class such as 5xx.' }),
  ending: z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(z.enum(ENDINGS)))
    .optional()
    .meta({ type: 'string', description: `One or more of ${ENDINGS.join(', ')}, separated by commas.` }),
  has_fallback: z
    .enum(['true', 'false'])
    .optional()
    .meta({ description: 'Whether a route other than the first was tried.' }),
  min_duration_ms: z.coerce.number().int().min(0).optional(),
  min_cost: z.coerce.number().min(0).max(9_000_000).optional().meta({ description: 'US dollars.' }),
  search: z.string().min(1).max(200).optional().meta({
    description:
      'Only those whose id, model, key or provider contains this text, in any case. A text such as `req_5f1c` finds the ids that begin with it, over any period.',
  }),
  ...PERIOD,
  cursor: CURSOR,
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(10_000)
    .default(100)
    .meta({ description: 'Maximum requests to return: up to 1,000 as JSON, 10,000 as CSV.' }),
  format: z.enum(['json', 'csv']).default('json'),
});

const messageSchema = z.object({
  title: z.string().meta({ description: 'Method and path, or the status.' }),
  headers: z.string().meta({ description: 'One field per line.' }),
  body: z.string().meta({ description: 'Up to 1 MiB of text.' }),
});

const recordedSchema = z
  .object({ request: messageSchema, answer: messageSchema, log: z.string() })
  .meta({ id: 'RecordedRequest' });

const shared = { method: 'get', tag: 'requests', body: undefined, status: 200 } as const;

/** Operations on request records. */
export const requestOperations: readonly Operation[] = [
  {
    ...shared,
    path: '/requests',
    id: 'listRequests',
    summary: 'Past requests',
    description:
      'Lists requests, newest first. Prompts and answers are not stored. A filter by key, model or provider covers any period. Any other or additional filter searches back for a limited time; `searched_until` states how far.',
    query: listQuery,
    answer: z.object({
      requests: z.array(recordSchema),
      next_cursor: NAME.meta({ description: 'For the next page; null: there is none.' }),
      searched_until: NAME.meta({
        description: 'Requests before this time have not been searched yet; null: all were searched.',
      }),
    }),
    run: listRequests,
  },
  {
    ...shared,
    path: '/requests/{id}',
    id: 'readRequest',
    summary: 'One request',
    description: 'Includes every attempt and the losses of the translation.',
    answer: detailSchema,
    run: async ({ id, store }) => {
      const record = await store.requests.find(id);
      if (record === undefined)
        throw new AdminProblem('not_found', `There is no record of a request "${id}".`);
      return { version: undefined, body: detailView(record, store.snapshot()) };
    },
  },
  {
    ...shared,
    path: '/requests/{id}/recorded',
    access: 'admin',
    id: 'readRecordedRequest',
    summary: 'The recorded bodies of a request',
    description:
      'Returns headers and bodies of a request and its answer, if `logging.separate_files` recorded them on this machine. Secrets are masked.',
    answer: recordedSchema,
    run: recordedRequest,
  },
];

const MOST_AS_JSON = 1000;

async function recordedRequest({ id, store, services }: Call): Promise<Answer> {
  const record = await store.requests.find(id);
  const question = { requestId: id, endedAtMs: record?.endedAtMs ?? 0 };
  const recorded = record && (await services.running().recorded(question));
  if (recorded === undefined)
    throw new AdminProblem('not_found', `Nothing was recorded of a request "${id}" on this machine.`);
  const { request, answer, log } = recorded;
  return { version: undefined, body: { request: { ...request }, answer: { ...answer }, log } };
}

async function listRequests({ store, query }: Call): Promise<Answer> {
  const parsed = parseQuery(listQuery, query);
  const { cursor, format, limit } = parsed;
  if (format === 'json' && limit > MOST_AS_JSON) throw tooMany();
  const found = await store.requests.search({
    filter: filterOf(parsed),
    before: cursor === undefined ? undefined : positionOf(cursor),
    // One extra record shows whether there is another page.
    limit: limit + 1,
  });
  const page = found.records.slice(0, limit);
  if (format === 'csv') {
    const headers = { 'content-disposition': 'attachment; filename="requests.csv"' };
    return { version: undefined, body: undefined, headers, raw: csvOf(page) };
  }
  const last = page.at(-1);
  const next = found.records.length > limit ? last : found.searchedTo;
  return {
    version: undefined,
    body: {
      requests: page.map(requestView),
      next_cursor: next === undefined ? null : cursorAt(next),
      searched_until:
        found.searchedTo === undefined ? null : new Date(found.searchedTo.endedAtMs).toISOString(),
    },
  };
}

function tooMany(): AdminProblem {
  const message = `must be at most ${MOST_AS_JSON}; only format=csv returns more`;
  const details = [{ path: 'limit', message }];
  return new AdminProblem('invalid_parameter', listed('The parameters are not valid', details), { details });
}

function filterOf(query: z.output<typeof listQuery>): RecordFilter {
  const { key, model, provider, team, user, search, status, ending: endings, since, until } = query;
  const [first] = endings ?? [];
  const exact = status !== undefined && /^\d+$/.test(status) ? Number(status) : undefined;
  const from = status?.endsWith('xx') === true ? Number(status[0]) * 100 : undefined;
  return {
    key,
    model,
    provider,
    team,
    user,
    search,
    endUser: query.end_user,
    status: exact,
    statuses: from === undefined ? undefined : [from, from + 99],
    ...(endings?.length === 1 ? { ending: first } : { endings }),
    hasFallback: query.has_fallback === undefined ? undefined : query.has_fallback === 'true',
    minDurationMs: query.min_duration_ms,
    minCostNano: query.min_cost === undefined ? undefined : Math.round(query.min_cost * 1e9),
    sinceMs: since,
    untilMs: until,
  };
}

function cursorAt({ endedAtMs, requestId }: Position): string {
  return writeCursor(endedAtMs, requestId);
}

function positionOf(cursor: string): Position {
  const [endedAt, requestId = ''] = readCursor(cursor, /^(\d{1,15})\/(\w{1,64})$/);
  return { endedAtMs: Number(endedAt), requestId };
}

function csvOf(records: readonly RequestRecord[]): NonNullable<Answer['raw']> {
  const names = Object.keys(recordSchema.shape);
  const lines = records.map(requestView).map((row) => csvLine(names.map((name) => csvField(row[name]))));
  return { type: 'text/csv; charset=utf-8', body: [csvLine(names), ...lines].join('') };
}

function csvField(value: Json | undefined): string | null | { readonly number: string } {
  if (typeof value === 'number') return { number: String(value) };
  return value === null || value === undefined
    ? null
    : typeof value === 'string'
      ? value
      : JSON.stringify(value);
}
