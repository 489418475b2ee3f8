import { expect, test } from 'bun:test';
import { Retirement } from '../../../../src/server/lean/retirement.ts';

/** How long a server whose idle connections are so many after each 100 ms keeps them open; the last number stays. */
function lastsMs(idle: readonly number[], unusedMs?: number): number {
  const retirement = new Retirement(1000, unusedMs);
  for (let ms = 0; ; ms += 10) {
    const left = idle[Math.min(Math.floor(ms / 100), idle.length - 1)] ?? 0;
    if (retirement.isOver(left, 1000 + ms)) return ms;
  }
}

test('idle connections that nobody uses are closed after a quarter of a second', () => {
  expect(lastsMs([3])).toBe(250);
  expect(lastsMs([3], 2000)).toBe(2000);
});

test('they stay open while others of them are used', () => {
  expect(lastsMs([5, 4, 3, 3, 2])).toBe(650);
  expect(lastsMs([1, 1, 3])).toBe(450);
});

test('nothing is waited for without any', () => {
  expect(lastsMs([0])).toBe(0);
  expect(lastsMs([2, 1, 0])).toBe(200);
});

test('a client that uses ever more of them does not keep the rest open for long', () => {
  expect(lastsMs(Array.from({ length: 100 }, (_, index) => 200 - index))).toBe(5000);
});
