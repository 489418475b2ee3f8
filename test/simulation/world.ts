import type { Signal } from '../../src/lib/signal.ts';
import type { Snapshot } from '../../src/config/snapshot.ts';
import { endpointOf } from '../../src/gateway/endpoint.ts';
import { type Execution, execute } from '../../src/gateway/execute.ts';
import { ObjectOwnerLedger } from '../../src/gateway/objects/object-owners.ts';
import type { Cooldowns, Gateway } from '../../src/gateway/ports.ts';
import { BucketLedger } from '../../src/limits/bucket.ts';
import { countersAlone } from '../../src/limits/claim-counters.ts';
import { EstimateLedger } from '../../src/limits/estimates.ts';
import { CooldownLedger, type CooldownPolicy } from '../../src/routing/cooldown.ts';
import type { Availability, RetryPolicy } from '../../src/routing/decide.ts';
import type { Attempt, Outcome, Reason } from '../../src/routing/outcome.ts';
import type { Model, Route, Strategy } from '../../src/routing/route.ts';
import { TrafficLedger } from '../../src/routing/traffic.ts';
import { TurnCounter } from '../../src/routing/turn-counter.ts';
import { snapshotOf } from '../unit/config/configuration.ts';
import { plannedRequest } from '../unit/gateway/scene.ts';
import { randomReply } from './random-reply.ts';
import { seededDice } from './seeded-dice.ts';
import { SimulatedClock } from './simulated-clock.ts';

/** A random configuration, and how its providers behave. */
export interface World {
  readonly models: readonly Model[];
  readonly retry: RetryPolicy;
  readonly cooldown: CooldownPolicy;
}

/** One simulated request: its attempts, and how it ended. */
export interface Run {
  readonly model: Model;
  readonly deadlineMs: number;
  readonly steps: readonly Step[];
  readonly end: 'deliver' | Extract<Execution['decision'], { kind: 'give-up' }>['because'];
}

/** One attempt, with the conditions at the moment of its choice, which the invariants check. */
export interface Step {
  readonly route: Route;
  readonly model: string;
  readonly reason: Reason;
  readonly outcome: Outcome;
  /** When it was sent, after a pause of `afterMs`. */
  readonly atMs: number;
  readonly afterMs: number;
  readonly availability: Availability['kind'];
  readonly othersAvailable: boolean;
  readonly betterPriorityAvailable: boolean;
  readonly clientLeftBefore: boolean;
  readonly probesOut: number;
}

/** The state that a simulation leaves behind when its last request has ended. */
export interface Remains {
  readonly inFlight: number;
  readonly probing: number;
}

const CLIENTS = 5;
const ENDPOINT = endpointOf('/v1/chat/completions');

/** Creates a world from the seed and sends requests through the gateway's loop, several at a time, on a simulated clock. */
export async function simulate(
  seed: number,
  count: number,
): Promise<{ world: World; requests: Run[]; remains: Remains }> {
  const dice = seededDice(seed);
  const world = randomWorld(dice);
  const state = newState(world, dice);
  const requests: Run[] = [];
  let started = 0;
  const left = new Set<number>();
  const client = async (number: number): Promise<void> => {
    while (started < count) {
      started += 1;
      await state.clock.sleep(dice() * 400);
      requests.push(await request(state));
    }
    left.add(number);
  };
  const clients = Promise.all(Array.from({ length: CLIENTS }, (_, number) => client(number)));
  while (left.size < CLIENTS) await state.clock.next();
  await clients;
  return { world, requests, remains: remainsOf(state) };
}

interface State {
  readonly world: World;
  readonly dice: () => number;
  readonly clock: SimulatedClock;
  readonly cooldowns: CooldownLedger;
  readonly snapshot: Snapshot;
  readonly gateway: Omit<Gateway, 'emit'>;
  /** Requests that probe a route on trial just now. */
  readonly probing: Map<string, number>;
}

/** Only the providers, the clock and the dice are not the gateway's own. */
function newState(world: World, dice: () => number): State {
  const clock = new SimulatedClock();
  const cooldowns = new CooldownLedger();
  const providers = Array.from(
    { length: PROVIDERS },
    (_, n) => `{ name: provider-${n}, api_base: "http://p${n}.test" }`,
  );
  const snapshot: Snapshot = {
    ...snapshotOf(`allow_unauthenticated: true
timeouts: { first_byte_timeout: 0.3, answer_timeout: 0.3 }
providers: [${providers.join(', ')}]`),
    findModel: (name) => world.models.find((model) => model.name === name),
    retry: world.retry,
    cooldown: world.cooldown,
  };
  const gateway = {
    snapshot: () => snapshot,
    upstream: { send: randomReply(dice, clock) },
    clock,
    dice,
    newRequestId: () => 'req_1',
    buckets: new BucketLedger(),
    counters: countersAlone(new BucketLedger()),
    estimates: new EstimateLedger(),
    cooldowns,
    traffic: new TrafficLedger(),
    turns: new TurnCounter(),
    objects: new ObjectOwnerLedger(),
    tokens: { count: () => Promise.resolve(0) },
  };
  return { world, dice, clock, cooldowns, snapshot, gateway, probing: new Map() };
}

