/** The order of one round: forwards, then backwards (A B B A), so that drift of the machine affects all alike. */
export function alternate<T>(contenders: readonly T[]): T[] {
  return [...contenders, ...contenders.toReversed()];
}
