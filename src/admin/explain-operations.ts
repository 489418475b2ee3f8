import { z } from 'zod';
import type { Snapshot } from '../config/snapshot.ts';
import type { Conditions } from '../routing/decide.ts';
import { explain, type ExplainedTier } from '../routing/explain.ts';
import type { Model, Route } from '../routing/route.ts';
import type { JsonObject } from '../store/revision.ts';
import { withResource } from '../store/revision.ts';
import type { Answer, Call, Operation } from './operation.ts';
import { AdminProblem, asProblem } from './problem.ts';
import { publicRouteId, standingOf } from './running/route-states.ts';
import type { RunningGateway } from './running/running-gateway.ts';

const body = z
  .strictObject({
    model: z
      .string()
      .min(1)
      .max(256)
      .optional()
      .meta({ description: 'The requested model. Default: the model in `request`.' }),
    key: z.string().optional().meta({ description: 'The name of a master key. Default: any key.' }),
    request: z.looseObject({}).optional().meta({ description: 'The body of a request.' }),
    path: z
      .string()
      .max(200)
      .optional()
      .meta({ description: 'The path of the request. Default: chat completions.' }),
    without_providers: z
      .array(z.string())
      .max(1000)
      .optional()
      .meta({ description: 'Providers to assume to be down.' }),
    change: z
      .strictObject({
        kind: z.enum(['models', 'providers']),
        id: z.string().min(1),
        fields: z.looseObject({}).nullable().meta({ description: 'null deletes the resource.' }),
      })
      .optional()
      .meta({ description: 'A change to assume without saving it.' }),
  })
  .meta({ id: 'ExplainQuestion' });

const routeSchema = z.object({
  id: z.string(),
  provider: z.string(),
  model: z.string().nullable(),
  probability: z.number(),
  state: z.string(),
});

const answer = z
  .object({
    model: z.string(),
    served_as: z.string().nullable(),
    strategy: z.string().nullable(),
    refusal: z.object({ status: z.int(), code: z.string(), message: z.string() }).nullable().meta({
      description:
        'Reason for which the request would be refused before any route is tried; null: not refused.',
    }),
    tiers: z.array(
      z.object({
        level: z.int().meta({ description: '1: routes of the model; 2: of a fallback model.' }),
        model: z.string(),
        priority: z.int(),
        from_attempt: z.int(),
        is_reached: z.boolean(),
        routes: z.array(routeSchema),
      }),
    ),
    left_out: z.array(z.object({ what: z.string(), why: z.string() })),
    max_attempts: z.int().nullable().meta({ description: 'null: each route once.' }),
    retries: z.int().nullable(),
  })
  .meta({ id: 'Explanation' });

/** The operation that explains where a request would go. */
export const explainOperations: readonly Operation[] = [
  {
    method: 'post',
    tag: 'running',
    path: '/explain',
    access: 'viewer',
    id: 'explainRequest',
    summary: 'Explain the routing of a request',
    description:
      'Lists the routes in the order in which the gateway would try them now, with probabilities and reasons. Nothing is sent.',
    body,
    example: { model: 'fast', without_providers: ['openai'] },
    takesReferences: true,
    status: 200,
    answer,
    run: explainRequest,
  },
];

type Question = Omit<z.output<typeof body>, 'change'> & {
  readonly change?: { kind: 'models' | 'providers'; id: string; fields: JsonObject | null };
};

async function explainRequest(call: Call): Promise<Answer> {
  const question = call.body as Question;
  const name = question.model ?? question.request?.['model'];
  if (typeof name !== 'string') throw wrong('model', 'is missing, also in the request');
  const snapshot =
    question.change === undefined ? call.store.snapshot() : await supposed(question.change, call);
  const down = new Set(question.without_providers ?? []);
  const refusal = refusalOf(name, question.key, snapshot);
  const model = snapshot.findModel(name);
  if (model === undefined || refusal !== undefined)
    return { version: undefined, body: refused(name, model, refusal) };
  const conditions = conditionsOf(snapshot, call.services.running(), { down, path: question.path });
  const { tiers, leftOut, maxAttempts } = explain(model, conditions);
  const { retries } = snapshot.retry;
  return {
    version: undefined,
    body: {
      model: name,
      served_as: model.name,
      strategy: model.strategy,
      refusal: null,
      tiers: tiers.map((tier) => tierView(tier, { running: call.services.running(), down })),
      left_out: leftOut.map(({ what, why }) => ({ what, why: withReason(what, why, { model, down }) })),
      max_attempts: Number.isFinite(maxAttempts) ? maxAttempts : null,
      retries: retries ?? null,
    },
  };
}

