import { z } from 'zod';
import type { JsonObject } from '../store/revision.ts';
import type { Answer, Call, Operation } from './operation.ts';
import { AdminProblem } from './problem.ts';
import type { TestResult } from './running/running-gateway.ts';

const body = z
  .strictObject({
    completion: z
      .boolean()
      .optional()
      .meta({ description: 'Whether a model is asked for one token as well, which costs something.' }),
    model: z
      .string()
      .max(256)
      .optional()
      .meta({ description: "The provider's name of that model. Left out: one that a route uses." }),
  })
  .meta({ id: 'ProviderTest' });

const MS = z.int().min(0);
const PROBLEM = z
  .string()
  .nullable()
  .meta({ description: 'Without address or credential; null: it went well.' });

/** The operation that tests a provider. */
export const testOperations: readonly Operation[] = [
  {
    method: 'post',
    tag: 'providers',
    path: '/providers/{id}/test',
    access: 'operator',
    id: 'testProvider',
    summary: 'Test a provider',
    description:
      'Asks the stored provider for its models with its stored credential, and on request one model for one token.',
    body,
    example: { completion: true },
    status: 200,
    answer: z.object({
      ok: z.boolean(),
      latency_ms: MS,
      error: PROBLEM,
      models: z.array(z.string()).meta({ description: 'At most 1,000.' }),
      models_total: z.int(),
      completion: z.object({ ok: z.boolean(), latency_ms: MS, error: PROBLEM, model: z.string() }).nullable(),
    }),
    run: test,
  },
];

const MOST_MODELS = 1000;

async function test({ id, body: asked, services, store }: Call): Promise<Answer> {
  const { completion = false, model } = asked as z.output<typeof body>;
  const { resources } = await store.read();
  if (!resources.providers.has(id)) throw new AdminProblem('not_found', `There is no provider "${id}".`);
  const running = services.running();
  const snapshot = running.snapshot();
  if (!snapshot.providers.has(id))
    throw new AdminProblem('in_use', `The provider "${id}" is disabled. Enable it to test it.`);
  const listed = await running.test({ provider: id, model: undefined });
  const used = [...snapshot.models.values()]
    .flatMap(({ routes }) => routes)
    .find(({ provider, upstreamModel }) => provider === id && upstreamModel !== undefined)?.upstreamModel;
  const chosen = model ?? used ?? listed.models[0];
  if (completion && chosen === undefined) {
    const details = [{ path: 'model', message: 'is needed: no route names a model of this provider' }];
    throw new AdminProblem('invalid_fields', 'Name the model to ask.', { details });
  }
  const asks = completion ? chosen : undefined;
  const completed = asks === undefined ? undefined : await running.test({ provider: id, model: asks });
  services.note(`test providers/${id}`);
  return {
    version: undefined,
    body: {
      ...resultView(listed),
      models: listed.models.slice(0, MOST_MODELS),
      models_total: listed.models.length,
      completion: completed === undefined ? null : { ...resultView(completed), model: asks ?? '' },
    },
  };
}

function resultView({ error, latencyMs }: TestResult): JsonObject {
  return { ok: error === undefined, latency_ms: Math.round(latencyMs), error: error ?? null };
}
