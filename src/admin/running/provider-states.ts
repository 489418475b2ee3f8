import { percentile } from '../../lib/histogram.ts';
import type { JsonObject, Revision } from '../../store/revision.ts';
import type { RequestRecords } from '../../store/records/request-record-table.ts';
import { emptySum, addUp, type RequestSum } from '../../store/records/request-sums.ts';
import { cooldownView, servedRoutes, standingOf, type Standing } from './route-states.ts';
import type { RunningGateway } from './running-gateway.ts';

/** The state of a provider, from its routes. */
export interface ProviderStanding {
  readonly name: string;
  readonly state: 'healthy' | 'cooling' | 'on_trial' | 'draining' | 'disabled';
  /** The time when the first of its routes is available again; undefined: one is available now. */
  readonly untilMs: number | undefined;
  readonly inFlight: number;
  readonly routes: number;
  readonly available: number;
}

/** The providers of the configuration in force, by their place in it. */
export function providerStandings(running: RunningGateway): ProviderStanding[] {
  const snapshot = running.snapshot();
  const byProvider = Map.groupBy(servedRoutes(snapshot), ({ provider }) => provider);
  return [...snapshot.providers.keys()].map((name) => {
    const routes = byProvider.get(name) ?? [];
    const standings = routes.map(({ routeId }) => standingOf(routeId, running));
    const available = standings.filter(isUsable).length;
    const cooling = standings.flatMap(({ untilMs }) => untilMs ?? []);
    return {
      name,
      state: stateOf(standings, available),
      untilMs: available > 0 || cooling.length === 0 ? undefined : Math.min(...cooling),
      inFlight: routes.reduce((sum, { routeId }) => sum + running.traffic.inFlight(routeId), 0),
      routes: routes.length,
      available,
    };
  });
}

/** A route that is skipped for one endpoint serves all others. */
function isUsable({ state, endpoint }: Standing): boolean {
  return state === 'available' || endpoint !== undefined;
}

/** A provider whose routes are not all usable has the state of the worst of them. */
function stateOf(standings: readonly Standing[], available: number): ProviderStanding['state'] {
  if (available === standings.length) return 'healthy';
  if (standings.some(({ state }) => state === 'cooling')) return 'cooling';
  if (standings.some(({ state }) => state === 'draining')) return 'draining';
  return 'on_trial';
}

export type StandingView = {
  readonly name: string;
  readonly state: ProviderStanding['state'];
  readonly cooldown: JsonObject | null;
  readonly in_flight: number;
  readonly routes: number;
  readonly routes_available: number;
};

/** The part of a provider's state that changes with its routes. */
export function standingView(standing: ProviderStanding, running: RunningGateway): StandingView {
  const { name, state, untilMs, inFlight, routes, available } = standing;
  return {
    name,
    state,
    cooldown: cooldownView(untilMs, running.clock),
    in_flight: inFlight,
    routes,
    routes_available: available,
  };
}

const WINDOW_MS = 5 * 60_000;
const MINUTE_MS = 60_000;

/** The providers with their last errors and their last five minutes, disabled ones at the end. */
export async function providerStates(
  running: RunningGateway,
  store: { readonly read: () => Promise<Revision>; readonly requests: Pick<RequestRecords, 'series'> },
): Promise<JsonObject[]> {
  const untilMs = Math.ceil(running.clock.epochMs() / MINUTE_MS) * MINUTE_MS;
  const [errors, sums, { resources }] = await Promise.all([
    running.providerErrors(),
    store.requests.series({
      dimension: 'provider',
      name: undefined,
      sinceMs: untilMs - WINDOW_MS,
      untilMs,
      stepMs: MINUTE_MS,
    }),
    store.read(),
  ]);
  const totals = new Map<string, RequestSum>();
  for (const sum of sums) {
    const total = totals.get(sum.name) ?? emptySum(0, sum.name);
    addUp(total, sum);
    totals.set(sum.name, total);
  }
  const standings = providerStandings(running);
  const known = new Set(standings.map(({ name }) => name));
  const disabled = [...resources.providers.keys()].filter((name) => !known.has(name));
  return [
    ...standings.map((standing) => standingView(standing, running)),
    ...disabled.map((name): StandingView => ({ ...DISABLED, name })),
  ].map((view) => {
    const { name } = view;
    const error = errors.find(({ provider }) => provider === name);
    return {
      ...view,
      last_error: error?.lastError ?? null,
      last_error_at: error?.lastErrorAtMs === undefined ? null : new Date(error.lastErrorAtMs).toISOString(),
      ...recentView(totals.get(name)),
    };
  });
}

const DISABLED = { state: 'disabled', cooldown: null, in_flight: 0, routes: 0, routes_available: 0 } as const;

function recentView(sum: RequestSum = emptySum(0, '')): JsonObject {
  const { requests, failures, durations } = sum;
  return {
    requests_5m: requests,
    success_rate_5m: requests === 0 ? null : Math.round((1 - failures / requests) * 10_000) / 10_000,
    p50_ms_5m: percentile(durations, 0.5),
    p95_ms_5m: percentile(durations, 0.95),
  };
}
