import { z } from 'zod';
import type { Answer, Call, Operation } from './operation.ts';
import { AdminProblem } from './problem.ts';
import { parseQuery } from './request-query.ts';

const cacheQuery = z.strictObject({
  model: z.string().optional().meta({ description: 'A public model name. Default: all models.' }),
  key: z.string().optional().meta({ description: 'The name or id of a key. Default: all keys.' }),
});

/** Operations on the response cache. */
export const cacheOperations: readonly Operation[] = [
  {
    tag: 'running',
    method: 'delete',
    path: '/cache',
    id: 'forgetAnswers',
    access: 'operator',
    summary: 'Delete cached answers',
    description:
      'Deletes the cached answers of a model, of a key, of both, or of all, in all processes of this gateway, and in Redis where gateways share them. Answers in progress are not cached. Answers 503 while Redis does not answer.',
    query: cacheQuery,
    body: undefined,
    status: 200,
    answer: z.object({ forgotten: z.int().min(0) }),
    run: forgetAnswers,
  },
];

async function forgetAnswers({ query, services }: Call): Promise<Answer> {
  const forgotten = await services.running().forgetAnswers(parseQuery(cacheQuery, query));
  if (forgotten === 'away') {
    const message =
      'Redis does not answer, so the cached answers that gateways share were not deleted. Try again shortly.';
    throw new AdminProblem('store_unavailable', message, { headers: { 'retry-after': '2' } });
  }
  services.note('forget cached answers');
  return { version: undefined, body: { forgotten } };
}
