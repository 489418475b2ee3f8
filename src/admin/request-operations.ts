import { dollarsOf } from '../prices/cost.ts';
import { z } from 'zod';
import type { JsonObject } from '../store/revision.ts';
import type { RequestRecord } from '../store/records/request-record.ts';
import type { Position } from '../store/records/request-record-filter.ts';
import { TooManyGroups, type UsageSum } from '../store/records/request-record-usage.ts';
import type { Answer, Call, Operation } from './operation.ts';
import { AdminProblem } from './problem.ts';
import { ENDINGS, parseQuery, PERIOD } from './request-query.ts';

const COUNT = z.int().min(0);
const TOKENS = COUNT.nullable().meta({ description: 'null: unknown, or nothing to count.' });
const NAME = z.string().nullable();
const DOLLARS = z.string().regex(/^\d+\.\d{9}$/);
const ENDING = z.enum(ENDINGS).meta({
  description:
    'refused: turned down by the gateway; failed: no provider gave an answer; truncated: the answer broke off; lost: the process that served it died.',
});

const recordSchema = z
  .object({
    time: z.string().meta({ description: 'When it ended; ISO 8601, UTC.' }),
    request_id: z.string(),
    key: NAME.meta({ description: 'The master key that it came with.' }),
    model: NAME.meta({ description: 'The requested model, if it is served.' }),
    provider: NAME.meta({ description: 'Of the last attempt.' }),
    attempts: COUNT,
    ending: ENDING,
    status: z.int(),
    prompt_tokens: TOKENS,
    completion_tokens: TOKENS,
    total_tokens: TOKENS,
    cached_tokens: TOKENS,
    reasoning_tokens: TOKENS,
    is_estimated: z.boolean().meta({
      description: 'Whether the gateway estimated the tokens because the provider did not report them.',
    }),
    is_streamed: z.boolean(),
    time_to_first_token_ms: COUNT.nullable(),
    duration_ms: COUNT,
    cost: DOLLARS.nullable().meta({ description: 'US dollars; null: the price is not known.' }),
    cost_basis: z.enum(['provider', 'estimated', 'not-billed', 'lost']).nullable().meta({
      description:
        'provider: from the usage that the provider reported; estimated: from tokens that the gateway counted; not-billed: there was no answer; lost: the process that served it died, so it is charged what it held. null: the record is older than prices.',
    }),
    price_ref: z.string().nullable().meta({ description: 'Id of the prices behind the cost.' }),
  })
  .meta({ id: 'RequestRecord' });

const NAMES = {
  key: z.string().optional().meta({ description: 'Only requests with this master key.' }),
  model: z.string().optional(),
  provider: z.string().optional(),
};

const listQuery = z.strictObject({
  ...NAMES,
  status: z.coerce.number().int().min(0).max(999).optional(),
  ending: ENDING.optional(),
  ...PERIOD,
  cursor: z.string().optional().meta({ description: 'The next_cursor of the previous page.' }),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(1000)
    .default(100)
    .meta({ description: 'Most requests to return.' }),
});

const DIMENSIONS = ['key', 'model', 'provider', 'hour', 'day'] as const;

const usageQuery = z.strictObject({
  group_by: z
    .string()
    .transform((text) => (text === '' ? [] : text.split(',')))
    .pipe(z.array(z.enum(DIMENSIONS)))
    .refine((all) => new Set(all).size === all.length, 'names something twice')
    .refine((all) => !(all.includes('hour') && all.includes('day')), 'takes hour or day, not both')
    .default([])
    .meta({
      type: 'string',
      description: `What to have a sum for each of: any of ${DIMENSIONS.join(', ')}, separated by commas.`,
    }),
  ...NAMES,
  ...PERIOD,
});

const usageSchema = z
  .object({
    time: z
      .string()
      .optional()
      .meta({ description: 'When the hour or day began; ISO 8601, UTC. Here and below: if grouped by it.' }),
    key: NAME.optional(),
    model: NAME.optional(),
    provider: NAME.optional(),
    requests: COUNT,
    failures: COUNT.meta({ description: 'Requests that ended as refused, failed, truncated or lost.' }),
    prompt_tokens: COUNT,
    completion_tokens: COUNT,
    total_tokens: COUNT,
    cached_tokens: COUNT,
    reasoning_tokens: COUNT,
    cost: DOLLARS.meta({ description: 'US dollars, of the requests whose price is known.' }),
    requests_without_price: COUNT.meta({
      description: 'Requests that used tokens whose price is not known.',
    }),
  })
  .meta({ id: 'UsageSum' });

