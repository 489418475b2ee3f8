const DAY_MS = 86_400_000;
/** How long the counter of a window without an end is kept after its last report. */
const LONGEST_MS = 400 * DAY_MS;

/** How long the counter of a window is kept: two days longer than the window. */
export function lastsMs(endMs: number): number {
  return Math.max(2 * DAY_MS, Math.min(LONGEST_MS, endMs - Date.now() + 2 * DAY_MS));
}

/** How long a bucket is kept after its last report, so that it is full again and no gateway has a lease of it. */
export function bucketLastsMs(endMs: number): number {
  return Math.max(600_000, Math.min(LONGEST_MS, endMs - Date.now()));
}

/** A whole number as decimal text, also where a number would be written with an exponent. */
export function textOf(amount: number): string {
  return BigInt(Math.round(amount)).toString();
}
