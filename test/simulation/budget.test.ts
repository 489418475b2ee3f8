import { describe, expect, test } from 'bun:test';
import { median, playBudget } from './budget-world.ts';

/** `bun bench/parts/budget.ts` plays other budgets too. */
const SEEDS = Array.from({ length: 40 }, (_, index) => index + 1);
const FEW = SEEDS.slice(0, 8);

describe('a budget of $10, used by streams of random length of which some 45 are under way', () => {
  test('is spent to the end, hardly passed, and refuses late', async () => {
    const results = await Promise.all(SEEDS.map((seed) => playBudget({ dollars: 10, rate: 5, seed })));
    const spent = results.map((result) => result.spent);
    expect(median(spent)).toBeGreaterThanOrEqual(0.98);
    expect(median(spent)).toBeLessThanOrEqual(1.01);
    expect(Math.max(...spent)).toBeLessThanOrEqual(1.05);
    expect(Math.min(...results.map(({ firstRefusal }) => firstRefusal ?? 1))).toBeGreaterThanOrEqual(0.7);
    expect(results.map(({ held }) => held)).toEqual(SEEDS.map(() => 0));
    expect(Math.min(...results.map(({ mostInFlight }) => mostInFlight))).toBeGreaterThan(40);
  }, 180_000);

  test('is never passed with hold: maximum', async () => {
    const results = await Promise.all(
      FEW.map((seed) => playBudget({ dollars: 10, rate: 5, hold: 'maximum', seed })),
    );
    for (const { spent, held } of results) {
      expect(spent).toBeLessThanOrEqual(1);
      expect(held).toBe(0);
    }
  }, 180_000);
});

test('a budget of some 25 requests is spent to the end, and passed by little once outputs are known', async () => {
  const results = await Promise.all(
    SEEDS.map((seed) => playBudget({ dollars: 0.5, rate: 5, seed, isLearned: true })),
  );
  const spent = results.map((result) => result.spent);
  expect(Math.min(...spent)).toBeGreaterThanOrEqual(1);
  expect(median(spent)).toBeLessThanOrEqual(1.05);
  expect(Math.max(...spent)).toBeLessThanOrEqual(1.4);
}, 180_000);

test('requests one after the other are refused only when the budget is used up', async () => {
  for (const seed of FEW) {
    const { firstRefusal } = await playBudget({ dollars: 1, rate: 5, seed, isSerial: true });
    expect(firstRefusal).toBeGreaterThanOrEqual(1);
  }
}, 180_000);
