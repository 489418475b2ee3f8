import type { Leash } from './leash.ts';
import type { ByteSource } from './ports.ts';

/** Where a stream's bytes go. A promise says that the client has not taken the earlier ones yet. */
export interface ByteSink {
  readonly write: (bytes: Uint8Array) => Promise<unknown> | undefined;
}

/** What is done with a chunk: `stop` ends the pumping, a promise holds it up. */
export type Taken = Promise<unknown> | 'stop' | undefined;

/**
 * Reads a source to its end and hands each chunk to `take`. Returns how it ended: in order, by a failure or a cut
 * leash, or because `take` said so.
 *
 * This is the innermost loop of the gateway, and it awaits once for each chunk: a second await (an iterator, a
 * function that reads for it) was measured to cost a quarter more for each event. See `bench/parts/stream`.
 */
export async function pump(
  source: ByteSource,
  leash: Leash,
  take: (chunk: Uint8Array) => Taken,
): Promise<'end' | 'broken' | 'stop'> {
  for (;;) {
    leash.reading();
    let chunk: Uint8Array | undefined;
    try {
      chunk = (await source.read()).value;
    } catch {
      return 'broken';
    } finally {
      leash.arrived();
    }
    if (chunk === undefined) return 'end';
    const taken = take(chunk);
    if (taken === 'stop') return 'stop';
    if (taken !== undefined) await taken;
  }
}
