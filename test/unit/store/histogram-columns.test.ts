import { expect, test } from 'bun:test';
import {
  addHistogram,
  bucketOf,
  count,
  emptyHistogram,
  HISTOGRAM_BOUNDS,
  percentile,
  type Histogram,
} from '../../../src/lib/histogram.ts';
import {
  columnsOf,
  HISTOGRAM_COLUMNS,
  histogramsOf,
  WIDE_COLUMNS,
} from '../../../src/store/records/histogram-columns.ts';

function histogramOf(...times: readonly number[]): Histogram {
  const histogram = emptyHistogram();
  for (const ms of times) count(histogram, ms);
  return histogram;
}

const EDGES = HISTOGRAM_BOUNDS.flatMap((bound) => [bound - 1, bound, bound + 1]);

test('a time is counted in the first bucket that reaches up to it', () => {
  for (const ms of [0, ...EDGES, 1e9]) {
    const bucket = bucketOf(ms);
    expect(ms).toBeLessThanOrEqual(HISTOGRAM_BOUNDS[bucket] ?? Infinity);
    expect(ms).toBeGreaterThan(HISTOGRAM_BOUNDS[bucket - 1] ?? -1);
  }
});

test('a percentile is wrong by at most a fifth, also where all times are alike', () => {
  for (let ms = 26; ms <= 120_000; ms = Math.ceil(ms * 1.013)) {
    const alike = histogramOf(...Array.from({ length: 100 }, () => ms));
    for (const share of [0.5, 0.95]) {
      const told = percentile(alike, share) ?? 0;
      expect(Math.abs(told - ms) / ms).toBeLessThanOrEqual(0.2);
    }
  }
});

test('histograms are read as they were stored, and their columns can be added up', () => {
  const [one, other] = [histogramOf(...EDGES, 340, 340), histogramOf(310, 450, 90_000, 1e6)];
  const sum = emptyHistogram();
  addHistogram(sum, one);
  addHistogram(sum, other);
  expect(columnsOf(one, other)).toHaveLength(HISTOGRAM_COLUMNS.length);
  expect(histogramsOf(columnsOf(one, other))).toEqual({ durations: one, firstBytes: other });
  const there = columnsOf(one, other);
  const back = columnsOf(other, one);
  const added = there.map((value, column) => value + (back[column] ?? 0));
  expect(histogramsOf(added)).toEqual({ durations: sum, firstBytes: sum });
});

test('times of which only the wide bucket is stored are spread evenly over it', () => {
  const old = columnsOf(histogramOf(340, 340, 340), histogramOf()).map((value, column) =>
    column < WIDE_COLUMNS.length ? value : 0,
  );
  const { durations } = histogramsOf(old);
  expect(durations.filter((times) => times > 0)).toEqual([1, 1, 1]);
  expect(percentile(durations, 0.5)).toBeWithin(350, 420);
});
