import { CooldownLedger, type CooldownPolicy } from '../../src/routing/cooldown.ts';
import {
  type Conditions,
  type Decision,
  decide,
  type RetryPolicy,
  type Availability,
} from '../../src/routing/decide.ts';
import type { Attempt, Outcome, Reason } from '../../src/routing/outcome.ts';
import type { Model, Route, Strategy } from '../../src/routing/route.ts';
import { TrafficLedger } from '../../src/routing/traffic.ts';
import { TurnCounter } from '../../src/routing/turn-counter.ts';
import { seededDice } from './seeded-dice.ts';

/** A random configuration, and how its providers behave. */
export interface World {
  readonly models: readonly Model[];
  readonly retry: RetryPolicy;
  readonly cooldown: CooldownPolicy;
}

/** One simulated request: what it tried, and how it ended. */
export interface Run {
  readonly model: Model;
  readonly deadlineMs: number;
  readonly steps: readonly Step[];
  readonly end: 'deliver' | 'cancelled' | 'deadline' | 'attempts' | 'no-route' | 'endless';
}

/** One attempt, with what the invariants ask about the moment in which it was chosen. */
export interface Step {
  readonly route: Route;
  readonly model: string;
  readonly reason: Reason;
  readonly outcome: Outcome;
  readonly atMs: number;
  readonly afterMs: number;
  readonly availability: Availability['kind'];
  readonly othersAvailable: boolean;
  readonly betterPriorityAvailable: boolean;
  readonly clientLeftBefore: boolean;
  readonly probesOut: number;
}

/** Makes a world of the seed and sends requests through it, several at a time, without a socket or a clock. */
export function simulate(seed: number, count: number): { world: World; requests: Run[] } {
  const dice = seededDice(seed);
  const world = randomWorld(dice);
  const state: State = {
    world,
    dice,
    nowMs: 1_000,
    cooldowns: new CooldownLedger(),
    traffic: new TrafficLedger(),
    turns: new TurnCounter(),
    probing: new Map(),
  };
  const requests: Run[] = [];
  const active: Iterator<void, Run>[] = [];
  let started = 0;
  while (requests.length < count) {
    state.nowMs += Math.floor(dice() * 400);
    while (active.length < 5 && started < count) {
      active.push(request(state));
      started += 1;
    }
    const index = Math.floor(dice() * active.length);
    const next = active[index]?.next();
    if (next?.done) {
      requests.push(next.value);
      active.splice(index, 1);
    }
  }
  return { world, requests };
}

interface State {
  readonly world: World;
  readonly dice: () => number;
  nowMs: number;
  readonly cooldowns: CooldownLedger;
  readonly traffic: TrafficLedger;
  readonly turns: TurnCounter;
  /** Requests that probe a route on trial just now. */
  readonly probing: Map<string, number>;
}

/** The loop of the gateway with a pause wherever it would wait, so that requests overlap. */
function* request(state: State): Iterator<void, Run> {
  const { dice, world } = state;
  const model = world.models[Math.floor(dice() * world.models.length)]!;
  const deadlineMs = dice() < 0.2 ? state.nowMs + dice() * 2_000 : Infinity;
  const leavesAtMs = dice() < 0.1 ? state.nowMs + dice() * 1_500 : Infinity;
  const turn = state.turns.next(model.rotation);
  const history: Attempt[] = [];
  const steps: Step[] = [];
  for (;;) {
    const now = conditions(state, { deadlineMs, leavesAtMs, turn });
    const decision = decide(model, history, now);
    leave(history.at(-1), decision, { state, model });
    if (decision.kind === 'deliver') return { model, deadlineMs, steps, end: 'deliver' };
    if (decision.kind === 'give-up') return { model, deadlineMs, steps, end: decision.because };
    if (steps.length > 200) return { model, deadlineMs, steps, end: 'endless' };
    const chosen = describeChoice(decision, model, history, now);
    state.nowMs += decision.afterMs;
    if (decision.afterMs > 0) yield;
    if (state.nowMs >= leavesAtMs) continue;
    const { route } = decision;
    const isProbe = state.cooldowns.take(route.id, state.nowMs);
    state.traffic.begin(route.id);
    if (isProbe) state.probing.set(route.id, (state.probing.get(route.id) ?? 0) + 1);
    const probesOut = state.probing.get(route.id) ?? 0;
    const startedAtMs = state.nowMs;
    yield;
    state.nowMs += dice() * 300;
    const outcome: Outcome = state.nowMs >= leavesAtMs ? { kind: 'cancelled' } : randomOutcome(dice, route);
    state.traffic.end(route.id);
    if (outcome.kind === 'answered') state.traffic.measured(route.id, state.nowMs - startedAtMs, state.nowMs);
    if (isProbe) state.probing.set(route.id, (state.probing.get(route.id) ?? 0) - 1);
    const { model: owner, reason } = decision;
    history.push({ route, model: owner, reason, isProbe, outcome, startedAtMs, endedAtMs: state.nowMs });
    steps.push({ ...chosen, outcome, probesOut });
  }
}

