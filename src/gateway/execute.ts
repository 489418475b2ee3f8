import { type Availability, type Conditions, type Decision, decide } from '../routing/decide.ts';
import { type SkippedRoute, skippedRoutes } from '../routing/skipped.ts';
import type { Usage } from '../protocols/protocol.ts';
import type { Attempt } from '../routing/outcome.ts';
import type { Model, Route } from '../routing/route.ts';
import type { Answer } from './answer.ts';
import { attemptRoute, type AttemptResult, type Try } from './attempt.ts';
import { endpointOf } from './endpoint.ts';
import type { PlannedRequest } from './request-context.ts';
import type { Gateway } from './ports.ts';
import type { TranslationNote } from './translated/reply-translation.ts';

/** The result of all attempts: the answer to deliver, or why there is none. */
export interface Execution {
  readonly history: readonly Attempt[];
  /** The last attempt's answer, good or bad; undefined if there is none that can be delivered. */
  readonly answer: Answer | undefined;
  /** The note on the last attempt's translation; undefined if the request was passed through. */
  readonly note?: TranslationNote | undefined;
  readonly decision: Exclude<Decision, { kind: 'try' }>;
  /** Attempts that providers bill although they gave no answer; undefined: there were none. */
  readonly wasted?: readonly WastedAttempt[] | undefined;
  /** Time spent waiting before attempts. */
  readonly pausedMs: number;
  /** The unavailable routes that were passed over; undefined: none, or nobody asks. */
  readonly skipped?: readonly SkippedRoute[] | undefined;
}

/** An attempt without an answer whose provider reported usage. */
export interface WastedAttempt {
  readonly provider: string;
  /** The provider's name for the model. */
  readonly model: string;
  readonly usage: Usage;
}

/**
 * Tries routes until one answers or `decide` gives up: decide, wait, send, record the outcome, repeat. `tryRoute`
 * makes one attempt.
 */
export async function execute(
  planned: PlannedRequest,
  gateway: Gateway,
  tryRoute: typeof attemptRoute = attemptRoute,
): Promise<Execution> {
  const history: Attempt[] = [];
  const { cooldowns, clock } = gateway;
  const endpoint = endpointOf(planned.request.path);
  const now = new RequestConditions(planned, endpoint, gateway);
  let answer: Answer | undefined;
  let note: TranslationNote | undefined;
  let pausedMs = 0;
  let wasted: WastedAttempt[] | undefined;
  let skipped: readonly SkippedRoute[] | undefined;
  for (;;) {
    const last = history.at(-1);
    now.renew(last?.endedAtMs ?? planned.plannedAtMs);
    const decision = decide(planned.plan.model, history, now);
    if (!now.allAvailable) skipped = withSkipped(skipped, decision, { planned, gateway, history, now });
    leave(last, decision, planned, gateway);
    if (decision.kind !== 'try') return { history, answer, note, decision, pausedMs, wasted, skipped };
    if (decision.afterMs > 0) {
      await gateway.clock.sleep(decision.afterMs, planned.request.signal);
      pausedMs += decision.afterMs;
      if (planned.request.signal.aborted) continue;
    }
    const takenAtMs = decision.afterMs > 0 ? clock.nowMs() : now.nowMs;
    const isProbe = cooldowns.take(decision.route.id, takenAtMs, endpoint) || isProbing(decision.route, last);
    let tried: AttemptResult;
    try {
      tried = await tryRoute(planned, decision, isProbe, gateway);
    } catch (error) {
      giveBack(decision, isProbe, { planned, gateway });
      throw error;
    }
    // An attempt that was not sent does not replace the answer of an earlier one.
    if (tried.attempt.outcome.kind !== 'unsuitable' || answer === undefined) {
      answer = tried.answer;
      note = tried.note;
    }
    if (tried.usage !== undefined) (wasted ??= []).push(wastedAttempt(tried.attempt, tried.usage));
    history.push(tried.attempt);
    gateway.emit({
      type: 'attempt-ended',
      requestId: planned.id,
      number: history.length,
      attempt: tried.attempt,
    });
  }
}

