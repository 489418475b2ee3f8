import { z } from 'zod';
import type { Provider, Snapshot } from '../config/snapshot.ts';
import type { JsonObject } from '../store/revision.ts';
import type { Answer, Call, Operation } from './operation.ts';
import { resourcesAfter } from './preview-operations.ts';
import { AdminProblem, asProblem } from './problem.ts';
import type { TestResult } from './running/running-gateway.ts';

const questions = {
  completion: z
    .boolean()
    .optional()
    .meta({ description: 'Whether to also request one token from a model, which has a cost.' }),
  model: z
    .string()
    .max(256)
    .optional()
    .meta({ description: "The provider's name of that model. Default: a model that a route uses." }),
};

const body = z.strictObject(questions).meta({ id: 'ProviderTest' });

const unsavedBody = z
  .strictObject({
    id: z.string().min(1).meta({ description: 'Id of a stored provider to which the fields are applied.' }),
    fields: z.looseObject({}).meta({
      description:
        'The fields as a write would send them. Omitted fields keep their stored values, but a different host requires the credential again.',
    }),
    ...questions,
  })
  .meta({ id: 'UnsavedProviderTest' });

const MS = z.int().min(0);
const PROBLEM = z
  .string()
  .nullable()
  .meta({ description: 'The error, without address or credential; null: no error.' });

const answer = z
  .object({
    ok: z.boolean(),
    latency_ms: MS,
    error: PROBLEM,
    models: z.array(z.string()).meta({ description: 'At most 1,000.' }),
    models_total: z.int(),
    completion: z.object({ ok: z.boolean(), latency_ms: MS, error: PROBLEM, model: z.string() }).nullable(),
  })
  .meta({ id: 'ProviderTestResult' });

/** The operations that test a provider. */
export const testOperations: readonly Operation[] = [
  {
    method: 'post',
    tag: 'providers',
    path: '/providers/test',
    access: 'operator',
    id: 'testUnsavedProvider',
    summary: 'Test a provider before it is stored',
    description:
      'Lists the models of a new provider, or of a stored provider with changes. Optionally requests one token from a model. Nothing is stored.',
    body: unsavedBody,
    example: { id: 'openai', fields: { api_base: 'https://api.openai.com/v1', api_key: 'sk-your-key' } },
    status: 200,
    answer,
    run: testUnsaved,
  },
  {
    method: 'post',
    tag: 'providers',
    path: '/providers/{id}/test',
    access: 'operator',
    id: 'testProvider',
    summary: 'Test a provider',
    description:
      'Lists the models of a stored provider with its stored credential. Optionally requests one token from a model.',
    body,
    example: { completion: true },
    status: 200,
    answer,
    run: test,
  },
];

const MOST_MODELS = 1000;

type Asked = Partial<Readonly<Pick<z.output<typeof body>, 'completion' | 'model'>>>;

async function test({ id, body: asked, services, store }: Call): Promise<Answer> {
  const { resources } = await store.read();
  if (!resources.providers.has(id)) throw new AdminProblem('not_found', `There is no provider "${id}".`);
  const snapshot = services.running().snapshot();
  if (!snapshot.providers.has(id))
    throw new AdminProblem('in_use', `The provider "${id}" is disabled. Enable it to test it.`);
  const answer = await ask(asked, { provider: id, used: usedModel(snapshot, id), services });
  services.note(`test providers/${id}`);
  return answer;
}

async function testUnsaved(call: Call): Promise<Answer> {
  const { id, fields } = call.body as { id: string; fields: JsonObject };
  const { store, services } = call;
  if (store.preview === undefined)
    throw new AdminProblem(
      'configuration_is_a_file',
      'A provider that is not stored can be tested only where the configuration is in a database.',
    );
  const target = { kind: 'providers', id } as const;
  // A disabled provider would be in no configuration.
  const write = { ...target, fields: { ...fields, is_enabled: true } };
  const { resources } = await store.read();
  const after = resourcesAfter(write, call, resources);
  let snapshot: Snapshot;
  try {
    snapshot = await store.preview(() => after);
  } catch (error) {
    throw asProblem(error, target, false);
  }
  const provider = snapshot.providers.get(id);
  if (provider === undefined) throw new Error(`the provider ${id} is not in its own configuration`);
  const answer = await ask(call.body, { provider, used: usedModel(snapshot, id), services });
  services.note(`test providers/${id}, not stored`);
  return answer;
}

/** The provider's name of a model that a route uses. */
function usedModel({ models }: Snapshot, id: string): string | undefined {
  return [...models.values()]
    .flatMap(({ routes }) => routes)
    .find(({ provider, upstreamModel }) => provider === id && upstreamModel !== undefined)?.upstreamModel;
}

interface Tested {
  readonly provider: string | Provider;
  readonly used: string | undefined;
  readonly services: Call['services'];
}

async function ask(
  { completion = false, model }: Asked,
  { provider, used, services }: Tested,
): Promise<Answer> {
  const running = services.running();
  const listed = await running.test({ provider, model: undefined });
  const chosen = model ?? used ?? listed.models[0];
  if (completion && chosen === undefined) {
    const details = [{ path: 'model', message: 'is needed: no route names a model of this provider' }];
    throw new AdminProblem('invalid_fields', 'Name the model to ask.', { details });
  }
  const asks = completion ? chosen : undefined;
  const completed = asks === undefined ? undefined : await running.test({ provider, model: asks });
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
