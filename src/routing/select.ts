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

/** Picks one of `routes` (at least one, all of one priority). A weight of 0 is chosen only when no other exists. */
export function select(routes: readonly Route[], strategy: Strategy, load: Load): Route {
  const weighted = routes.filter((route) => route.weight > 0);
  if (weighted.length === 0) return pick(routes, Math.floor(load.dice() * routes.length));
  if (weighted.length === 1) return pick(weighted, 0);
  switch (strategy) {
    case 'round_robin':
      return roundRobin(weighted, load.turn);
    case 'random':
      return random(weighted, load.dice);
    case 'least_busy':
      return leastBusy(weighted, load);
    case 'lowest_latency':
      return lowestLatency(weighted, load);
  }
}

/**
 * Smooth weighted round robin without memory: turn `n` stands at place `n × step` of a ring on which each route
 * owns an arc as long as its weight. The step is prime to the ring's length, so that each place comes up once a
 * round and the weights hold exactly; it is near the golden section, so that a route's turns lie far apart. The
 * only state is the turn, a counter that any number of workers can share, and a route that drops out changes
 * nothing for the others but their shares.
 */
function roundRobin(routes: readonly Route[], turn: number): Route {
  const weights = wholeWeights(routes);
  const ring = weights.reduce((sum, weight) => sum + weight, 0);
  let place = ((turn % ring) * goldenStep(ring)) % ring;
  for (const [index, weight] of weights.entries()) {
    if (place < weight) return pick(routes, index);
    place -= weight;
  }
  return pick(routes, 0);
}

/** Weights as whole numbers in the same proportion, as small as they get: 0.5 and 1.5 become 1 and 3. */
function wholeWeights(routes: readonly Route[]): number[] {
  const scale = routes.every((route) => Number.isInteger(route.weight)) ? 1 : 1000;
  const whole = routes.map((route) => Math.max(1, Math.round(route.weight * scale)));
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

function random(routes: readonly Route[], dice: () => number): Route {
  const total = routes.reduce((sum, route) => sum + route.weight, 0);
  let place = dice() * total;
  for (const route of routes) {
    if (place < route.weight) return route;
    place -= route.weight;
  }
  return pick(routes, routes.length - 1);
}

/** The fewest requests in flight for its weight; equal ones at random, so that a quiet gateway still spreads. */
function leastBusy(routes: readonly Route[], load: Load): Route {
  const busyness = routes.map((route) => load.inFlight(route) / route.weight);
  const least = Math.min(...busyness);
  return random(
    routes.filter((_, index) => busyness[index] === least),
    load.dice,
  );
}

/**
 * Power of two choices: of two routes drawn by weight, the one that has answered faster. Comparing only two keeps
 * the fastest route from getting everything, and so keeps the others measured. One not measured yet wins.
 */
function lowestLatency(routes: readonly Route[], load: Load): Route {
  const first = random(routes, load.dice);
  const second = random(
    routes.filter((route) => route !== first),
    load.dice,
  );
  return (load.latencyMs(second) ?? 0) < (load.latencyMs(first) ?? 0) ? second : first;
}

function pick(routes: readonly Route[], index: number): Route {
  const route = routes[index];
  if (route === undefined) throw new RangeError(`no route ${index} among ${routes.length}`);
  return route;
}