function conditions(state: State, own: { deadlineMs: number; leavesAtMs: number; turn: number }): Conditions {
  const nowMs = state.nowMs;
  return {
    nowMs,
    deadlineMs: own.deadlineMs,
    clientLeft: nowMs >= own.leavesAtMs,
    policy: state.world.retry,
    allAvailable: state.cooldowns.allAvailable(),
    availability: (route) => state.cooldowns.availability(route.id, nowMs),
    turn: own.turn,
    dice: state.dice,
    inFlight: (route) => state.traffic.inFlight(route.id),
    latencyMs: (route) => state.traffic.latencyMs(route.id, nowMs),
  };
}

function leave(
  attempt: Attempt | undefined,
  next: Decision,
  { state, model }: { state: State; model: Model },
): void {
  if (attempt === undefined || (next.kind === 'try' && next.reason === 'retry')) return;
  const owner = [model, ...model.fallbacks].find(({ name }) => name === attempt.model) ?? model;
  state.cooldowns.note(attempt, owner, state.world.cooldown, state.nowMs);
}

function describeChoice(
  decision: Extract<Decision, { kind: 'try' }>,
  model: Model,
  history: readonly Attempt[],
  now: Conditions,
): Omit<Step, 'outcome' | 'probesOut'> {
  const { route, reason, afterMs } = decision;
  const isFree = (other: Route): boolean =>
    other.id !== route.id &&
    history.every((attempt) => attempt.route.id !== other.id) &&
    ['open', 'on-trial'].includes(now.availability(other).kind);
  const owner = [model, ...model.fallbacks].find(({ name }) => name === decision.model);
  return {
    route,
    reason,
    afterMs,
    model: decision.model,
    atMs: now.nowMs + afterMs,
    availability: now.availability(route).kind,
    othersAvailable: [model, ...model.fallbacks].some(({ routes }) => routes.some(isFree)),
    betterPriorityAvailable:
      reason !== 'retry' &&
      reason !== 'last-resort' &&
      (owner?.routes ?? []).some((other) => other.priority < route.priority && isFree(other)),
    clientLeftBefore: now.clientLeft,
  };
}

const STRATEGIES: readonly Strategy[] = ['round_robin', 'random', 'least_busy', 'lowest_latency'];

/** A few models over five providers, with random weights, priorities, strategies and limits. */
export function randomWorld(dice: () => number): World {
  const whole = (below: number): number => Math.floor(dice() * below);
  const plain = Array.from({ length: 1 + whole(4) }, (_, index): Model => ({
    name: `model-${index}`,
    routes: Array.from({ length: 1 + whole(5) }, (): Route => randomRoute(dice)).filter(
      (route, place, routes) => routes.findIndex(({ id }) => id === route.id) === place,
    ),
    strategy: STRATEGIES[whole(STRATEGIES.length)]!,
    rotation: `model-${index}`,
    fallbacks: [],
    leftOut: [],
  }));
  return {
    models: plain.map((model, index) => ({
      ...model,
      fallbacks: dice() < 0.5 ? plain.slice(index + 1) : [],
    })),
    retry: {
      maxAttempts: dice() < 0.5 ? Infinity : 1 + whole(5),
      retries: dice() < 0.5 ? undefined : whole(3),
      backoffMs: 250,
      maxWaitMs: 5_000,
    },
    cooldown: { cooldownMs: dice() < 0.1 ? 0 : 500 + whole(3_000), onClientErrors: dice() < 0.1 },
  };
}

function randomRoute(dice: () => number): Route {
  const provider = `provider-${Math.floor(dice() * 5)}`;
  return {
    id: `${provider}/m`,
    provider,
    upstreamModel: 'm',
    priority: 1 + Math.floor(dice() * 3),
    weight: Math.floor(dice() * 5),
  };
}

/** The providers with an even number fail often, the others seldom. */
function randomOutcome(dice: () => number, route: Route): Outcome {
  const failing = Number(route.provider.at(-1)) % 2 === 0 ? 0.8 : 0.1;
  if (dice() > failing) return dice() < 0.05 ? { kind: 'rejected', status: 400 } : { kind: 'answered' };
  const failed = (status: number, fault: 'client' | 'provider'): Outcome => ({
    kind: 'failed',
    status,
    fault,
    defect: undefined,
    retryAfterMs: undefined,
  });
  const kinds: readonly Outcome[] = [
    failed(500, 'provider'),
    failed(404, 'client'),
    { kind: 'rate-limited', status: 429, retryAfterMs: dice() < 0.5 ? dice() * 10_000 : undefined },
    { kind: 'unreachable', reason: 'refused' },
    { kind: 'timed-out', phase: 'first-byte' },
  ];
  return kinds[Math.floor(dice() * kinds.length)]!;
}
