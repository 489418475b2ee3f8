import type { AttemptTimeouts } from '../attempt-timeouts.ts';
import type { ByteSource, Backpressure } from '../ports.ts';

/** Where a stream's bytes go. A promise says that the client has not taken the earlier ones yet. */
export interface ByteSink {
  readonly write: (bytes: Uint8Array) => Promise<unknown> | undefined;
}

/**
 * Pours a source into `take` to its end. Returns how it ended: in order, by a failure or a cut timeouts, or because `take`
 * said so. The provider's silence counts only while nothing is being taken.
 *
 * This is the innermost way of the gateway. A chunk goes on in the turn in which it came, without a promise: one await for
 * each was measured to cost a tenth of an event. See `bench/parts/stream`.
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
