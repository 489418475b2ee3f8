/**
 * The upper ends of the buckets in milliseconds. The last bucket has everything above. A percentile is interpolated within
 * its bucket, so from 25 ms to two minutes it is wrong by at most a fifth.
 */
export const HISTOGRAM_BOUNDS = [
  5, 7, 10, 13, 16, 20, 25, 30, 35, 42, 50, 58, 66, 75, 87, 100, 115, 130, 150, 175, 200, 230, 260, 300, 350,
  420, 500, 580, 660, 750, 870, 1000, 1150, 1300, 1500, 1750, 2000, 2300, 2600, 3000, 3500, 4200, 5000, 5800,
  6600, 7500, 8700, 10_000, 11_500, 13_000, 15_000, 17_500, 20_000, 23_000, 26_000, 30_000, 36_000, 43_000,
  51_000, 60_000, 72_000, 86_000, 102_000, 120_000,
] as const;

export const BUCKETS = HISTOGRAM_BOUNDS.length + 1;

/** Counts of times per bucket. */
export type Histogram = number[];

export function emptyHistogram(): Histogram {
  return [...ZEROS];
}

const ZEROS = HISTOGRAM_BOUNDS.map(() => 0).concat(0);

/** Counts a time in milliseconds. */
export function count(histogram: Histogram, ms: number, times = 1): void {
  const bucket = bucketOf(ms);
  histogram[bucket] = (histogram[bucket] ?? 0) + times;
}

export function bucketOf(ms: number): number {
  let bucket = 0;
  let above: number = HISTOGRAM_BOUNDS.length;
  while (bucket < above) {
    const middle = (bucket + above) >> 1;
    if (ms > (HISTOGRAM_BOUNDS[middle] ?? Infinity)) bucket = middle + 1;
    else above = middle;
  }
  return bucket;
}

export function addHistogram(sum: Histogram, other: readonly number[]): void {
  for (let bucket = 0; bucket < BUCKETS; bucket++) sum[bucket] = (sum[bucket] ?? 0) + (other[bucket] ?? 0);
}

/**
 * The time below which a share of the counted times lies, in whole milliseconds, interpolated within its bucket; null:
 * nothing was counted.
 */
export function percentile(histogram: readonly number[], share: number): number | null {
  const total = histogram.reduce((sum, one) => sum + one, 0);
  if (total === 0) return null;
  const rank = share * total;
  let below = 0;
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    const here = histogram[bucket] ?? 0;
    if (here > 0 && below + here >= rank) {
      const from = bucket === 0 ? 0 : (HISTOGRAM_BOUNDS[bucket - 1] ?? 0);
      const to = HISTOGRAM_BOUNDS[bucket] ?? from * 2;
      return Math.round(from + (to - from) * Math.max(0, (rank - below) / here));
    }
    below += here;
  }
  return null;
}
