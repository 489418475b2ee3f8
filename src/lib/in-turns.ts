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

/** Work on more bytes than this is done in turns, this many at a time: some milliseconds each. */
export const SLICE_BYTES = 1024 * 1024;
