import { type SystemClock, systemClock } from '../../src/lib/system-clock.ts';

/** How many seconds pass by the clock of a test in one of the machine's. */
export const FACTOR = 100;

/** A clock by which ten minutes are six seconds. What is less than a second is for the machine, and stays what it is. */
export const fastClock: SystemClock = {
  nowMs: () => systemClock.nowMs() * FACTOR,
  epochMs: systemClock.epochMs,
  setTimer: (ms, ring) => systemClock.setTimer(ms < 1000 ? ms : ms / FACTOR, ring),
  sleep: (ms, signal) => systemClock.sleep(ms / FACTOR, signal),
};

/** Waits for so many seconds of that clock. */
export function pass(seconds: number): Promise<void> {
  return Bun.sleep((seconds * 1000) / FACTOR);
}
