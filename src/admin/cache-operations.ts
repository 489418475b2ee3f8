import { z } from 'zod';
import type { Answer, Call, Operation } from './operation.ts';
import { parseQuery } from './request-query.ts';

const cacheQuery = z.strictObject({
  model: z.string().optional().meta({ description: 'A public model name. Left out: all models.' }),
  key: z.string().optional().meta({ description: 'The name or id of a key. Left out: all keys.' }),
});

/** Operations on the response cache. */
export const cacheOperations: readonly Operation[] = [
  {
    tag: 'running',
    method: 'delete',
    path: '/cache',
    id: 'forgetAnswers',
    access: 'operator',
    summary: 'Forget cached answers',
    description:
      'Forgets the answers of a model, those that a key has asked for, both, or all, in all processes of this gateway. Answers under way are not kept.',
    query: cacheQuery,
    body: undefined,
    status: 200,
    answer: z.object({ forgotten: z.int().min(0) }),
    run: forgetAnswers,
  },
];

async function forgetAnswers({ query, services }: Call): Promise<Answer> {
  const forgotten = await services.running().forgetAnswers(parseQuery(cacheQuery, query));
  services.note('forget cached answers');
  return { version: undefined, body: { forgotten } };
}