/** The configuration after an unsaved change. */
async function supposed(
  { kind, id, fields }: { kind: 'models' | 'providers'; id: string; fields: JsonObject | null },
  { store }: Call,
): Promise<Snapshot> {
  if (store.preview === undefined)
    throw new AdminProblem(
      'configuration_is_a_file',
      'A change can be supposed only where the configuration is in a database.',
    );
  const target = { kind, id };
  try {
    return await store.preview(({ resources }, now) =>
      withResource(
        resources,
        target,
        fields === null ? undefined : { ...resources[kind].get(id)?.fields, ...fields },
        now,
      ),
    );
  } catch (error) {
    throw asProblem(error, target, fields === null);
  }
}

interface Refused {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

function refusalOf(model: string, keyName: string | undefined, snapshot: Snapshot): Refused | undefined {
  const { access } = snapshot;
  if (keyName !== undefined && access.kind === 'keys') {
    const key = [...access.keys.values()].find(({ name, id }) => name === keyName || id === keyName);
    if (key === undefined) throw wrong('key', `names no master key: ${keyName}`);
    if (!key.enabled)
      return { status: 401, code: 'invalid_api_key', message: `The key "${key.name}" is disabled.` };
    if (key.refusedFromMs <= Date.now())
      return { status: 401, code: 'key_expired', message: `The key "${key.name}" has expired.` };
    if (!key.allows(model))
      return {
        status: 403,
        code: 'model_not_allowed',
        message: `The key "${key.name}" may not use "${model}".`,
      };
  }
  if (snapshot.findModel(model) !== undefined) return undefined;
  return {
    status: 404,
    code: 'model_not_found',
    message: `The model "${model}" does not exist, or is disabled.`,
  };
}

function refused(name: string, model: Model | undefined, refusal: Refused | undefined): JsonObject {
  return {
    model: name,
    served_as: model?.name ?? null,
    strategy: model?.strategy ?? null,
    refusal: refusal === undefined ? null : { ...refusal },
    tiers: [],
    left_out: [],
    max_attempts: null,
    retries: null,
  };
}

/** The current conditions, with some providers down. Does not advance round-robin turns or random numbers. */
function conditionsOf(
  { retry, cooldown }: Snapshot,
  { routes, clock, traffic }: RunningGateway,
  {
    down,
    path = '/v1/chat/completions',
  }: { readonly down: ReadonlySet<string>; readonly path: string | undefined },
): Conditions {
  const nowMs = clock.nowMs();
  return {
    nowMs,
    deadlineMs: Infinity,
    clientLeft: false,
    policy: retry,
    allAvailable: false,
    availability: ({ id, provider }) =>
      down.has(provider)
        ? { kind: 'cooling', untilMs: nowMs + cooldown.cooldownMs }
        : routes.availability(id, nowMs, path),
    turn: 0,
    dice: () => 0,
    inFlight: ({ id }) => traffic.inFlight(id),
    latencyMs: ({ id }) => traffic.latencyMs(id, nowMs),
  };
}

function tierView(
  { level, model, priority, fromAttempt, isReached, routes }: ExplainedTier,
  { running, down }: { readonly running: RunningGateway; readonly down: ReadonlySet<string> },
): JsonObject {
  return {
    level,
    model,
    priority,
    from_attempt: fromAttempt,
    is_reached: isReached,
    routes: routes.map(({ route, probability }) => ({
      id: publicRouteId(route.id),
      provider: route.provider,
      model: route.upstreamModel ?? null,
      probability: Math.round(probability * 10_000) / 10_000,
      state: down.has(route.provider) ? 'cooling' : standingOf(route.id, running).state,
    })),
  };
}

/** A provider that is only assumed to be down is not cooling. */
function withReason(
  what: string,
  why: string,
  { model, down }: { readonly model: Model; readonly down: ReadonlySet<string> },
): string {
  const routes: readonly Route[] = [model, ...model.fallbacks].flatMap((one) => one.routes);
  const isSupposed = routes.some(({ id, provider }) => id === what && down.has(provider));
  return isSupposed ? 'its provider is supposed to be down' : why;
}

function wrong(path: string, message: string): AdminProblem {
  return new AdminProblem('invalid_fields', `The question is not valid: ${path} ${message}.`, {
    details: [{ path, message }],
  });
}
