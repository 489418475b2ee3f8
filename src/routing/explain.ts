import { type Conditions, decide, nextTier } from './decide.ts';
import type { Attempt } from './outcome.ts';
import type { LeftOut, Model, Route } from './route.ts';
import { shares } from './select.ts';

/** The attempts for a model if every one failed in a way that allows another. */
export interface Explanation {
  readonly model: Model;
  /** In the order of use. All routes of a tier come before the next tier. */
  readonly tiers: readonly ExplainedTier[];
  readonly leftOut: readonly LeftOut[];
  /** The maximum number of attempts, including the default retry of the last route. */
  readonly maxAttempts: number;
}

export interface ExplainedTier {
  readonly model: string;
  /** Whether the tier belongs to the model itself (1) or to a fallback model (2). */
  readonly level: 1 | 2;
  readonly priority: number;
  readonly routes: readonly { readonly route: Route; readonly probability: number }[];
  /** The earliest attempt that may use this tier. */
  readonly fromAttempt: number;
  /** Whether the limit on attempts lets the request reach this tier. */
  readonly isReached: boolean;
}

/**
 * Runs `decide` for a request whose attempts all time out, and records its choices. Probabilities are those of a tier's
 * first attempt; later ones choose among the remaining routes.
 */
export function explain(model: Model, now: Conditions): Explanation {
  const unlimited: Conditions = { ...now, policy: { ...now.policy, maxAttempts: Infinity } };
  const { maxAttempts } = now.policy;
  const tiers: ExplainedTier[] = [];
  const history: Attempt[] = [];
  for (;;) {
    const tier = nextTier(model, history, unlimited);
    const decision = decide(model, history, unlimited);
    if (decision.kind !== 'try') break;
    const routes = tier?.routes ?? [decision.route];
    const owner = tier?.model ?? model;
    const chances = shares(routes, owner.strategy, now);
    tiers.push({
      model: decision.model,
      level: decision.model === model.name ? 1 : 2,
      priority: decision.route.priority,
      routes: routes.map((route, index) => ({ route, probability: chances[index] ?? 0 })),
      fromAttempt: history.length + 1,
      isReached: history.length < maxAttempts,
    });
    for (const route of routes) history.push(timedOut(route, decision.model));
  }
  return { model, tiers, leftOut: [...model.leftOut, ...unavailableRoutes(model, now)], maxAttempts };
}

/** An attempt after which the same route is not retried. */
function timedOut(route: Route, model: string): Attempt {
  return {
    route,
    model,
    reason: 'first',
    isProbe: false,
    outcome: { kind: 'timed-out', phase: 'first-byte' },
    startedAtMs: 0,
    endedAtMs: 0,
  };
}

/** The routes that are currently unavailable. */
function unavailableRoutes(model: Model, now: Conditions): LeftOut[] {
  return [model, ...model.fallbacks].flatMap(({ routes }) =>
    routes.flatMap((route): LeftOut[] => {
      const availability = now.availability(route);
      switch (availability.kind) {
        case 'available':
        case 'on-trial':
          return [];
        case 'draining':
          return [{ what: route.id, why: 'an operator drains it' }];
        case 'probing':
          return [{ what: route.id, why: 'another request is trying it after its cooldown' }];
        case 'cooling':
          return [
            {
              what: route.id,
              why: `it is cooling down for another ${Math.ceil((availability.untilMs - now.nowMs) / 1000)} s`,
            },
          ];
      }
    }),
  );
}
