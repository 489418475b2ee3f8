import { describe, expect, test } from 'bun:test';
import type { Route, Strategy } from '../../src/routing/route.ts';
import { type Load, select } from '../../src/routing/select.ts';
import { seededDice } from './seeded-dice.ts';

const REQUESTS = 20_000;

/** The 99.99 % points of the chi-square distribution for 1, 2, 3 and 4 degrees of freedom. */
const CRITICAL = [15.14, 18.42, 21.11, 23.51];

function routesOf(weights: readonly number[]): Route[] {
  return weights.map((weight, index) => ({
    id: `p${index}/m`,
    provider: `p${index}`,
    upstreamModel: 'm',
    priority: 1,
    weight,
  }));
}

function counts(weights: readonly number[], strategy: Strategy, seed: number): number[] {
  const dice = seededDice(seed);
  const routes = routesOf(weights);
  const chosen = new Map<string, number>();
  for (let turn = 0; turn < REQUESTS; turn++) {
    const load: Load = { turn, dice, inFlight: () => 0, latencyMs: () => 100 };
    const { id } = select(routes, strategy, load);
    chosen.set(id, (chosen.get(id) ?? 0) + 1);
  }
  return routes.map(({ id }) => chosen.get(id) ?? 0);
}

function chiSquare(observed: readonly number[], weights: readonly number[]): number {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return observed.reduce((sum, count, index) => {
    const expected = (REQUESTS * weights[index]!) / total;
    return sum + (count - expected) ** 2 / expected;
  }, 0);
}

const MIXES = [
  [1, 1],
  [3, 1],
  [5, 1, 1],
  [0.5, 1.5, 2],
  [100, 1],
  [7, 3, 2, 1, 1],
];

describe('weights hold by chi-square', () => {
  for (const weights of MIXES) {
    for (const strategy of ['random', 'least_busy', 'lowest_latency'] as const) {
      // Two draws of two routes always compare both, so the faster wins: no shares to hold there.
      if (strategy === 'lowest_latency') continue;
      test(`${strategy} over ${weights.join(':')}`, () => {
        const seed = 1;
        const statistic = chiSquare(counts(weights, strategy, seed), weights);
        expect({ seed, holds: statistic < CRITICAL[weights.length - 2]! }).toEqual({ seed, holds: true });
      });
    }
  }
});

describe('round robin', () => {
  for (const weights of MIXES) {
    test(`holds ${weights.join(':')} exactly, round by round`, () => {
      const scale = weights.every(Number.isInteger) ? 1 : 2;
      const round = weights.map((weight) => weight * scale);
      const turns = round.reduce((sum, weight) => sum + weight, 0);
      const load = (turn: number): Load => ({
        turn,
        dice: () => 0,
        inFlight: () => 0,
        latencyMs: () => undefined,
      });
      for (const start of [0, turns, 5 * turns]) {
        const chosen = Array.from({ length: turns }, (_, turn) =>
          select(routesOf(weights), 'round_robin', load(start + turn)),
        );
        const observed = weights.map(
          (_, index) => chosen.filter(({ provider }) => provider === `p${index}`).length,
        );
        expect(observed).toEqual(round);
      }
    });
  }

  test('spreads the turns of a heavy route instead of giving them in a row', () => {
    const routes = routesOf([4, 2]);
    const order = Array.from({ length: 6 }, (_, turn) =>
      select(routes, 'round_robin', { turn, dice: () => 0, inFlight: () => 0, latencyMs: () => undefined }),
    ).map(({ provider }) => provider);
    expect(order.join(' ')).not.toContain('p0 p0 p0');
    expect(order.join(' ')).not.toContain('p1 p1');
  });

  test('shares by weight among those that are left', () => {
    const routes = routesOf([3, 2, 1]).slice(1);
    const load = (turn: number): Load => ({
      turn,
      dice: () => 0,
      inFlight: () => 0,
      latencyMs: () => undefined,
    });
    const first = Array.from(
      { length: 300 },
      (_, turn) => select(routes, 'round_robin', load(turn)).provider,
    );
    expect(first.filter((provider) => provider === 'p1')).toHaveLength(200);
  });
});
