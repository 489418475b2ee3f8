/** The minimum, the median and the maximum of several measurements. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** Leaves out NaN and infinities, which stand for missing measurements and divisions by zero. */
export function spreadOf(numbers: readonly number[]): Spread {
  const sorted = numbers.filter((number) => Number.isFinite(number)).toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const low = sorted[Math.floor(middle)] ?? Number.NaN;
  const high = sorted[Math.ceil(middle)] ?? Number.NaN;
  return { min: sorted[0] ?? Number.NaN, median: (low + high) / 2, max: sorted.at(-1) ?? Number.NaN };
}

/** The median of several numbers. Leaves out NaN and infinities. */
export function medianOf(numbers: readonly number[]): number {
  return spreadOf(numbers).median;
}

/** The slope of y over x, by least squares. Each point has the weight `weightOf` gives it. */
export function slopeOf(
  points: readonly (readonly [x: number, y: number])[],
  weightOf: (x: number, y: number) => number = () => 1,
): number {
  const sum = (of: (x: number, y: number) => number): number =>
    points.reduce((total, [x, y]) => total + weightOf(x, y) * of(x, y), 0);
  const [all, x, y] = [sum(() => 1), sum((x) => x), sum((_, y) => y)];
  const [xx, xy] = [sum((x) => x * x), sum((x, y) => x * y)];
  return (all * xy - x * y) / (all * xx - x * x);
}
