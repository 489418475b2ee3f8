import { type Attempt, type Outcome, type Reason, sentOf } from './outcome.ts';
import type { Model, Route } from './route.ts';
import { type Load, select } from './select.ts';

/**
 * The next step. Wait `afterMs` before the attempt; `budgetMs` is the time that the request's own limit leaves for it.
 */
export type Decision =
  | {
      readonly kind: 'try';
      readonly route: Route;
      readonly model: string;
      readonly afterMs: number;
      readonly budgetMs: number;
      readonly reason: Reason;
    }
  | { readonly kind: 'deliver' }
  | { readonly kind: 'give-up'; readonly because: 'cancelled' | 'deadline' | 'attempts' | 'no-route' };

/**
 * The current state of a route. A route whose cooldown has passed is `on-trial`: one request may probe it. Meanwhile it
 * is `probing`, and other requests avoid it. A `draining` route gets no requests until an operator resumes it.
 */
export type Availability =
  | { readonly kind: 'available' }
  | { readonly kind: 'cooling'; readonly untilMs: number }
  | { readonly kind: 'on-trial' }
  | { readonly kind: 'probing' }
  | { readonly kind: 'draining' };

/** The limits on further attempts. */
export interface RetryPolicy {
  /** Attempts per request over all routes and models; Infinity: each candidate once. */
  readonly maxAttempts: number;
  /** Retries of the same route; undefined: one, if nothing else is left to try. */
  readonly retries: number | undefined;
  /** The first pause before a retry of the same route. It doubles each time, and the wait is drawn from [0, pause). */
  readonly backoffMs: number;
  /** The longest `Retry-After` to wait for. */
  readonly maxWaitMs: number;
}

/** The state of the world at the moment of the decision. */
export interface Conditions extends Load {
  readonly nowMs: number;
  /** The request's deadline; Infinity without one. */
  readonly deadlineMs: number;
  readonly clientLeft: boolean;
  readonly policy: RetryPolicy;
  readonly availability: (route: Route) => Availability;
  /** Whether every route is known to be available, so that none needs a look; false is always safe. */
  readonly allAvailable: boolean;
}

/**
 * Decides the next step of a request from its attempts. It has no memory: the history is its state, and the same
 * history appears in the log line, the trace and the output of `explain`.
 */
export function decide(model: Model, history: readonly Attempt[], now: Conditions): Decision {
  if (now.clientLeft) return { kind: 'give-up', because: 'cancelled' };
  const last = history.at(-1);
  if (last !== undefined && isFinal(last.outcome)) {
    return last.outcome.kind === 'cancelled' ? { kind: 'give-up', because: 'cancelled' } : DELIVER;
  }
  if (now.nowMs >= now.deadlineMs) return { kind: 'give-up', because: 'deadline' };
  const sent = sentOf(history);
  if (sent.length >= now.policy.maxAttempts) return { kind: 'give-up', because: 'attempts' };
  if (sent.length === 0) return nextRoute(model, history, now) ?? lastResort(model, history, now) ?? NO_ROUTE;
  return (
    retrySame(sent, now, now.policy.retries ?? 0) ??
    nextRoute(model, history, now) ??
    retrySame(sent, now, now.policy.retries ?? 1) ??
    NO_ROUTE
  );
}

const DELIVER: Decision = { kind: 'deliver' };
const NO_ROUTE: Decision = { kind: 'give-up', because: 'no-route' };

/** Whether an outcome ends the request: an answer, a refusal that every route would repeat, or a client that left. */
function isFinal(outcome: Outcome): boolean {
  return outcome.kind === 'answered' || outcome.kind === 'rejected' || outcome.kind === 'cancelled';
}

/** Retries the same route if its failure may be transient and fewer than `retries` were made. */
function retrySame(history: readonly Attempt[], now: Conditions, retries: number): Decision | undefined {
  const last = history.at(-1);
  if (last === undefined || last.reason === 'last-resort' || !mayPass(last.outcome)) return undefined;
  if (isDraining(last.route, now)) return undefined;
  const triesBefore = history.filter((attempt) => attempt.route.id === last.route.id).length - 1;
  if (triesBefore >= retries) return undefined;
  const asked = retryAfterMs(last.outcome);
  const afterMs = asked ?? now.dice() * now.policy.backoffMs * 2 ** triesBefore;
  if ((asked !== undefined && asked > now.policy.maxWaitMs) || now.nowMs + afterMs >= now.deadlineMs)
    return undefined;
  return tryRoute({ route: last.route, model: last.model, afterMs, reason: 'retry' }, now);
}

