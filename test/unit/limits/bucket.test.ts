import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { type BucketLimit, take, type Taking } from '../../../src/limits/bucket.ts';

/** Takes a token at each of these times in milliseconds, in order. */
function takings(limit: BucketLimit, timesMs: readonly number[]): Taking[] {
  let level = 0;
  return timesMs.map((nowMs) => {
    const taking = take(level, limit, nowMs);
    level = taking.level;
    return taking;
  });
}

const LIMIT: BucketLimit = { ratePerSecond: 2, burst: 3 };
const START = 1_000_000;

const limits = fc.record({
  ratePerSecond: fc.oneof(
    fc.constantFrom(0.1, 0.5, 1, 1.5, 3, 7, 100, 1_000),
    fc.double({ min: 0.01, max: 5_000, noNaN: true }),
  ),
  burst: fc.integer({ min: 1, max: 50 }),
});

/** Moments that never run backwards. Many of them are equal. */
const times = fc
  .array(fc.oneof(fc.constant(0), fc.nat(20), fc.double({ min: 0, max: 2_000, noNaN: true })), {
    minLength: 1,
    maxLength: 150,
  })
  .map((gaps) => {
    let nowMs = START;
    return gaps.map((gap) => (nowMs += gap));
  });

describe('for any limit and any arrivals', () => {
  test('no window ever admits more than the burst and what flowed in during it', () => {
    fc.assert(
      fc.property(limits, times, (limit, timesMs) => {
        const all = takings(limit, timesMs);
        const admittedMs = timesMs.filter((_, index) => all[index]?.admitted);
        return admittedMs.every((from, first) =>
          admittedMs.slice(first).every((to, more) => {
            const most = limit.burst + ((to - from) / 1000) * limit.ratePerSecond;
            return more + 1 <= most + 0.01;
          }),
        );
      }),
    );
  });

  test('a client that comes no faster than the rate is never refused', () => {
    fc.assert(
      fc.property(limits, (limit) => {
        const intervalMs = 1000 / limit.ratePerSecond;
        const timesMs = Array.from({ length: 200 }, (_, index) => START + index * intervalMs);
        return takings(limit, timesMs).every(({ admitted }) => admitted);
      }),
    );
  });

  test('a refusal costs nothing, and the wait that it names is long enough and not too long', () => {
    fc.assert(
      fc.property(limits, times, (limit, timesMs) => {
        let level = 0;
        return timesMs.every((nowMs) => {
          const taking = take(level, limit, nowMs);
          const before = level;
          level = taking.level;
          if (taking.admitted) return taking.retryAfterMs === 0;
          const early = nowMs + taking.retryAfterMs * 0.9 - 0.1;
          return (
            taking.level === before &&
            taking.remaining === 0 &&
            taking.retryAfterMs > 0 &&
            take(level, limit, nowMs + taking.retryAfterMs).admitted &&
            (early <= nowMs || !take(level, limit, early).admitted)
          );
        });
      }),
    );
  });

  test('as many as remain are admitted at once, and then no more', () => {
    fc.assert(
      fc.property(limits, times, (limit, timesMs) => {
        const nowMs = timesMs.at(-1) ?? START;
        const last = takings(limit, timesMs).at(-1);
        if (last === undefined) return false;
        let { level } = last;
        for (let left = last.remaining; left > 0; left--) {
          const taking = take(level, limit, nowMs);
          if (!taking.admitted || taking.remaining !== left - 1) return false;
          level = taking.level;
        }
        return !take(level, limit, nowMs).admitted;
      }),
    );
  });

  test('after the time to the reset the bucket is full', () => {
    fc.assert(
      fc.property(limits, times, (limit, timesMs) => {
        const last = takings(limit, timesMs).at(-1);
        const fullAtMs = (timesMs.at(-1) ?? START) + (last?.resetMs ?? 0);
        return take(last?.level ?? 0, limit, fullAtMs).remaining === limit.burst - 1;
      }),
    );
  });
});

test('the remaining count equals the requests that will be admitted, for slow rates as well', () => {
  // One request in a thousand seconds. The next token is 500 ms away, so there is none yet.
  const limit: BucketLimit = { ratePerSecond: 0.001, burst: 2 };
  const [, second] = takings(limit, [START, START + 999_500]);
  expect(second?.admitted).toBe(true);
  expect(take(second?.level ?? 0, limit, START + 999_500).admitted).toBe(false);
  expect(second?.remaining).toBe(0);
});

test('a new bucket is full, and counts down', () => {
  const all = takings(LIMIT, [START, START, START, START]);
  expect(all.map(({ admitted }) => admitted)).toEqual([true, true, true, false]);
  expect(all.map(({ remaining }) => remaining)).toEqual([2, 1, 0, 0]);
  expect(all.map(({ resetMs }) => resetMs)).toEqual([500, 1_000, 1_500, 1_500]);
  expect(all.map(({ retryAfterMs }) => retryAfterMs)).toEqual([0, 0, 0, 500]);
});

test('a long pause fills it to the brim and no further', () => {
  const hour = START + 3_600_000;
  const all = takings(LIMIT, [START, START, hour, hour, hour, hour]);
  expect(all.map(({ admitted }) => admitted)).toEqual([true, true, true, true, true, false]);
});

test('half a request a second is one in two seconds', () => {
  const limit: BucketLimit = { ratePerSecond: 0.5, burst: 1 };
  const all = takings(
    limit,
    [0, 1_999, 2_000, 3_999, 4_000].map((ms) => START + ms),
  );
  expect(all.map(({ admitted }) => admitted)).toEqual([true, false, true, false, true]);
  expect(all[1]?.retryAfterMs).toBe(1);
});

test('a rate of 0 or a burst of 0 admits nothing, ever', () => {
  for (const limit of [
    { ratePerSecond: 0, burst: 0 },
    { ratePerSecond: 0, burst: 10 },
    { ratePerSecond: 10, burst: 0 },
  ]) {
    const [first, later] = takings(limit, [START, START + 1e12]);
    for (const taking of [first, later])
      expect(taking).toMatchObject({
        admitted: false,
        remaining: 0,
        retryAfterMs: Infinity,
        resetMs: Infinity,
      });
  }
});

test('several tokens at once cost as much as one after the other, and wait until all are there', () => {
  const limit: BucketLimit = { ratePerSecond: 2, burst: 10 };
  let level = 0;
  for (let count = 0; count < 4; count++) level = take(level, limit, START).level;
  const atOnce = take(0, limit, START, 4);
  expect(atOnce.level).toBeCloseTo(level, 6);
  expect(atOnce.remaining).toBe(6);
  const refused = take(atOnce.level, limit, START, 8);
  expect(refused).toMatchObject({ admitted: false, level: atOnce.level });
  expect(refused.retryAfterMs).toBeCloseTo(1_000, 6);
});
