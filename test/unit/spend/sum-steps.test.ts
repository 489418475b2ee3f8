import { describe, expect, test } from 'bun:test';
import {
  coverOf,
  DAY_MS,
  type QuarterSpan,
  SUM_STEPS_MS,
  type SumRange,
  type Summed,
} from '../../../src/spend/ledger/sum-steps.ts';
import { seededDice } from '../../simulation/seeded-dice.ts';

const QUARTER_MS = 900_000;
const START_MS = Date.parse('2026-11-01T00:00:00Z');
const ALL: Summed = { has: () => true };
const NONE: Summed = { has: () => false };

const at = (days: number, quarters = 0): number => START_MS + days * DAY_MS + quarters * QUARTER_MS;

function rangesOf(span: QuarterSpan, summed: Summed): SumRange[] {
  const { edges, days } = coverOf(span, summed);
  return [...edges, ...days];
}

/** How often each quarter is counted; those that are not counted are left out. */
function counted(ranges: readonly SumRange[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const { sinceMs, untilMs, sign } of ranges) {
    for (let quarter = sinceMs; quarter < untilMs; quarter += QUARTER_MS) {
      const count = (counts.get(quarter) ?? 0) + sign;
      if (count === 0) counts.delete(quarter);
      else counts.set(quarter, count);
    }
  }
  return counts;
}

function once({ sinceMs, untilMs }: QuarterSpan): Map<number, number> {
  return counted([{ stepMs: QUARTER_MS, sinceMs, untilMs, sign: 1 }]);
}

const sums = (ranges: readonly SumRange[]): number =>
  ranges.reduce((sum, { sinceMs, untilMs, stepMs }) => sum + (untilMs - sinceMs) / stepMs, 0);

describe('the stored sums that cover a span', () => {
  test('count each of its quarters once, and no other one, whichever sums exist', () => {
    const dice = seededDice(7);
    for (let round = 0; round < 400; round++) {
      const since = Math.floor(dice() * 3000);
      const span = { sinceMs: at(0, since), untilMs: at(0, since + 1 + Math.floor(dice() * 1200)) };
      const share = dice();
      const chosen = new Map<string, boolean>();
      const some: Summed = {
        has(stepMs, fromMs) {
          expect(fromMs % stepMs).toBe(0);
          const key = `${stepMs} ${fromMs}`;
          const has = chosen.get(key) ?? dice() < share;
          chosen.set(key, has);
          return has;
        },
      };
      for (const summed of [ALL, NONE, some]) {
        const ranges = rangesOf(span, summed);
        expect(counted(ranges)).toEqual(once(span));
        for (const { stepMs, sinceMs, untilMs } of ranges) {
          expect([QUARTER_MS, ...SUM_STEPS_MS]).toContain(stepMs);
          expect((untilMs - sinceMs) % stepMs).toBe(0);
        }
      }
    }
  });

  test('are few for a day or a month of any zone', () => {
    // Quarters before midnight in UTC: Berlin, New York, Kolkata, Kathmandu, Lord Howe, Chatham, Auckland.
    for (const offset of [4, -20, 22, 23, 42, 55, 52]) {
      const day = { sinceMs: at(3, -offset), untilMs: at(4, -offset) };
      const month = { sinceMs: at(0, -offset), untilMs: at(30, -offset) };
      expect(sums(rangesOf(day, ALL))).toBeLessThanOrEqual(12);
      expect(sums(rangesOf(month, ALL))).toBeLessThanOrEqual(24);
    }
    expect(rangesOf({ sinceMs: at(0), untilMs: at(1) }, ALL)).toEqual([
      { stepMs: DAY_MS, sinceMs: at(0), untilMs: at(1), sign: 1 },
    ]);
  });

  test('are quarters where there is nothing else', () => {
    const span = { sinceMs: at(0, 5), untilMs: at(2, 7) };
    expect(rangesOf(span, NONE).every(({ stepMs }) => stepMs === QUARTER_MS)).toBe(true);
    expect(sums(rangesOf(span, NONE))).toBe(2 * 96 + 2);
  });
});
