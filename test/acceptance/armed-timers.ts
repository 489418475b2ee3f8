import { heapStats } from 'bun:jsc';

/** The pending timers of this process, intervals and pauses included. The runtime keeps them from being collected. */
export function armedTimers(): number {
  return heapStats().protectedObjectTypeCounts['Timeout'] ?? 0;
}
