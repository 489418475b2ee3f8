import { CumulativeWeights } from '../lib/cumulative-weights.ts';
import type { Route, Strategy } from './route.ts';

/** The inputs of a strategy. Times are in milliseconds; `dice` returns a number in [0, 1). */
export interface Load {
  /** The number of requests routed before this one: the position in the round robin. */
  readonly turn: number;
  readonly dice: () => number;
  readonly inFlight: (route: Route) => number;
  /** Smoothed time to the first byte; undefined before the first answer. */
  readonly latencyMs: (route: Route) => number | undefined;
}

/**
 * Picks one of `routes`, which are at least one and all of one priority. A weight of 0 is chosen only if there is no
 * other. Values that depend on the routes alone are cached with their list, so a long list costs as little as a short
 * one; only `least_busy` looks at each route.
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
 * The probability of each route, in their order; the sum is 1. For round robin it is the share of turns, for the other
 * strategies the probability in `select`.
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

/** The effective weights: if all are 0, the routes are equal. */
function weightsOf(routes: readonly Route[]): readonly number[] {
  return routes.some((route) => route.weight > 0) ? routes.map((route) => route.weight) : routes.map(() => 1);
}

function proportions(weights: readonly number[]): readonly number[] {
  const total = sum(weights);
  return weights.map((weight) => weight / total);
}

/** The weights of the routes with the fewest requests in flight relative to their weight; 0 for the others. */
function weightsOfIdlest(routes: readonly Route[], load: Load): readonly number[] {
  const weights = weightsOf(routes);
  const busyness = routes.map((route, index) => load.inFlight(route) / (weights[index] ?? 0));
  const least = Math.min(
    ...busyness.filter((value, index) => (weights[index] ?? 0) > 0 && !Number.isNaN(value)),
  );
  return weights.map((weight, index) => (busyness[index] === least ? weight : 0));
}

/**
 * Power of two choices: draws two different routes by weight and returns the faster one, or the first if they are
 * equal. Comparing only two keeps the fastest route from getting every request, so the others stay measured. A route
 * without a measurement counts as the fastest.
 */
function fasterOfTwo(routes: readonly Route[], load: Load): Route {
  const line = lineOf(routes);
  const index = drawn(line, load);
  const first = pick(routes, index);
  const start = line.startOf(index);
  const own = line.endOf(index) - start;
  const others = line.length - own;
  if (others <= 0) return first;
  // The second draw skips the first route's interval.
  const place = load.dice() * others;
  const second = pick(routes, line.at(place < start ? place : place + own));
  return (load.latencyMs(second) ?? 0) < (load.latencyMs(first) ?? 0) ? second : first;
}

/** The probability of each route to be the faster of two. */
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

/** The routes as intervals of their weights. */
function lineOf(routes: readonly Route[]): CumulativeWeights {
  let line = lines.get(routes);
  if (line === undefined) {
    line = new CumulativeWeights(weightsOf(routes));
    lines.set(routes, line);
  }
  return line;
}

/** A ring on which each route owns an arc of its weight, and the step from one turn to the next. */
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
 * Smooth weighted round robin without memory: turn `n` is at position `n × step` of the ring. The step is coprime to
 * the ring's length, so each position comes up once a round and the weights hold exactly. It is near the golden ratio,
 * so a route's turns are far apart. The only state is the turn, a counter that any number of workers can share. A route
 * that drops out changes only the shares of the others.
 */
function placeInRound({ ring, step }: Round, turn: number): number {
  return ring.at(((turn % ring.length) * step) % ring.length);
}

/** The weights as the smallest whole numbers in the same proportion: 0.5 and 1.5 become 1 and 3. */
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
