/** A timer that fires so much later than it should belongs to a process that was stopped or busy. */
export const STALL_MS = 5;
/** Long enough for such a process to read what has come meanwhile. */
export const READ_MS = 2;
/** A process that is always busy would never see that a server hangs. */
export const MOST_STALLS = 10;

/**
 * Calls `onLate` after `ms`, unless the function that it returns is called before. A process that was stopped or busy runs its timers
 * before it reads the answers that came meanwhile, so it gets a moment to read them, and another one if it was stopped in that one, too.
 */
export function whenLate(ms: number, onLate: () => void): () => void {
  let timer = wait(ms, MOST_STALLS);
  return () => clearTimeout(timer);

  function wait(waitMs: number, stallsLeft: number): ReturnType<typeof setTimeout> {
    const dueMs = performance.now() + waitMs;
    return setTimeout(() => {
      if (stallsLeft === 0 || performance.now() < dueMs + STALL_MS) onLate();
      else timer = wait(READ_MS, stallsLeft - 1);
    }, waitMs);
  }
}
