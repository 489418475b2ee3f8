import type { AttemptTimeouts } from '../attempt-timeouts.ts';
import type { ByteSource, Backpressure } from '../ports.ts';

<<<<<<< HEAD
/** Where a stream's bytes go. A promise says that the client has not taken the earlier ones yet. */
=======
/** The destination of a stream. `write` returns a promise while the client has not accepted earlier bytes. */
>>>>>>> main
export interface ByteSink {
  readonly write: (bytes: Uint8Array) => Promise<unknown> | undefined;
}

/**
<<<<<<< HEAD
 * Pours a source into `take` to its end. Returns how it ended: in order, by a failure or a cut timeouts, or because `take`
 * said so. The provider's silence counts only while nothing is being taken.
 *
 * This is the innermost way of the gateway. A chunk goes on in the turn in which it came, without a promise: one await for
 * each was measured to cost a tenth of an event. See `bench/parts/stream`.
=======
 * Feeds a source into `take` until its end. Returns how it ended: `end` in order, `broken` by a failure or an abort,
 * or `stop` on request of `take`. The idle timeout does not count while `take` is busy.
 *
 * This is the gateway's innermost loop. It handles a chunk in the turn in which it arrived, without a promise:
 * awaiting each chunk costs a tenth of the time per event. See `bench/parts/stream`.
>>>>>>> main
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