function remainsOf({ world, cooldowns, gateway, clock }: State): Remains {
  const routes = world.models.flatMap((model) => model.routes);
  const isProbing = ({ id }: Route): boolean =>
    cooldowns.availability(id, clock.nowMs(), ENDPOINT).kind === 'probing';
  return {
    inFlight: routes.reduce((sum, { id }) => sum + gateway.traffic.inFlight(id), 0),
    probing: routes.filter(isProbing).length,
  };
}

/** One request through `execute`. */
async function request(state: State): Promise<Run> {
  const { dice, world, clock, snapshot } = state;
  const model = world.models[Math.floor(dice() * world.models.length)]!;
  const startedAtMs = clock.nowMs();
  const deadlineMs = dice() < 0.2 ? startedAtMs + dice() * 2_000 : Infinity;
  const client = new AbortController();
  const stay = dice() < 0.1 ? clock.setTimer(dice() * 1_500, () => client.abort()) : undefined;
  const planned = await plannedRequest(model.name, { snapshot, startedAtMs, client: client.signal });
  const watch = new Watch(state, model, client.signal);
  const { decision } = await execute({ ...planned, deadlineMs }, watch.gateway());
  stay?.();
  return {
    model,
    deadlineMs,
    steps: watch.steps,
    end: decision.kind === 'deliver' ? 'deliver' : decision.because,
  };
}

/** Looks at the ledgers whenever the loop does, so that each attempt is known with the moment in which it was chosen. */
class Watch {
  readonly steps: Step[] = [];
  readonly #state: State;
  readonly #model: Model;
  readonly #signal: Signal;
  #seen = new Map<string, Availability['kind']>();
  #seenLeft = false;
  #afterMs = 0;
  #atMs = 0;
  #probesOut = 0;

  constructor(state: State, model: Model, signal: Signal) {
    this.#state = state;
    this.#model = model;
    this.#signal = signal;
  }

  gateway(): Gateway {
    const { gateway, clock } = this.#state;
    return {
      ...gateway,
      cooldowns: this.#cooldowns(),
      clock: {
        nowMs: clock.nowMs,
        epochMs: clock.epochMs,
        setTimer: clock.setTimer,
        sleep: (ms, signal) => {
          this.#afterMs = ms;
          return clock.sleep(ms, signal);
        },
      },
      emit: (event) => {
        if (event.type === 'attempt-ended') this.#note(event.attempt);
      },
    };
  }

  #cooldowns(): Cooldowns {
    const { cooldowns, probing, clock } = this.#state;
    return {
      // The loop asks this first before each decision.
      allAvailable: () => {
        this.#look(clock.nowMs());
        return cooldowns.allAvailable();
      },
      availability: (id, nowMs, endpoint) => cooldowns.availability(id, nowMs, endpoint),
      take: (id, nowMs, endpoint) => {
        const isProbe = cooldowns.take(id, nowMs, endpoint);
        if (isProbe) probing.set(id, (probing.get(id) ?? 0) + 1);
        this.#probesOut = probing.get(id) ?? 0;
        this.#atMs = nowMs;
        return isProbe;
      },
      sweep: (beforeMs) => cooldowns.sweep(beforeMs),
      note: (attempt, owner, policy, nowMs) => {
        if (attempt.isProbe) probing.set(attempt.route.id, (probing.get(attempt.route.id) ?? 0) - 1);
        return cooldowns.note(attempt, owner, policy, nowMs);
      },
    };
  }

  #look(nowMs: number): void {
    const { cooldowns } = this.#state;
    this.#seenLeft = this.#signal.aborted;
    this.#afterMs = 0;
    this.#seen = new Map(
      this.#candidates().map(({ id }) => [id, cooldowns.availability(id, nowMs, ENDPOINT).kind]),
    );
  }

  #candidates(): readonly Route[] {
    return [this.#model, ...this.#model.fallbacks].flatMap(({ routes }) => routes);
  }

  #note({ route, model, reason, outcome }: Attempt): void {
    const tried = new Set(this.steps.map((step) => step.route.id));
    const isFree = ({ id }: Route): boolean =>
      id !== route.id && !tried.has(id) && ['available', 'on-trial'].includes(this.#seen.get(id) ?? '');
    const owner = [this.#model, ...this.#model.fallbacks].find(({ name }) => name === model);
    const better = (owner?.routes ?? []).filter(({ priority }) => priority < route.priority);
    this.steps.push({
      route,
      model,
      reason,
      outcome,
      atMs: this.#atMs,
      afterMs: this.#afterMs,
      availability: this.#seen.get(route.id) ?? 'available',
      othersAvailable: this.#candidates().some(isFree),
      betterPriorityAvailable: reason !== 'retry' && reason !== 'last-resort' && better.some(isFree),
      clientLeftBefore: this.#seenLeft,
      probesOut: this.#probesOut,
    });
  }
}

const PROVIDERS = 5;
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
  const provider = `provider-${Math.floor(dice() * PROVIDERS)}`;
  return {
    id: `${provider}/m`,
    provider,
    upstreamModel: 'm',
    priority: 1 + Math.floor(dice() * 3),
    weight: Math.floor(dice() * 5),
  };
}
