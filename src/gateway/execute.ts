import { type Conditions, type Decision, decide } from '../routing/decide.ts';
import type { Attempt } from '../routing/outcome.ts';
import type { Model, Route } from '../routing/route.ts';
import type { Answer } from './answer.ts';
import { attemptRoute, type Tried } from './attempt.ts';
import { endpointOf } from './endpoint.ts';
import type { Call } from './request-context.ts';
import type { Gateway } from './ports.ts';

/** How the attempts came out: the answer to deliver, or why there is none. */
export interface Execution {
  readonly history: readonly Attempt[];
  /** What the last attempt answered, good or bad; undefined where it did not, or not in a way that can be shown. */
  readonly answer: Answer | undefined;
  readonly verdict: Exclude<Decision, { kind: 'try' }>;
  /** Time spent waiting before attempts. */
  readonly pausedMs: number;
}

/** Tries routes until one answers or `decide` has no more: ask, wait, send, note the outcome, ask again. */
export async function execute(call: Call, gateway: Gateway): Promise<Execution> {
  const history: Attempt[] = [];
  const { cooldowns, clock } = gateway;
  const endpoint = endpointOf(call.request.path);
  const conditions = conditionsOf(call, endpoint, gateway);
  let answer: Answer | undefined;
  let pausedMs = 0;
  for (;;) {
    const decision = decide(call.plan.model, history, conditions());
    leave(history.at(-1), decision, { call, gateway });
    if (decision.kind !== 'try') return { history, answer, verdict: decision, pausedMs };
    if (decision.afterMs > 0) {
      await gateway.clock.sleep(decision.afterMs, call.request.signal);
      pausedMs += decision.afterMs;
      if (call.request.signal.aborted) continue;
    }
    const isProbe =
      cooldowns.take(decision.route.id, clock.nowMs(), endpoint) || isProbing(decision.route, history.at(-1));
    const trying = { ...decision, isProbe };
    let tried: Tried;
    try {
      tried = await attemptRoute(call, trying, gateway);
    } catch (error) {
      giveBack(trying, { call, gateway });
      throw error;
    }
    answer = tried.answer;
    history.push(tried.attempt);
    gateway.emit({
      type: 'attempt-ended',
      requestId: call.id,
      number: history.length,
      attempt: tried.attempt,
    });
  }
}

/** Where an attempt throws, which is a bug, its route is on trial again: nobody else would end its probe. */
function giveBack({ route, model, reason, isProbe }: Trying, { call, gateway }: Loop): void {
  const nowMs = gateway.clock.nowMs();
  const endpoint = endpointOf(call.request.path);
  const outcome = { kind: 'cancelled' } as const;
  const attempt = { route, model, reason, endpoint, isProbe, outcome, startedAtMs: nowMs, endedAtMs: nowMs };
  gateway.cooldowns.note(attempt, call.plan.model, call.snapshot.cooldown, nowMs);
}

type Trying = Parameters<typeof attemptRoute>[1];

/** Whether the last attempt was the one that tries a route on trial. A retry of it still is. */
function isProbing(route: Route, last: Attempt | undefined): boolean {
  return last?.route.id === route.id && last.isProbe;
}

/** The world as `decide` sees it, looked at afresh each time. The turn is taken once, for the whole request. */
function conditionsOf(call: Call, endpoint: string, gateway: Gateway): () => Conditions {
  const { clock, cooldowns, traffic, dice } = gateway;
  const turn = gateway.turns.next(call.plan.model.rotation);
  const inFlight = (route: Route): number => traffic.inFlight(route.id);
  return () => {
    const nowMs = clock.nowMs();
    return {
      nowMs,
      deadlineMs: call.deadlineMs,
      clientLeft: call.request.signal.aborted,
      policy: call.snapshot.retry,
      allOpen: cooldowns.allOpen(),
      standing: (route) => cooldowns.standing(route.id, nowMs, endpoint),
      turn,
      dice,
      inFlight,
      latencyMs: (route) => traffic.latencyMs(route.id, nowMs),
    };
  };
}

/** What the last attempt means for the requests to come. A route that is about to be tried again is not left yet. */
function leave(attempt: Attempt | undefined, next: Decision, { call, gateway }: Loop): void {
  if (attempt === undefined || (next.kind === 'try' && next.reason === 'retry')) return;
  const { model } = call.plan;
  const owner = attempt.model === model.name ? model : ownerOf(attempt, model);
  const forMs = gateway.cooldowns.note(attempt, owner, call.snapshot.cooldown, gateway.clock.nowMs());
  if (forMs === 0) return;
  const { id: routeId, provider } = attempt.route;
  gateway.emit({ type: 'route-cooled', requestId: call.id, routeId, provider, forMs });
}

function ownerOf(attempt: Attempt, model: Model): Model {
  return model.fallbacks.find(({ name }) => name === attempt.model) ?? model;
}

interface Loop {
  readonly call: Call;
  readonly gateway: Gateway;
}
