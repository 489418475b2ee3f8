import { expect, test } from 'bun:test';
import { Fleet } from './fleet.ts';

test('twenty nodes share budgets, rates and slots over a network that loses messages and falls apart', () => {
  const fleet = new Fleet({ nodes: 20, seconds: 8, keys: 4, rate: 10, loss: 0.002, delayMs: 1, cutOff: 3 });
  const { over, usedPercent, calls, waited, requests } = fleet.run();
  expect(over).toEqual({ window: 0, bucket: 0, slots: 0 });
  expect(usedPercent).toBeGreaterThan(95);
  // Four ticks a second of each node, and a question of each request that waits.
  expect(calls).toBeLessThan(20 * 8 * 4 + waited * 5 + 100);
  expect(waited).toBeLessThan(requests);
});