const PASSING_STATUSES = new Set([408, 429, 500, 502, 503, 504, 529]);

/** Whether the same route may soon do better. A silent one is not retried. */
function mayPass(outcome: Outcome): boolean {
  switch (outcome.kind) {
    case 'unreachable':
    case 'rate-limited':
      return true;
    case 'failed':
      return PASSING_STATUSES.has(outcome.status);
    case 'answered':
    case 'rejected':
    case 'timed-out':
    case 'unsuitable':
    case 'cancelled':
      return false;
  }
}

function retryAfterMs(outcome: Outcome): number | undefined {
  return outcome.kind === 'rate-limited' || outcome.kind === 'failed' ? outcome.retryAfterMs : undefined;
}

/** A route of the next tier: first of the model (L1), then of its fallbacks (L2). */
function nextRoute(model: Model, history: readonly Attempt[], now: Conditions): Decision | undefined {
  const tier = nextTier(model, history, now);
  if (tier === undefined) return undefined;
  const route = select(tier.routes, tier.model.strategy, now);
  const reason = tier.model !== model ? 'fallback-model' : history.length > 0 ? 'fallback-route' : 'first';
  return tryRoute({ route, model: tier.model.name, afterMs: 0, reason }, now);
}

/** Equivalent routes: of one model and one priority. */
export interface Tier {
  readonly model: Model;
  readonly priority: number;
  readonly routes: readonly Route[];
}

/** The best priority of the first model that has an available, untried route; undefined: there is none. */
export function nextTier(model: Model, history: readonly Attempt[], now: Conditions): Tier | undefined {
  const own = tierOf(model, history, now);
  if (own !== undefined) return own;
  for (const fallback of model.fallbacks) {
    const tier = tierOf(fallback, history, now);
    if (tier !== undefined) return tier;
  }
  return undefined;
}

/** If all routes are available and none was tried, a model's first tier is always the same. */
const firstTiers = new WeakMap<Model, Tier | undefined>();

function tierOf(model: Model, history: readonly Attempt[], now: Conditions): Tier | undefined {
  if (!now.allAvailable || history.length > 0) return availableTier(model, history, now);
  if (!firstTiers.has(model)) firstTiers.set(model, availableTier(model, history, now));
  return firstTiers.get(model);
}

function availableTier(model: Model, history: readonly Attempt[], now: Conditions): Tier | undefined {
  let routes: Route[] = [];
  for (const route of untried(model, history)) {
    const best = routes[0]?.priority ?? Infinity;
    if (route.priority > best || !isAvailable(now.availability(route))) continue;
    if (route.priority < best) routes = [];
    routes.push(route);
  }
  const [first] = routes;
  return first && { model, priority: first.priority, routes };
}

/** If nothing is available and nothing was sent, tries the route whose cooldown ends first once rather than fail. */
function lastResort(model: Model, history: readonly Attempt[], now: Conditions): Decision | undefined {
  const [soonest] = [model, ...model.fallbacks]
    .flatMap((owner) =>
      untried(owner, history)
        .filter((route) => !isDraining(route, now))
        .map((route) => ({ route, model: owner.name, endsMs: coolingEnd(route, now) })),
    )
    .sort((a, b) => a.endsMs - b.endsMs);
  if (soonest === undefined) return undefined;
  return tryRoute({ route: soonest.route, model: soonest.model, afterMs: 0, reason: 'last-resort' }, now);
}

function coolingEnd(route: Route, now: Conditions): number {
  const availability = now.availability(route);
  return availability.kind === 'cooling' ? availability.untilMs : now.nowMs;
}

function isDraining(route: Route, now: Conditions): boolean {
  return !now.allAvailable && now.availability(route).kind === 'draining';
}

function isAvailable(availability: Availability): boolean {
  return availability.kind === 'available' || availability.kind === 'on-trial';
}

function untried(model: Model, history: readonly Attempt[]): readonly Route[] {
  if (history.length === 0) return model.routes;
  return model.routes.filter((route) => history.every((attempt) => attempt.route.id !== route.id));
}

function tryRoute(
  { route, model, reason, afterMs }: Omit<Extract<Decision, { kind: 'try' }>, 'kind' | 'budgetMs'>,
  now: Conditions,
): Decision {
  const budgetMs = now.deadlineMs - now.nowMs - afterMs;
  return { kind: 'try', route, model, reason, afterMs, budgetMs };
}
