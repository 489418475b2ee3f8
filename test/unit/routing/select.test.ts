import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import type { Route, Strategy } from '../../../src/routing/route.ts';
import { type Load, select, shares } from '../../../src/routing/select.ts';
import { conditions, route } from './world.ts';

const STRATEGIES: readonly Strategy[] = ['round_robin', 'random', 'least_busy', 'lowest_latency'];

function picks(routes: readonly Route[], strategy: Strategy, loads: readonly Partial<Load>[]): string[] {
  return loads.map((load) => select(routes, strategy, conditions(load)).provider);
}

function count(all: readonly string[], provider: string): number {
  return all.filter((each) => each === provider).length;
}

const turns = (upTo: number): { turn: number }[] => Array.from({ length: upTo }, (_, turn) => ({ turn }));
/** Dice that return every hundredth once. */
const throws = Array.from({ length: 100 }, (_, index) => ({ dice: () => index / 100 }));

function weighted(weights: Readonly<Record<string, number>>): Route[] {
  return Object.entries(weights).map(([provider, weight]) => route(provider, { weight }));
}

describe('for every strategy', () => {
  for (const strategy of STRATEGIES) {
    test(`${strategy}: a weight of 0 is never chosen while another exists`, () => {
      const all = picks(weighted({ none: 0, some: 0.001, also: 1 }), strategy, [...turns(50), ...throws]);
      expect(count(all, 'none')).toBe(0);
    });

    test(`${strategy}: routes that all have a weight of 0 share alike`, () => {
      const loads = throws.map((load, turn) => ({ ...load, turn }));
      const all = picks(weighted({ a: 0, b: 0 }), strategy, loads);
      expect([count(all, 'a'), count(all, 'b')]).toEqual([50, 50]);
    });

    test(`${strategy}: the only route is chosen`, () => {
      expect(picks([route('a')], strategy, [...turns(3), ...throws.slice(97)])).toEqual(Array(6).fill('a'));
    });
  }

  test('whatever the weights and the dice are, one of the routes comes out', () => {
    const routes = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(
        routes,
        fc.constantFrom(...STRATEGIES),
        fc.nat(1e6),
        fc.double({ min: 0, max: 0.999999999, noNaN: true }),
        (weights, strategy, turn, dice) => {
          const all = weights.map((weight, index) => route(`p${index}`, { weight }));
          const chosen = select(all, strategy, conditions({ turn, dice: () => dice }));
          return all.includes(chosen) && (chosen.weight > 0 || weights.every((weight) => weight === 0));
        },
      ),
    );
  });
});

test('every strategy picks as often as its shares say', () => {
  const weights = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 2, maxLength: 5 });
  fc.assert(
    fc.property(weights, fc.constantFrom(...STRATEGIES), fc.nat(1_000), (all, strategy, seed) => {
      const routes = all.map((weight, index) => route(`p${index}`, { weight }));
      const place = ({ provider }: Route): number => Number(provider.slice(1));
      const load = {
        inFlight: (on: Route) => (seed >> place(on)) & 1,
        latencyMs: (on: Route) => ((seed >> (2 * place(on))) & 3) * 10 || undefined,
      };
      const chances = shares(routes, strategy, conditions(load));
      // Both dice run through a grid, so every result appears exactly as often as it should.
      const steps = Array.from({ length: 60 }, (_, step) => (step + 0.5) / 60);
      const loads = steps.flatMap((first, row) =>
        steps.map((second, column) => {
          const dice = [first, second];
          return { ...load, turn: row * 60 + column, dice: () => dice.shift() ?? 0 };
        }),
      );
      const picked = picks(routes, strategy, loads);
      for (const [index, chance] of chances.entries())
        expect(Math.abs(count(picked, `p${index}`) / picked.length - chance)).toBeLessThan(0.04);
    }),
    { numRuns: 60 },
  );
});

describe('round robin', () => {
  test('gives every route its exact share in every round', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 }),
        fc.nat(1_000),
        (weights, round) => {
          const ring = weights.reduce((sum, weight) => sum + weight, 0);
          const routes = weights.map((weight, index) => route(`p${index}`, { weight }));
          const all = picks(
            routes,
            'round_robin',
            turns(ring).map(({ turn }) => ({ turn: turn + round * ring })),
          );
          return weights.every((weight, index) => count(all, `p${index}`) === weight);
        },
      ),
    );
  });

  test('takes fractions for what they are', () => {
    const all = picks(weighted({ a: 0.5, b: 1.5 }), 'round_robin', turns(40));
    expect([count(all, 'a'), count(all, 'b')]).toEqual([10, 30]);
  });

  test('spreads a heavy route out and does not serve it in one go', () => {
    const all = picks(weighted({ heavy: 5, a: 1, b: 1 }), 'round_robin', turns(70)).join('');
    expect(all).not.toContain('heavy'.repeat(5));
    expect(all).not.toContain('ab'.repeat(2));
  });
});

describe('random', () => {
  test('shares by weight', () => {
    const all = picks(weighted({ a: 1, b: 3 }), 'random', throws);
    expect([count(all, 'a'), count(all, 'b')]).toEqual([25, 75]);
  });
});

describe('least busy', () => {
  const busy = (by: Record<string, number>): Pick<Load, 'inFlight'> => ({
    inFlight: ({ provider }) => by[provider] ?? 0,
  });

  test('takes the route with the fewest requests in flight for its weight', () => {
    const load = busy({ a: 3, b: 4, c: 9 });
    expect(picks(weighted({ a: 1, b: 2, c: 4 }), 'least_busy', [load])).toEqual(['b']);
  });

  test('equal ones share by weight, and the busier one gets nothing', () => {
    const loads = throws.map((dice) => ({ ...dice, ...busy({ c: 1 }) }));
    const all = picks(weighted({ a: 1, b: 3, c: 9 }), 'least_busy', loads);
    expect([count(all, 'a'), count(all, 'b'), count(all, 'c')]).toEqual([25, 75, 0]);
  });
});

describe('lowest latency', () => {
  const speeds = (by: Record<string, number | undefined>): Pick<Load, 'latencyMs'> => ({
    latencyMs: ({ provider }) => by[provider],
  });
  const two = weighted({ a: 1, b: 1 });

  test('of two routes it takes the faster, whatever the dice say', () => {
    for (const { dice } of throws)
      expect(select(two, 'lowest_latency', conditions({ dice, ...speeds({ a: 80, b: 20 }) })).provider).toBe(
        'b',
      );
  });

  test('a route that was not measured yet goes first', () => {
    for (const { dice } of throws)
      expect(select(two, 'lowest_latency', conditions({ dice, ...speeds({ a: 1 }) })).provider).toBe('b');
  });

  test('of more it compares two, so that all but the slowest are still measured', () => {
    const routes = weighted({ fast: 1, middle: 1, slow: 1 });
    const latency = speeds({ fast: 10, middle: 20, slow: 30 });
    const loads = throws.flatMap((first) =>
      throws.map((second): Partial<Load> => {
        const dice = [first.dice(), second.dice()];
        return { ...latency, dice: () => dice.shift() ?? 0 };
      }),
    );
    const all = picks(routes, 'lowest_latency', loads);
    expect(count(all, 'slow')).toBe(0);
    expect(count(all, 'middle')).toBeGreaterThan(loads.length / 4);
    expect(count(all, 'fast')).toBeGreaterThan(loads.length / 2);
  });
});