const shared = { method: 'get', tag: 'requests', body: undefined, status: 200 } as const;

/** Operations on request records: who asked, and how many tokens were used. */
export const requestOperations: readonly Operation[] = [
  {
    ...shared,
    path: '/requests',
    id: 'listRequests',
    summary: 'Past requests',
    description: 'The newest first. Prompts and answers are not stored.',
    query: listQuery,
    answer: z.object({
      requests: z.array(recordSchema),
      next_cursor: NAME.meta({ description: 'For the next page; null: there is none.' }),
    }),
    run: listRequests,
  },
  {
    ...shared,
    path: '/usage',
    id: 'sumUsage',
    summary: 'Usage',
    description: 'Sums of past requests and their tokens.',
    query: usageQuery,
    answer: z.object({ usage: z.array(usageSchema) }),
    run: sumUsage,
  },
];

async function listRequests({ store, query }: Call): Promise<Answer> {
  const { cursor, limit, since, until, ...rest } = parseQuery(listQuery, query);
  const found = await store.requests.list({
    filter: { ...rest, sinceMs: since, untilMs: until },
    before: cursor === undefined ? undefined : positionOf(cursor),
    // One extra record shows whether there is another page.
    limit: limit + 1,
  });
  const page = found.slice(0, limit);
  const last = page.at(-1);
  const hasMore = found.length > limit && last !== undefined;
  return {
    version: undefined,
    body: { requests: page.map(viewOf), next_cursor: hasMore ? cursorAt(last) : null },
  };
}

function cursorAt({ endedAtMs, requestId }: Position): string {
  return Buffer.from(`${endedAtMs}/${requestId}`).toString('base64url');
}

function positionOf(cursor: string): Position {
  const text = Buffer.from(cursor, 'base64url').toString();
  const [, endedAt, requestId] = /^(\d{1,15})\/(\w{1,64})$/.exec(text) ?? [];
  if (endedAt === undefined || requestId === undefined) {
    const details = [{ path: 'cursor', message: 'is none that was given out' }];
    throw new AdminProblem('invalid_parameter', 'The cursor is not from a previous page.', { details });
  }
  return { endedAtMs: Number(endedAt), requestId };
}

function viewOf(record: RequestRecord): JsonObject {
  return {
    time: new Date(record.endedAtMs).toISOString(),
    request_id: record.requestId,
    key: record.key,
    model: record.model,
    provider: record.provider,
    attempts: record.attempts,
    ending: record.ending,
    status: record.status,
    prompt_tokens: record.promptTokens,
    completion_tokens: record.completionTokens,
    total_tokens: record.totalTokens,
    cached_tokens: record.cachedTokens,
    reasoning_tokens: record.reasoningTokens,
    is_estimated: record.isEstimated,
    is_streamed: record.isStreamed,
    time_to_first_token_ms: record.firstTokenMs,
    duration_ms: record.durationMs,
    cost: record.costNano === null ? null : dollarsOf(record.costNano),
    cost_basis: record.costBasis,
    price_ref: record.priceRef,
  };
}

async function sumUsage({ store, query }: Call): Promise<Answer> {
  const { group_by: dimensions, since, until, ...names } = parseQuery(usageQuery, query);
  try {
    const sums = await store.requests.sum({ ...names, sinceMs: since, untilMs: until }, dimensions);
    return { version: undefined, body: { usage: sums.map(sumViewOf) } };
  } catch (error) {
    if (!(error instanceof TooManyGroups)) throw error;
    const message = `For one answer ${error.message}. Ask for a shorter time, or group by less.`;
    throw new AdminProblem('invalid_parameter', message, { details: [{ path: 'group_by', message }] });
  }
}

function sumViewOf({ key, model, provider, fromMs, ...sums }: UsageSum): JsonObject {
  return {
    ...(fromMs !== undefined && { time: new Date(fromMs).toISOString() }),
    ...(key !== undefined && { key }),
    ...(model !== undefined && { model }),
    ...(provider !== undefined && { provider }),
    requests: sums.requests,
    failures: sums.failures,
    prompt_tokens: sums.promptTokens,
    completion_tokens: sums.completionTokens,
    total_tokens: sums.totalTokens,
    cached_tokens: sums.cachedTokens,
    reasoning_tokens: sums.reasoningTokens,
    cost: dollarsOf(sums.costNano),
    requests_without_price: sums.unpriced,
  };
}
