/**
 * Does long work a step at a time, with a turn of the event loop in between, so that nobody else waits for all of it. `step` returns
 * undefined until the work is done, and then its result.
 */
export async function inTurns<T>(step: () => T | undefined): Promise<T> {
  for (;;) {
    const result = step();
    if (result !== undefined) return result;
    await new Promise((resolve) => void setImmediate(resolve));
  }
}

/** Work on more bytes than this is done in turns. */
export const LARGE_BYTES = 1024 * 1024;

/** So many bytes at a time take some milliseconds at worst. */
export const SLICE_BYTES = 256 * 1024;
