import { z } from 'zod';
import type { JsonObject } from '../store/revision.ts';
import type { Answer, Call, Operation } from './operation.ts';
import { pageOf } from './list-page.ts';
import { PAGE } from './page-cursor.ts';
import { AdminProblem } from './problem.ts';
import { parseQuery } from './request-query.ts';
import { providerStates } from './running/provider-states.ts';
import {
  ROUTE_ENDPOINTS,
  routeStateView,
  routeView,
  type ServedRoute,
  servedRoutes,
} from './running/route-states.ts';

const COUNT = z.int().min(0);
const STATES = ['available', 'cooling', 'on_trial', 'probing', 'draining'] as const;

const cooldownSchema = z
  .object({ until: z.string().meta({ description: 'ISO 8601, UTC.' }), seconds: z.number() })
  .nullable()
  .meta({ description: 'null: it is not cooling.' });

const routeSchema = z
  .object({
    id: z
      .string()
      .meta({ description: 'Opaque identifier. It is the same after reloads and in all processes.' }),
    provider: z.string(),
    model: z
      .string()
      .nullable()
      .meta({ description: "The provider's name for the model; null: the client's." }),
    state: z.enum(STATES).meta({
      description:
        'cooling: skipped after a failure. on_trial: the next request tries the route. probing: a request is trying the route. draining: an operator took the route out of service.',
    }),
    cooldown: cooldownSchema,
    endpoint: z
      .string()
      .nullable()
      .meta({ description: 'The endpoint to which the state applies; null: all endpoints.' }),
    is_draining: z.boolean(),
    in_flight: COUNT,
    latency_ms: z
      .int()
      .nullable()
      .meta({ description: 'Average time to the first byte of about the last ten answers.' }),
    models: z.array(
      z.object({
        model: z.string(),
        priority: z.int(),
        weight: z.number(),
        share: z
          .number()
          .meta({ description: 'The current probability that a request tries the route first.' }),
      }),
    ),
  })
  .meta({ id: 'Route' });

const routeQuery = z.strictObject({
  provider: z.string().optional(),
  model: z.string().optional().meta({ description: 'A public model name.' }),
  state: z.enum(STATES).optional(),
  search: z.string().max(200).optional(),
  ...PAGE,
});

const providerStateSchema = z
  .object({
    name: z.string(),
    state: z.enum(['healthy', 'cooling', 'on_trial', 'draining', 'disabled']),
    cooldown: cooldownSchema,
    in_flight: COUNT,
    routes: COUNT,
    routes_available: COUNT,
    last_error: z.string().nullable(),
    last_error_at: z.string().nullable(),
    requests_5m: COUNT,
    success_rate_5m: z.number().nullable(),
    p50_ms_5m: COUNT.nullable(),
    p95_ms_5m: COUNT.nullable(),
  })
  .meta({ id: 'ProviderState' });

const OPERATION_IDS = {
  drain: 'drainRoute',
  resume: 'resumeRoute',
  'clear-cooldown': 'clearCooldown',
} as const;
const SUMMARIES = {
  drain: 'Drain a route',
  resume: 'Resume a route',
  'clear-cooldown': 'End a cooldown',
} as const;
const DESCRIPTIONS = {
  drain:
    'No process sends new requests to the route. Requests in flight continue. The route stays drained until it is resumed or the gateway is restarted.',
  resume: 'Requests take it again.',
  'clear-cooldown': 'Makes the route available at once and clears its failures.',
} as const;

const shared = { tag: 'running', body: undefined, status: 200 } as const;

/** Operations on the state of routes and providers. */
export const routeOperations: readonly Operation[] = [
  {
    ...shared,
    method: 'get',
    path: '/routes',
    id: 'listRoutes',
    summary: 'Routes and their states',
    query: routeQuery,
    answer: z.object({ routes: z.array(routeSchema), total: COUNT, next_cursor: z.string().nullable() }),
    run: list,
  },
  {
    ...shared,
    method: 'get',
    path: '/routes/{id}',
    id: 'readRoute',
    summary: 'One route and its state',
    answer: routeSchema,
    run: async (call) => ({ version: undefined, body: routeView(found(call), call.services.running()) }),
  },
  ...(['drain', 'resume', 'clear-cooldown'] as const).map((action): Operation => ({
    ...shared,
    method: 'post',
    path: `/routes/{id}/${action}`,
    access: 'operator',
    id: OPERATION_IDS[action],
    summary: SUMMARIES[action],
    description: DESCRIPTIONS[action],
    answer: routeSchema,
    run: (call) => act(action, call),
  })),
  {
    ...shared,
    method: 'get',
    path: '/provider-states',
    id: 'listProviderStates',
    summary: 'Providers and their states',
    answer: z.object({ providers: z.array(providerStateSchema) }),
    run: async ({ services, store }) => ({
      version: undefined,
      body: { providers: await providerStates(services.running(), store) },
    }),
  },
];

async function list({ query, services }: Call): Promise<Answer> {
  const { provider, model, state, search, ...place } = parseQuery(routeQuery, query);
  const running = services.running();
  const text = search?.toLowerCase() ?? '';
  const { entries, total, nextCursor } = pageOf(
    servedRoutes(running.snapshot()),
    place,
    (route) =>
      (provider === undefined || route.provider === provider) &&
      (model === undefined || route.models.some((one) => one.model.name === model)) &&
      (state === undefined || routeStateView(route, running)['state'] === state) &&
      namesOf(route).some((name) => name.toLowerCase().includes(text)),
  );
  const routes = entries.map((route) => routeView(route, running));
  return { version: undefined, body: { routes, total, next_cursor: nextCursor } };
}

function namesOf({ id, provider, upstreamModel, models }: ServedRoute): string[] {
  return [id, provider, upstreamModel ?? '', ...models.map(({ model }) => model.name)];
}

function found({ id, services }: Call): ServedRoute {
  const route = servedRoutes(services.running().snapshot()).find((one) => one.id === id);
  if (route === undefined) throw new AdminProblem('not_found', `There is no route "${id}".`);
  return route;
}

async function act(action: 'drain' | 'resume' | 'clear-cooldown', call: Call): Promise<Answer> {
  const route = found(call);
  const { services } = call;
  const running = services.running();
  const { routeId, provider, upstreamModel } = route;
  if (action === 'drain') running.routes.drain(routeId);
  else if (action === 'resume') running.routes.resume(routeId);
  else running.routes.clear(routeId, ROUTE_ENDPOINTS);
  services.note(`${action} route ${provider}/${upstreamModel ?? '*'}`);
  const kind = ({ drain: 'drained', resume: 'resumed', 'clear-cooldown': 'cleared' } as const)[action];
  services.live.tell({ kind, atMs: call.now.getTime(), provider, routeId });
  const body: JsonObject = routeView(route, running);
  return { version: undefined, body };
}
