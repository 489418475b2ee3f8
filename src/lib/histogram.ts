/** The upper ends of the buckets in milliseconds. The last bucket has everything above. */
export const HISTOGRAM_BOUNDS = [
  5, 10, 20, 35, 50, 75, 100, 150, 200, 300, 500, 750, 1000, 1500, 2000, 3000, 5000, 7500, 10_000, 15_000,
  20_000, 30_000, 60_000, 120_000,
] as const;

export const BUCKETS = HISTOGRAM_BOUNDS.length + 1;

/** The columns of a stored pair of histograms: durations, then times to the first byte. */
export const HISTOGRAM_COLUMNS: readonly string[] = ['d', 'f'].flatMap((kind) =>
  Array.from({ length: BUCKETS }, (_, bucket) => `${kind}${bucket}`),
);

/** Counts of times per bucket. */
export type Histogram = number[];

export function emptyHistogram(): Histogram {
  return Array.from({ length: BUCKETS }, () => 0);
}

/** Counts a time in milliseconds. */
export function count(histogram: Histogram, ms: number, times = 1): void {
  const bucket = bucketOf(ms);
  histogram[bucket] = (histogram[bucket] ?? 0) + times;
}

export function bucketOf(ms: number): number {
  let bucket = 0;
  while (bucket < HISTOGRAM_BOUNDS.length && ms > (HISTOGRAM_BOUNDS[bucket] ?? Infinity)) bucket++;
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
