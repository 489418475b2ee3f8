/**
 * Runs long work in steps and yields to the event loop between them, so that nothing else waits for all of it. `step`
 * returns undefined until the work is done, and then its result.
 */
export async function inTurns<T>(step: () => T | undefined): Promise<T> {
  for (;;) {
    const result = step();
    if (result !== undefined) return result;
    await nextTurn();
  }
}

/** Above this many bytes, work is split into steps. */
export const LARGE_BYTES = 1024 * 1024;

/** Bytes per step, which take a few milliseconds at worst. */
export const SLICE_BYTES = 256 * 1024;

/** Lets everybody else have a turn of the event loop. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
