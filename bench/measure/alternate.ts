/** The order of one round: forwards, then backwards (A B B A), so that what drifts in the machine meets all alike. */
export function alternate<T>(contenders: readonly T[]): T[] {
  return [...contenders, ...contenders.toReversed()];
}
