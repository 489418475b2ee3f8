import { expect, test } from 'bun:test';
import { type Conditions, decide, type Availability } from '../../src/routing/decide.ts';
import { explain, type ExplainedTier } from '../../src/routing/explain.ts';
import type { Attempt } from '../../src/routing/outcome.ts';
import type { Model } from '../../src/routing/route.ts';
import { seededDice } from './seeded-dice.ts';
import { randomWorld } from './world.ts';

const SEEDS = process.env['SEED'] === undefined ? range(1, 300) : [Number(process.env['SEED'])];
const DECISIONS_PER_SEED = 40;

function range(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => from + index);
}

/** One moment of a random gateway: some routes cool, some are busy, some are slow. */
function randomMoment(seed: number): { model: Model; now: Conditions } {
  const dice = seededDice(seed);
  const world = randomWorld(dice);
  const statuses = new Map<string, Availability>();
  const loads = new Map<string, number>();
  const latencies = new Map<string, number>();
  const model = world.models[Math.floor(dice() * world.models.length)]!;
  for (const { id } of [model, ...model.fallbacks].flatMap(({ routes }) => routes)) {
    const kinds: Availability[] = [
      { kind: 'cooling', untilMs: dice() * 9_000 },
      { kind: 'probing' },
      { kind: 'on-trial' },
    ];
    statuses.set(id, kinds[Math.floor(dice() * 8)] ?? { kind: 'available' });
    loads.set(id, Math.floor(dice() * 3));
    if (dice() < 0.7) latencies.set(id, Math.floor(dice() * 500));
  }
  const now: Conditions = {
    nowMs: 0,
    deadlineMs: Infinity,
    clientLeft: false,
    policy: world.retry,
    allAvailable: false,
    availability: ({ id }) => statuses.get(id) ?? { kind: 'available' },
    turn: 0,
    dice,
    inFlight: ({ id }) => loads.get(id) ?? 0,
    latencyMs: ({ id }) => latencies.get(id),
  };
  return { model, now };
}

/** The attempts that a request really makes if every attempt times out. */
function realAttempts(model: Model, now: Conditions): Attempt[] {
  const history: Attempt[] = [];
  for (;;) {
    const decision = decide(model, history, now);
    if (decision.kind !== 'try') return history;
    const { route, model: owner, reason } = decision;
    const outcome = { kind: 'timed-out', phase: 'first-byte' } as const;
    history.push({ route, model: owner, reason, isProbe: false, outcome, startedAtMs: 0, endedAtMs: 0 });
  }
}

test('12,000 real decisions are as explained: same routes, same order, same limit, nothing that was left out', () => {
  let decisions = 0;
  for (const seed of SEEDS) {
    const { model, now } = randomMoment(seed);
    const tiers = explain(model, now).tiers.filter(({ isReached }) => isReached);
    const all = tiers.reduce((sum, { routes }) => sum + routes.length, 0);
    for (let turn = 0; turn < DECISIONS_PER_SEED; turn++) {
      const attempts = realAttempts(model, { ...now, turn });
      const surprise = attempts.find((attempt, index) => !isExplained(attempt, index + 1, tiers));
      expect({ seed, surprise }).toEqual({ seed, surprise: undefined });
      expect({ seed, count: attempts.length }).toEqual({
        seed,
        count: Math.min(all, now.policy.maxAttempts),
      });
      decisions += attempts.length;
    }
  }
  if (SEEDS.length > 1) expect(decisions).toBeGreaterThanOrEqual(10_000);
});

/** Whether the attempt with this number is one of the tier that the explanation has there, and may come first in it. */
function isExplained({ route, model }: Attempt, number: number, tiers: readonly ExplainedTier[]): boolean {
  const tier = tiers.findLast(({ fromAttempt }) => fromAttempt <= number);
  const told = tier?.routes.find((each) => each.route === route);
  if (told === undefined || tier?.model !== model) return false;
  return number > tier.fromAttempt || told.probability > 0;
}

test('the first route is chosen as often as the explanation says, by chi-square', () => {
  const draws = 2_000;
  for (const seed of SEEDS.slice(0, 60)) {
    const { model, now } = randomMoment(seed);
    const tier = explain(model, now).tiers[0]!;
    const counts = new Map<string, number>();
    for (let turn = 0; turn < draws; turn++) {
      const decision = decide(model, [], { ...now, turn });
      if (decision.kind === 'try') counts.set(decision.route.id, (counts.get(decision.route.id) ?? 0) + 1);
    }
    const possible = tier.routes.filter(({ probability }) => probability > 0);
    const statistic = possible.reduce((sum, { route, probability }) => {
      const expected = probability * draws;
      return sum + ((counts.get(route.id) ?? 0) - expected) ** 2 / expected;
    }, 0);
    const counted = possible.reduce((sum, { route }) => sum + (counts.get(route.id) ?? 0), 0);
    expect({ seed, counted }).toEqual({ seed, counted: draws });
    // The 99.999 % point for four degrees of freedom: no tier here has more routes than five.
    expect({ seed, holds: statistic < 28.5 }).toEqual({ seed, holds: true });
  }
});

test('a tier beyond the limit on attempts is said not to be reached', () => {
  const route = (provider: string, priority: number) => ({
    id: `${provider}/m`,
    provider,
    upstreamModel: 'm',
    priority,
    weight: 1,
  });
  const model: Model = {
    name: 'm',
    routes: [route('a', 1), route('b', 2)],
    strategy: 'random',
    rotation: 'm',
    fallbacks: [],
    leftOut: [{ what: 'c/m', why: 'the provider is disabled' }],
  };
  const { now } = randomMoment(1);
  const explanation = explain(model, { ...now, policy: { ...now.policy, maxAttempts: 1 } });
  expect(explanation.tiers.map(({ isReached }) => isReached)).toEqual([true, false]);
  expect(explanation.leftOut).toEqual(model.leftOut);
});
