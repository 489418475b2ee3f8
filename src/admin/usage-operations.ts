import { dollarsOf } from '../prices/cost.ts';
import { z } from 'zod';
import type { JsonObject } from '../store/revision.ts';
import { TooManyGroups, type UsageSum } from '../store/records/request-record-usage.ts';
import type { Answer, Call, Operation } from './operation.ts';
import { AdminProblem } from './problem.ts';
import { NAMES, parseQuery, PERIOD } from './request-query.ts';
import { COUNT, DOLLARS, NAME } from './request-view.ts';

const DIMENSIONS = ['key', 'model', 'provider', 'hour', 'day'] as const;

const usageQuery = z.strictObject({
  group_by: z
    .string()
    .transform((text) => (text === '' ? [] : text.split(',')))
    .pipe(z.array(z.enum(DIMENSIONS)))
    .refine((all) => new Set(all).size === all.length, 'contains a duplicate')
    .refine((all) => !(all.includes('hour') && all.includes('day')), 'takes hour or day, not both')
    .default([])
    .meta({
      type: 'string',
      description: `Dimensions to group the sums by, separated by commas: any of ${DIMENSIONS.join(', ')}.`,
    }),
  ...NAMES,
  ...PERIOD,
});

const usageSchema = z
  .object({
    time: z.string().optional().meta({
      description:
        'Start of the hour or day, in ISO 8601, UTC. This and the next fields are present only if the sums are grouped by them.',
    }),
    key: NAME.optional(),
    model: NAME.optional(),
    provider: NAME.optional(),
    requests: COUNT,
    failures: COUNT.meta({ description: 'Requests that were refused, failed, truncated or lost.' }),
    prompt_tokens: COUNT,
    completion_tokens: COUNT,
    total_tokens: COUNT,
    cached_tokens: COUNT,
    reasoning_tokens: COUNT,
    cost: DOLLARS.meta({ description: 'US dollars for the requests whose price is known.' }),
    requests_without_price: COUNT.meta({
      description: 'Requests that used tokens whose price is not known.',
    }),
  })
  .meta({ id: 'UsageSum' });

const shared = { method: 'get', tag: 'requests', body: undefined, status: 200 } as const;

/** Operations on sums of request records. */
export const usageOperations: readonly Operation[] = [
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
