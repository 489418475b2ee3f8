/**
 * The largest count in a report of usage. No request uses a billion of anything. A larger number is a provider's mistake,
 * and if it counted it would use up any budget.
 */
const MOST_COUNT = 1e9;

/** Whether a value in a provider's report of usage is a possible count. Fractions are. */
export function isUsageCount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= MOST_COUNT;
}

/** Whether it is a number that is no possible count. Nothing in such a report can be believed. */
export function isImpossibleCount(value: unknown): boolean {
  return typeof value === 'number' && !isUsageCount(value);
}
