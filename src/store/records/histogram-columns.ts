import { emptyHistogram, HISTOGRAM_BOUNDS, type Histogram } from '../../lib/histogram.ts';

/**
 * How a histogram is stored: a column for each wide bucket with the number of its times, and columns that tell how they
 * are spread over the buckets of `lib/histogram.ts` within it. For a bucket that is one of `parts`, the column of the spread is
 * `parts × its count − the count of the wide bucket`. All columns can be added up. A spread of 0, as in rows of older versions, means
 * an even one.
 */

/** The upper ends of the wide buckets in milliseconds. Their number never changes: each has its column. */
const WIDE_BOUNDS: readonly number[] = [
  5, 10, 20, 35, 50, 75, 100, 150, 200, 300, 500, 750, 1000, 1500, 2000, 3000, 5000, 7500, 10_000, 15_000,
  20_000, 30_000, 60_000, 120_000,
];

/** For each wide bucket the index of its first bucket, and after the last one the number of buckets. */
const FIRST = [
  0,
  ...WIDE_BOUNDS.map((bound) => HISTOGRAM_BOUNDS.findIndex((fine) => fine === bound) + 1),
  HISTOGRAM_BOUNDS.length + 1,
];

interface WideBucket {
  /** The index of its first bucket. */
  readonly from: number;
  readonly parts: number;
}

const WIDE: readonly WideBucket[] = FIRST.slice(0, -1).map((from, wide) => ({
  from,
  parts: (FIRST[wide + 1] ?? 0) - from,
}));

/** Durations, and times to the first byte. */
const KINDS = ['d', 'f'];

/** The columns of the wide buckets of a pair of histograms. */
export const WIDE_COLUMNS: readonly string[] = KINDS.flatMap((kind) =>
  WIDE.map((_, wide) => `${kind}${wide}`),
);

/** The columns of the spreads of a pair of histograms. The last bucket of a wide one needs none. */
export const SPREAD_COLUMNS: readonly string[] = KINDS.flatMap((kind) =>
  WIDE.flatMap(({ parts }, wide) =>
    Array.from({ length: parts - 1 }, (_, part) => `${kind}${wide}_${part + 1}`),
  ),
);

export const HISTOGRAM_COLUMNS: readonly string[] = [...WIDE_COLUMNS, ...SPREAD_COLUMNS];

/** The values of `HISTOGRAM_COLUMNS`. */
export function columnsOf(durations: Histogram, firstBytes: Histogram): number[] {
  const counts: number[] = [];
  const spreads: number[] = [];
  for (const histogram of [durations, firstBytes]) {
    for (const { from, parts } of WIDE) {
      let count = 0;
      for (let bucket = from; bucket < from + parts; bucket++) count += histogram[bucket] ?? 0;
      counts.push(count);
      for (let part = 0; part < parts - 1; part++)
        spreads.push(count === 0 ? 0 : parts * (histogram[from + part] ?? 0) - count);
    }
  }
  return counts.concat(spreads);
}

/** The two histograms of the values of `HISTOGRAM_COLUMNS`. Where the spread is not known, counts are fractions. */
export function histogramsOf(values: readonly number[]): { durations: Histogram; firstBytes: Histogram } {
  const spreads = SPREAD_COLUMNS.length / 2;
  const histogram = (kind: number): Histogram => {
    const counts = values.slice(kind * WIDE.length, (kind + 1) * WIDE.length);
    const start = WIDE_COLUMNS.length + kind * spreads;
    return spreadOut(counts, values.slice(start, start + spreads));
  };
  return { durations: histogram(0), firstBytes: histogram(1) };
}

function spreadOut(counts: readonly number[], spreads: readonly number[]): Histogram {
  const histogram = emptyHistogram();
  let at = 0;
  for (const [wide, { from, parts }] of WIDE.entries()) {
    const count = counts[wide] ?? 0;
    let left = count;
    for (let part = 0; part < parts - 1; part++) {
      const here = (count + (spreads[at++] ?? 0)) / parts;
      histogram[from + part] = here;
      left -= here;
    }
    histogram[from + parts - 1] = left;
  }
  return histogram;
}
