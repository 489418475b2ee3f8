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
  const seen = new Set([...known.map(({ route }) => route.id), ...history.map(({ route }) => route.id)]);
  const beforeAttempt = history.length + 1;
  const skipped: SkippedRoute[] = [];
  for (const owner of [model, ...model.fallbacks]) {
    const isLast = chosen?.reason !== 'last-resort' && chosen?.model === owner.name;
    for (const route of owner.routes) {
      if (seen.has(route.id) || route === chosen?.route) continue;
      if (isLast && route.priority > chosen.route.priority) continue;
      const availability = now.availability(route);
      if (availability.kind === 'available' || availability.kind === 'on-trial') continue;
      seen.add(route.id);
      const forMs = availability.kind === 'cooling' ? availability.untilMs - now.nowMs : undefined;
      skipped.push({ route, model: owner.name, why: availability.kind, forMs, beforeAttempt });
    }
    if (isLast) break;
  }
  return skipped;
}
