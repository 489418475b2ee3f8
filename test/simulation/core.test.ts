import { describe, expect, test } from 'bun:test';
import type { RetryPolicy } from '../../src/routing/decide.ts';
import { type Run, simulate, type World } from './world.ts';

/** Set SEED to repeat the run that a failure names. */
const FIRST_SEED = Number(process.env['SEED'] ?? 1);
const WORLDS = process.env['SEED'] === undefined ? 100 : 1;
const REQUESTS_PER_WORLD = 150;

const runs: { seed: number; world: World; run: Run }[] = [];
const leftBehind: string[] = [];
for (let seed = FIRST_SEED; seed < FIRST_SEED + WORLDS; seed++) {
  const { world, requests, remains } = await simulate(seed, REQUESTS_PER_WORLD);
  for (const run of requests) runs.push({ seed, world, run });
  if (remains.inFlight + remains.probing > 0) leftBehind.push(`SEED=${seed} ${JSON.stringify(remains)}`);
}

describe('15,000 random requests through the loop of the gateway', () => {
  /** Fails with the seed that breaks the invariant. */
  function always(holds: (run: Run, world: World) => boolean): void {
    const broken = runs.find(({ run, world }) => !holds(run, world));
    expect(broken && `SEED=${broken.seed} ${JSON.stringify(broken.run, null, 1)}`).toBeUndefined();
  }

  test('are as many as they say, and meet every kind of end', () => {
    expect(runs.length).toBeGreaterThanOrEqual(WORLDS === 1 ? 1 : 10_000);
    if (WORLDS === 1) return;
    const ends = new Set(runs.map(({ run }) => run.end));
    expect([...ends].sort()).toEqual(['attempts', 'cancelled', 'deadline', 'deliver', 'no-route']);
    const reasons = new Set(runs.flatMap(({ run }) => run.steps.map((step) => step.reason)));
    expect([...reasons].sort()).toEqual([
      'fallback-model',
      'fallback-route',
      'first',
      'last-resort',
      'retry',
    ]);
  });

  test('every request ends, with no more attempts than it may have', () => {
    always((run, { retry }) => run.steps.length <= Math.min(retry.maxAttempts, 200));
  });

  test('no route is tried again but by a retry, and no more often than retries are allowed', () => {
    always((run, { retry }) => {
      const fresh = run.steps.filter((step) => step.reason !== 'retry').map((step) => step.route.id);
      const most = 1 + (retry.retries ?? 1);
      const counts = Map.groupBy(run.steps, (step) => step.route.id);
      return (
        new Set(fresh).size === fresh.length && [...counts.values()].every((steps) => steps.length <= most)
      );
    });
  });

  test('a cooling or probed route is never chosen while another is available', () => {
    always((run) =>
      run.steps.every(
        (step) =>
          step.reason === 'retry' ||
          step.availability === 'available' ||
          step.availability === 'on-trial' ||
          !step.othersAvailable,
      ),
    );
  });

  test('a route that is on trial is probed by one request at a time', () => {
    always((run) => run.steps.every((step) => step.probesOut <= 1));
  });

  test('only enabled routes of the model and its fallbacks are tried', () => {
    always((run) =>
      run.steps.every((step) =>
        [run.model, ...run.model.fallbacks].some(
          (model) => model.name === step.model && model.routes.includes(step.route),
        ),
      ),
    );
  });

  test('a better priority of the same model goes first', () => {
    always((run) => run.steps.every((step) => !step.betterPriorityAvailable));
  });

  test("a provider's rejections and answers are delivered at once", () => {
    always((run) => {
      const final = run.steps.findIndex(
        ({ outcome }) => outcome.kind === 'answered' || outcome.kind === 'rejected',
      );
      return final === -1 || (final === run.steps.length - 1 && run.end === 'deliver');
    });
  });

  test('nothing is tried after the client left, nor after the deadline', () => {
    always((run) =>
      run.steps.every((step, index) => index === 0 || (!step.clientLeftBefore && step.atMs < run.deadlineMs)),
    );
  });

  test('no pause is longer than a provider may ask for', () => {
    always((run, { retry }) => run.steps.every((step) => step.afterMs <= longestPause(retry)));
  });
});

function longestPause(retry: RetryPolicy): number {
  return Math.max(retry.maxWaitMs, retry.backoffMs * 2 ** (retry.retries ?? 1));
}

test('no request stays in flight and no probe goes on when all have ended', () => {
  expect(leftBehind).toEqual([]);
});

test('the same seed gives the same simulation', async () => {
  const ids = async (seed: number): Promise<string> => JSON.stringify((await simulate(seed, 50)).requests);
  expect(await ids(7)).toBe(await ids(7));
  expect(await ids(7)).not.toBe(await ids(8));
});
