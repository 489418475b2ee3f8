import { CumulativeWeights } from '../lib/cumulative-weights.ts';
import type { Route, Strategy } from './route.ts';

/** What a strategy may look at. Times in milliseconds; `dice` gives a number in [0, 1). */
export interface Load {
  /** How many requests were routed before this one: the place in the round. */
  readonly turn: number;
  readonly dice: () => number;
  readonly inFlight: (route: Route) => number;
  /** Smoothed time to the first byte; undefined before the first answer. */
  readonly latencyMs: (route: Route) => number | undefined;
}

/**
 * Picks one of `routes` (at least one, all of one priority). A weight of 0 is chosen only when no other exists. What follows
 * from the routes alone is kept with their list, so that a long one that comes again costs as little as a short one; only
 * `least_busy` looks at each of them.
 */
export function select(routes: readonly Route[], strategy: Strategy, load: Load): Route {
  const [only] = routes;
  if (routes.length === 1 && only !== undefined) return only;
  switch (strategy) {
    case 'round_robin':
      return pick(routes, placeInRound(roundOf(routes), load.turn));
    case 'random':
      return pick(routes, drawn(lineOf(routes), load));
    case 'least_busy':
      return pick(routes, drawn(new CumulativeWeights(weightsOfIdlest(routes, load)), load));
    case 'lowest_latency':
      return fasterOfTwo(routes, load);
  }
}

/**
 * How likely each of the routes is to be picked, in their order; the sum is 1. For round robin it is the part of the
 * turns that a route gets, for the other strategies the chance by which `select` draws.
 */
export function shares(routes: readonly Route[], strategy: Strategy, load: Load): readonly number[] {
  switch (strategy) {
    case 'round_robin':
    case 'random':
      return proportions(weightsOf(routes));
    case 'least_busy':
      return proportions(weightsOfIdlest(routes, load));
    case 'lowest_latency':
      return chancesOfTwo(routes, load);
  }
}

/** The weights that count: where all are 0, the routes are alike. */
function weightsOf(routes: readonly Route[]): readonly number[] {
  return routes.some((route) => route.weight > 0) ? routes.map((route) => route.weight) : routes.map(() => 1);
}

function proportions(weights: readonly number[]): readonly number[] {
  const total = sum(weights);
  return weights.map((weight) => weight / total);
}

/** The weights of the routes with the fewest requests in flight for their weight; 0 for the others. */
function weightsOfIdlest(routes: readonly Route[], load: Load): readonly number[] {
  const weights = weightsOf(routes);
  const busyness = routes.map((route, index) => load.inFlight(route) / (weights[index] ?? 0));
  const least = Math.min(
    ...busyness.filter((value, index) => (weights[index] ?? 0) > 0 && !Number.isNaN(value)),
  );
  return weights.map((weight, index) => (busyness[index] === least ? weight : 0));
}

/**
 * Power of two choices: of two different routes drawn by weight, the one that has answered faster; the first of equal
 * ones. Comparing only two keeps the fastest route from getting everything, and so keeps the others measured. A route
 * that was not measured yet counts as the fastest.
 */
function fasterOfTwo(routes: readonly Route[], load: Load): Route {
  const line = lineOf(routes);
  const index = drawn(line, load);
  const first = pick(routes, index);
  const start = line.startOf(index);
  const own = line.endOf(index) - start;
  const others = line.length - own;
  if (others <= 0) return first;
  // The second is drawn as if the first one's stretch was not there.
  const place = load.dice() * others;
  const second = pick(routes, line.at(place < start ? place : place + own));
  return (load.latencyMs(second) ?? 0) < (load.latencyMs(first) ?? 0) ? second : first;
}

/** How likely each is to be the faster of two. */
function chancesOfTwo(routes: readonly Route[], load: Load): readonly number[] {
  const chances = proportions(weightsOf(routes));
  const latencies = routes.map((route) => load.latencyMs(route) ?? 0);
  return chances.map((own, index) => {
    if (own === 1) return 1;
    return sum(
      chances.map((other, otherIndex) => {
        if (otherIndex === index) return 0;
        const ownMs = latencies[index] ?? 0;
        const otherMs = latencies[otherIndex] ?? 0;
        const drawnFirst = ownMs <= otherMs ? (own * other) / (1 - own) : 0;
        const drawnSecond = ownMs < otherMs && other < 1 ? (other * own) / (1 - other) : 0;
        return drawnFirst + drawnSecond;
      }),
    );
  });
}

function drawn(line: CumulativeWeights, { dice }: Load): number {
  return line.at(dice() * line.length);
}

const lines = new WeakMap<readonly Route[], CumulativeWeights>();

/** The routes with stretches as long as their weights. */
function lineOf(routes: readonly Route[]): CumulativeWeights {
  let line = lines.get(routes);
  if (line === undefined) {
    line = new CumulativeWeights(weightsOf(routes));
    lines.set(routes, line);
  }
  return line;
}

/** A ring on which each route owns an arc as long as its weight, and how far one turn is from the next. */
interface Round {
  readonly ring: CumulativeWeights;
  readonly step: number;
}

const rounds = new WeakMap<readonly Route[], Round>();

function roundOf(routes: readonly Route[]): Round {
  let round = rounds.get(routes);
  if (round === undefined) {
    const ring = new CumulativeWeights(wholeWeights(weightsOf(routes)));
    round = { ring, step: goldenStep(ring.length) };
    rounds.set(routes, round);
  }
  return round;
}

/**
 * Smooth weighted round robin without memory: turn `n` stands at place `n × step` of the ring. The step is prime to the
 * ring's length, so that each place comes up once a round and the weights hold exactly; it is near the golden section, so
 * that a route's turns lie far apart. The only state is the turn, a counter that any number of workers can share, and a
 * route that drops out changes nothing for the others but their shares.
 */
function placeInRound({ ring, step }: Round, turn: number): number {
  return ring.at(((turn % ring.length) * step) % ring.length);
}

/** Weights as whole numbers in the same proportion, as small as they get: 0.5 and 1.5 become 1 and 3. */
function wholeWeights(weights: readonly number[]): readonly number[] {
  const scale = weights.every(Number.isInteger) ? 1 : 1000;
  const whole = weights.map((weight) => Math.ceil(weight * scale));
  const divisor = whole.reduce(greatestCommonDivisor);
  return whole.map((weight) => weight / divisor);
}

function goldenStep(ring: number): number {
  let step = Math.max(1, Math.round(ring * 0.618));
  while (greatestCommonDivisor(step, ring) !== 1) step += 1;
  return step;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function pick(routes: readonly Route[], index: number): Route {
  const route = routes[index];
  if (route === undefined) throw new RangeError(`no route ${index} among ${routes.length}`);
  return route;
}
