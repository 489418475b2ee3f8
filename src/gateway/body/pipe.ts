import type { AttemptTimeouts } from '../attempt-timeouts.ts';
import type { ByteSource, Backpressure } from '../ports.ts';

/** The destination of a stream. `write` returns a promise while the client has not accepted earlier bytes. */
export interface ByteSink {
  readonly write: (bytes: Uint8Array) => Promise<unknown> | undefined;
}

/**
 * Feeds a source into `take` until its end. Returns how it ended: `end` in order, `broken` by a failure or an abort,
 * or `stop` on request of `take`. The idle timeout does not count while `take` is busy.
 *
 * This is the gateway's innermost loop. It handles a chunk in the turn in which it arrived, without a promise:
 * awaiting each chunk costs a tenth of the time per event. See `bench/parts/stream`.
 */
export async function pipe(
  source: ByteSource,
  timeouts: AttemptTimeouts,
  take: (chunk: Uint8Array) => Backpressure,
): Promise<'end' | 'broken' | 'stop'> {
  timeouts.reading();
  try {
    return await source.pipe((chunk) => {
      timeouts.arrived();
      const taken = take(chunk);
      if (taken !== undefined && taken !== 'stop') return taken.then(() => timeouts.reading());
      timeouts.reading();
      return taken;
    });
  } finally {
    timeouts.arrived();
  }
}
