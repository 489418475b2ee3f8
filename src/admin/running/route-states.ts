import { ENDPOINTS, OTHER_ENDPOINT } from '../../gateway/endpoint.ts';
import { sha256Hex } from '../../lib/sha256.ts';
import type { Availability } from '../../routing/decide.ts';
import type { Model, Route } from '../../routing/route.ts';
import { shares } from '../../routing/select.ts';
import type { JsonObject } from '../../store/revision.ts';
import type { RunningGateway } from './running-gateway.ts';

/** The endpoints for which a route can cool down separately. */
export const ROUTE_ENDPOINTS: readonly string[] = [...ENDPOINTS, OTHER_ENDPOINT];

/** The most used ones, which are checked often. */
const SHOWN_ENDPOINTS = ['/v1/chat/completions', '/v1/responses', '/v1/messages', '/v1/embeddings'];

/** A route for the Admin API. Two models that use the same upstream model of a provider share it. */
export interface ServedRoute {
  /** Opaque, safe in a URL, and the same for all processes and after a reload. */
  readonly id: string;
  /** The id within the program. */
  readonly routeId: string;
  readonly provider: string;
  readonly upstreamModel: string | undefined;
  readonly models: readonly { readonly model: Model; readonly route: Route }[];
}

/** The id of a route in the Admin API. */
export function publicRouteId(routeId: string): string {
  return `r_${sha256Hex(routeId).slice(0, 16)}`;
}

const served = new WeakMap<object, readonly ServedRoute[]>();

/** The routes of the models that the configuration names, by their place in it. */
export function servedRoutes(snapshot: ReturnType<RunningGateway['snapshot']>): readonly ServedRoute[] {
  const known = served.get(snapshot);
  if (known !== undefined) return known;
  const routes = new Map<string, { -readonly [Field in keyof ServedRoute]: ServedRoute[Field] }>();
  const models = [...snapshot.models.values(), ...patternModels(snapshot)];
  for (const model of models) {
    for (const route of model.routes) {
      const { id: routeId, provider, upstreamModel } = route;
      const before = routes.get(routeId);
      if (before !== undefined) before.models = [...before.models, { model, route }];
      else
        routes.set(routeId, {
          id: publicRouteId(routeId),
          routeId,
          provider,
          upstreamModel,
          models: [{ model, route }],
        });
    }
  }
  const all = [...routes.values()];
  served.set(snapshot, all);
  return all;
}

/** Models that are served only by a pattern, under the name of the pattern. */
function patternModels({ patterns, models, findModel }: ReturnType<RunningGateway['snapshot']>): Model[] {
  return patterns.flatMap((pattern) => {
    const model = models.has(pattern) ? undefined : findModel(pattern);
    return model === undefined ? [] : [model];
  });
}

export type RouteState = 'available' | 'cooling' | 'on_trial' | 'probing' | 'draining';

export interface Standing {
  readonly state: RouteState;
  /** The end of its cooldown by the gateway's clock; undefined: it is not cooling. */
  readonly untilMs: number | undefined;
  /** The only endpoint for which it is skipped; undefined: all endpoints. */
  readonly endpoint: string | undefined;
}

const AVAILABLE: Standing = { state: 'available', untilMs: undefined, endpoint: undefined };

/** The state of a route: its own, else that of the first endpoint for which it is skipped. */
export function standingOf(
  routeId: string,
  { routes, clock }: Pick<RunningGateway, 'routes' | 'clock'>,
): Standing {
  if (routes.allAvailable()) return AVAILABLE;
  const nowMs = clock.nowMs();
  const whole = standing(routes.availability(routeId, nowMs), undefined);
  if (whole.state !== 'available') return whole;
  for (const endpoint of SHOWN_ENDPOINTS) {
    const one = standing(routes.availability(routeId, nowMs, endpoint), endpoint);
    if (one.state !== 'available') return one;
  }
  return AVAILABLE;
}

function standing(availability: Availability, endpoint: string | undefined): Standing {
  const untilMs = availability.kind === 'cooling' ? availability.untilMs : undefined;
  return { state: availability.kind === 'on-trial' ? 'on_trial' : availability.kind, untilMs, endpoint };
}

/** The rest of a cooldown; null: there is none. */
export function cooldownView(untilMs: number | undefined, clock: RunningGateway['clock']): JsonObject | null {
  if (untilMs === undefined) return null;
  const restMs = Math.max(0, untilMs - clock.nowMs());
  return {
    until: new Date(clock.epochMs() + restMs).toISOString(),
    seconds: Math.ceil(restMs / 100) / 10,
  };
}

// A type, since an interface has no index signature, which JSON needs.
export type RouteStateView = {
  readonly id: string;
  readonly provider: string;
  readonly model: string | null;
  readonly state: RouteState;
  readonly cooldown: JsonObject | null;
  readonly endpoint: string | null;
  readonly is_draining: boolean;
  readonly in_flight: number;
  readonly latency_ms: number | null;
};

/** The changing part of a route's state. */
export function routeStateView(route: ServedRoute, running: RunningGateway): RouteStateView {
  const { id, routeId, provider, upstreamModel } = route;
  const { state, untilMs, endpoint } = standingOf(routeId, running);
  const latencyMs = running.traffic.averageMs(routeId);
  return {
    id,
    provider,
    model: upstreamModel ?? null,
    state,
    cooldown: cooldownView(untilMs, running.clock),
    endpoint: endpoint ?? null,
    is_draining: state === 'draining',
    in_flight: running.traffic.inFlight(routeId),
    latency_ms: latencyMs === undefined ? null : Math.round(latencyMs),
  };
}

/** A route with the models that it serves. */
export function routeView(route: ServedRoute, running: RunningGateway): JsonObject {
  return {
    ...routeStateView(route, running),
    models: route.models.map(({ model, route: { priority, weight } }) => ({
      model: model.name,
      priority,
      weight,
      share: shareOf(route.routeId, model, running),
    })),
  };
}

/** The chance that the first attempt of a request for the model takes the route now. */
function shareOf(routeId: string, model: Model, running: RunningGateway): number {
  const { routes: controls, clock, traffic } = running;
  const nowMs = clock.nowMs();
  const usable = model.routes.filter((route) => {
    const { kind } = controls.availability(route.id, nowMs);
    return kind === 'available' || kind === 'on-trial';
  });
  const best = Math.min(...usable.map(({ priority }) => priority));
  const tier = usable.filter(({ priority }) => priority === best);
  const place = tier.findIndex(({ id }) => id === routeId);
  if (place === -1) return 0;
  const chances = shares(tier, model.strategy, {
    turn: 0,
    dice: () => 0,
    inFlight: ({ id }) => traffic.inFlight(id),
    latencyMs: ({ id }) => traffic.latencyMs(id, nowMs),
  });
  return Math.round((chances[place] ?? 0) * 10_000) / 10_000;
}

/** The attempts in flight, in all processes. */
export function requestsInFlight({ snapshot, traffic }: RunningGateway): number {
  return servedRoutes(snapshot()).reduce((sum, { routeId }) => sum + traffic.inFlight(routeId), 0);
}
