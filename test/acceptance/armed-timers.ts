import { heapStats } from 'bun:jsc';

/** The timers of this process that are still to ring, intervals and pauses included: the runtime keeps them from being collected. */
export function armedTimers(): number {
  return heapStats().protectedObjectTypeCounts['Timeout'] ?? 0;
}
