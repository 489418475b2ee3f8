import type { Availability, Conditions, Decision } from './decide.ts';
import type { Attempt } from './outcome.ts';
import type { Model, Route } from './route.ts';

/** A route that would have been tried earlier, or just as well, if it had been available. */
export interface SkippedRoute {
  readonly route: Route;
  /** The model that the route belongs to: the requested one, or a fallback. */
  readonly model: string;
  readonly why: Exclude<Availability['kind'], 'available' | 'on-trial'>;
  /** Milliseconds until its cooldown ends; undefined: it is not cooling. */
  readonly forMs: number | undefined;
  /** The attempt, counted from 1, that was made without it. */
  readonly beforeAttempt: number;
}

/**
 * The routes that a decision skipped because they were unavailable, in the order of their models. `known` are those
 * that an earlier decision of the request skipped; they are not repeated.
 */
export function skippedRoutes(
  model: Model,
  history: readonly Attempt[],
  now: Conditions,
  { decision, known }: { readonly decision: Decision; readonly known: readonly SkippedRoute[] },
): SkippedRoute[] {
  const chosen = decision.kind === 'try' ? decision : undefined;
  if (chosen?.reason === 'retry' || decision.kind === 'deliver') return [];
  const seen = new Set([...known, ...history].map(({ route }) => route.id));
  const skipped: SkippedRoute[] = [];
  for (const { route, owner } of candidates(model, chosen)) {
    const availability = now.availability(route);
    if (seen.has(route.id) || availability.kind === 'available' || availability.kind === 'on-trial') continue;
    seen.add(route.id);
    const forMs = availability.kind === 'cooling' ? availability.untilMs - now.nowMs : undefined;
    skipped.push({
      route,
      model: owner.name,
      why: availability.kind,
      forMs,
      beforeAttempt: history.length + 1,
    });
  }
  return skipped;
}

interface Candidate {
  readonly route: Route;
  readonly owner: Model;
}

/** The routes in the order of the models, up to the priority of the chosen one; all others if it is a last resort. */
function candidates(model: Model, chosen: Extract<Decision, { kind: 'try' }> | undefined): Candidate[] {
  const owners = [model, ...model.fallbacks];
  const all = owners.flatMap((owner) => owner.routes.map((route) => ({ route, owner })));
  const others = all.filter(({ route, owner }) => route !== chosen?.route || owner.name !== chosen.model);
  if (chosen === undefined || chosen.reason === 'last-resort') return others;
  const last = owners.findIndex(({ name }) => name === chosen.model);
  return others.filter(({ route, owner }) => {
    const at = owners.indexOf(owner);
    return at < last || (at === last && route.priority <= chosen.route.priority);
  });
}
