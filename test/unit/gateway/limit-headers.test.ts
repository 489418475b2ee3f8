import { expect, test } from 'bun:test';
import { resetTime } from '../../../src/gateway/limits/limit-headers.ts';

const at = { nowMs: 0, epochMs: Date.parse('2026-03-01T12:00:00.500Z') };
const standing = (resetMs: number) => ({ used: 0, held: 0, limit: 1, remaining: 1, resetMs });

test('a reset has a time, unless it is never or too far away for one', () => {
  expect(resetTime(standing(1_000), at)).toBe('2026-03-01T12:00:02Z');
  for (const resetMs of [Infinity, 3e14, 1e20]) expect(resetTime(standing(resetMs), at)).toBeUndefined();
});