interface Deciding extends Loop {
  readonly history: readonly Attempt[];
  readonly now: Conditions;
}

/** Adds the routes that a decision passed over, where somebody may ask; undefined: there are none. */
function withSkipped(
  known: readonly SkippedRoute[] | undefined,
  decision: Decision,
  { planned, gateway, history, now }: Deciding,
): readonly SkippedRoute[] | undefined {
  if (gateway.isObserved?.() !== true) return known;
  const more = skippedRoutes(planned.plan.model, history, now, { decision, known: known ?? [] });
  return more.length === 0 ? known : [...(known ?? []), ...more];
}

function wastedAttempt({ route, model }: Attempt, usage: Usage): WastedAttempt {
  return { provider: route.provider, model: route.upstreamModel ?? model, usage };
}

/** Releases a route's probe if its attempt throws, which is a bug. Nothing else would end the probe. */
function giveBack({ route, model, reason }: Try, isProbe: boolean, { planned, gateway }: Loop): void {
  const nowMs = gateway.clock.nowMs();
  const endpoint = endpointOf(planned.request.path);
  const outcome = { kind: 'cancelled' } as const;
  const attempt = { route, model, reason, endpoint, isProbe, outcome, startedAtMs: nowMs, endedAtMs: nowMs };
  gateway.cooldowns.note(attempt, planned.plan.model, planned.snapshot.cooldown, nowMs);
}

/** Whether the last attempt probed this route. A retry of it is still a probe. */
function isProbing(route: Route, last: Attempt | undefined): boolean {
  return last?.route.id === route.id && last.isProbe;
}

/** The conditions for `decide`, renewed for each decision. The rotation advances only once per request. */
class RequestConditions implements Conditions {
  nowMs = 0;
  clientLeft = false;
  allAvailable = false;
  readonly deadlineMs: number;
  readonly policy: Conditions['policy'];
  readonly turn: number;
  readonly dice: () => number;
  readonly #planned: PlannedRequest;
  readonly #endpoint: string;
  readonly #gateway: Gateway;

  constructor(planned: PlannedRequest, endpoint: string, gateway: Gateway) {
    this.deadlineMs = planned.deadlineMs;
    this.policy = planned.snapshot.retry;
    this.turn = gateway.turns.next(planned.plan.model.rotation);
    this.dice = gateway.dice;
    this.#planned = planned;
    this.#endpoint = endpoint;
    this.#gateway = gateway;
  }

  renew(nowMs: number): void {
    this.nowMs = nowMs;
    this.clientLeft = this.#planned.request.signal.aborted;
    this.allAvailable = this.#gateway.cooldowns.allAvailable();
  }

  availability(route: Route): Availability {
    return this.#gateway.cooldowns.availability(route.id, this.nowMs, this.#endpoint);
  }

  inFlight(route: Route): number {
    return this.#gateway.traffic.inFlight(route.id);
  }

  latencyMs(route: Route): number | undefined {
    return this.#gateway.traffic.latencyMs(route.id, this.nowMs);
  }
}

/** Records the last attempt in the cooldown ledger, unless the same route is retried next. */
function leave(
  attempt: Attempt | undefined,
  next: Decision,
  planned: PlannedRequest,
  gateway: Gateway,
): void {
  if (attempt === undefined || (next.kind === 'try' && next.reason === 'retry')) return;
  const { model } = planned.plan;
  const owner = attempt.model === model.name ? model : ownerOf(attempt, model);
  const forMs = gateway.cooldowns.note(attempt, owner, planned.snapshot.cooldown, attempt.endedAtMs);
  if (forMs === 0) return;
  const { id: routeId, provider } = attempt.route;
  gateway.emit({ type: 'route-cooled', requestId: planned.id, routeId, provider, forMs });
}

function ownerOf(attempt: Attempt, model: Model): Model {
  return model.fallbacks.find(({ name }) => name === attempt.model) ?? model;
}

interface Loop {
  readonly planned: PlannedRequest;
  readonly gateway: Gateway;
}
