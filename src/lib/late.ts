/** A timer that fires so much later than it should belongs to a process that was stopped or busy. */
const STALL_MS = 5;
/** Long enough for such a process to read what has come meanwhile. */
const READ_MS = 2;

/**
 * Calls `onLate` after `ms`, unless the function that it returns is called before. A process that was stopped or busy runs its timers
 * before it reads the answers that came meanwhile, so it gets a moment to read them.
 */
export function whenLate(ms: number, onLate: () => void): () => void {
  const dueMs = performance.now() + ms;
  let timer = setTimeout(() => {
    if (performance.now() < dueMs + STALL_MS) onLate();
    else timer = setTimeout(onLate, READ_MS);
  }, ms);
  return () => clearTimeout(timer);
}
