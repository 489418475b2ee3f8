import { expect, test } from 'bun:test';
import { type Availability, decide } from '../../../src/routing/decide.ts';
import type { Attempt } from '../../../src/routing/outcome.ts';
import { type SkippedRoute, skippedRoutes } from '../../../src/routing/skipped.ts';
import { attempt, conditions, failed, model, RETRY, route } from './world.ts';

const a = route('a');
const b = route('b');
const later = route('later', { priority: 2 });
const x = route('x');
const MAIN = model('main', [a, b, later], [model('second', [x])]);

/** The routes that the next decision skipped, as short texts. */
function skipped(
  by: Readonly<Record<string, Availability>>,
  history: readonly Attempt[] = [],
  known: readonly SkippedRoute[] = [],
): string[] {
  const now = conditions({ availability: ({ provider }) => by[provider] ?? { kind: 'available' } });
  const decision = decide(MAIN, history, now);
  return skippedRoutes(MAIN, history, now, { decision, known }).map(
    ({ route: { provider }, model: owner, why, forMs, beforeAttempt }) =>
      `${beforeAttempt}: ${owner}:${provider} ${why} ${forMs ?? ''}`.trim(),
  );
}

const COOLING: Availability = { kind: 'cooling', untilMs: 4_000 };
const DRAINING: Availability = { kind: 'draining' };
const PROBING: Availability = { kind: 'probing' };

test('names the unavailable routes that stood before or beside the chosen one, each with its reason', () => {
  expect(skipped({})).toEqual([]);
  expect(skipped({ a: COOLING })).toEqual(['1: main:a cooling 3000']);
  expect(skipped({ later: COOLING, x: COOLING })).toEqual([]);
  expect(skipped({ a: COOLING, b: PROBING, later: DRAINING })).toEqual([
    '1: main:a cooling 3000',
    '1: main:b probing',
    '1: main:later draining',
  ]);
});

test('does not repeat a route, and names none for a retry of the same one', () => {
  const history = [attempt(b, failed(500))];
  const known = [{ route: a, model: 'main', why: 'cooling', forMs: 3_000, beforeAttempt: 1 }] as const;
  expect(skipped({ a: COOLING, b: COOLING, later: DRAINING }, history, known)).toEqual([
    '2: main:later draining',
  ]);
  const again = conditions({ policy: { ...RETRY, retries: 1 }, availability: () => COOLING });
  const decision = decide(MAIN, history, again);
  expect(decision).toMatchObject({ kind: 'try', reason: 'retry' });
  expect(skippedRoutes(MAIN, history, again, { decision, known: [] })).toEqual([]);
});

test('names all of them where none is left to try, and all others where one is the last resort', () => {
  const drained = { a: DRAINING, b: DRAINING, later: DRAINING, x: DRAINING };
  expect(skipped(drained)).toHaveLength(4);
  expect(skipped({ ...drained, b: COOLING })).toEqual([
    '1: main:a draining',
    '1: main:later draining',
    '1: second:x draining',
  ]);
});
