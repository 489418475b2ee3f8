import { type SystemClock, systemClock } from '../../src/lib/system-clock.ts';

/** Seconds on the test's clock for one second of the machine's. */
export const FACTOR = 100;

/** A clock on which ten minutes take six seconds. Waits of less than a second are for the machine and stay as they are. */
export const fastClock: SystemClock = {
  nowMs: () => systemClock.nowMs() * FACTOR,
  epochMs: systemClock.epochMs,
  setTimer: (ms, ring) => systemClock.setTimer(ms < 1000 ? ms : ms / FACTOR, ring),
  sleep: (ms, signal) => systemClock.sleep(ms / FACTOR, signal),
};

/** Waits for this many seconds of that clock. */
export function pass(seconds: number): Promise<void> {
  return Bun.sleep((seconds * 1000) / FACTOR);
}
