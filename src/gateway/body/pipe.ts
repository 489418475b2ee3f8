import type { AttemptTimeouts } from '../attempt-timeouts.ts';
import type { Backpressure, ByteSource, TakeFramed } from '../ports.ts';

/** The destination of a stream. `write` returns a promise while the client has not accepted earlier bytes. */
export interface ByteSink {
  readonly write: (bytes: Uint8Array) => Promise<unknown> | undefined;
  /** Like `write`, for a whole chunk with its framing; absent if the client's connection does not use such framing. */
  writeFramed?(chunk: Uint8Array): Promise<unknown> | undefined;
}

/** How the pieces of a body are handled. */
export interface PipeTaker {
  readonly take: (chunk: Uint8Array) => Backpressure;
  /** Tells the timeouts what `passed` and `paused` do: a closure around it would be one more object for each event. */
  readonly takeFramed?: TakeFramed | undefined;
}

/** Stops the idle timeout until the client has taken a piece. */
export function paused(taken: Promise<unknown>, timeouts: AttemptTimeouts): Promise<unknown> {
  timeouts.arrived();
  return taken.then(() => timeouts.reading());
}

/**
 * Feeds a source into `take` until its end. Returns how it ended: `end` in order, `broken` by a failure or an abort,
 * or `stop` on request of `take`. The idle timeout does not count while `take` is busy. Chunks with their framing are
 * offered to `takeFramed` first.
 *
 * This is the gateway's innermost loop. It handles a chunk in the turn in which it arrived, without a promise:
 * awaiting each chunk costs a tenth of the time per event. See `bench/parts/stream`.
 */
export async function pipe(
  source: ByteSource,
  timeouts: AttemptTimeouts,
  { take, takeFramed }: PipeTaker,
): Promise<'end' | 'broken' | 'stop'> {
  timeouts.reading();
  try {
    return await source.pipe((chunk) => {
      timeouts.passed();
      const taken = take(chunk);
      return taken === undefined || taken === 'stop' ? taken : paused(taken, timeouts);
    }, takeFramed);
  } finally {
    timeouts.arrived();
  }
}
