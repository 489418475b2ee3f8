import type { Model, ModelRoute } from '../../api/resources.ts';
import type { Route } from '../../api/types.ts';

/** A route of a model as it is configured, and as it is. */
export interface TierRoute {
  readonly configured: ModelRoute;
  /** Undefined: it is disabled, or the gateway does not know it yet. */
  readonly live: Route | undefined;
  readonly share: number | undefined;
}

export interface Tier {
  readonly priority: number;
  readonly routes: readonly TierRoute[];
}

/** The provider of a route; both fields mean the same. */
export function providerOf(route: ModelRoute): string {
  return route.provider ?? route.backend ?? '';
}

/** The routes of a model by priority, the first tried first. */
export function tiersOf(model: Model, routes: readonly Route[]): readonly Tier[] {
  const tiers = new Map<number, TierRoute[]>();
  for (const configured of model.routes) {
    const upstream = configured.model ?? model.id;
    const live = routes.find(
      (route) => route.provider === providerOf(configured) && (route.model ?? model.id) === upstream,
    );
    const priority = configured.priority ?? 1;
    const use = live?.models.find((one) => one.model === model.id && one.priority === priority);
    tiers.set(priority, [...(tiers.get(priority) ?? []), { configured, live, share: use?.share }]);
  }
  return [...tiers]
    .map(([priority, ofTier]) => ({ priority, routes: ofTier }))
    .toSorted((one, other) => one.priority - other.priority);
}
