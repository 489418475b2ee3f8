import type { Fields } from '../../lib/http/fields.ts';
import { joined } from '../../lib/joined.ts';
import type { AttemptTimeouts } from '../attempt-timeouts.ts';
import type { ByteSource } from '../ports.ts';

/** A provider's body, read to its end or to a limit; `broken` if it ended prematurely. */
export type BodyReading =
  | { readonly kind: 'read'; readonly bytes: Uint8Array; readonly isCut: boolean }
  | { readonly kind: 'broken' };

/** Reads a body up to `maxBytes` and stops. Never rejects. */
export async function readWhole(
  { body, headers }: { readonly body: ByteSource | null; readonly headers: Fields },
  timeouts: AttemptTimeouts,
  maxBytes: number,
): Promise<BodyReading> {
  if (body === null) return { kind: 'read', bytes: new Uint8Array(), isCut: false };
  const declared = Number(headers.get('content-length') ?? Number.NaN);
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Stop at the declared length instead of waiting for the end of the connection.
  while (size !== declared) {
    const chunk = await readChunk(body, timeouts);
    if (chunk === 'broken') return { kind: 'broken' };
    if (chunk === 'end') break;
    // Nothing has to limit the silence after a body that arrives as a whole.
    if (size === 0 && chunk.byteLength !== declared) timeouts.answered();
    chunks.push(chunk);
    size += chunk.byteLength;
    if (size > maxBytes) {
      body.cancel().catch(ignore);
      return { kind: 'read', bytes: (await joined(chunks, size)).subarray(0, maxBytes), isCut: true };
    }
  }
  const whole = joined(chunks, size);
  return { kind: 'read', bytes: whole instanceof Promise ? await whole : whole, isCut: false };
}

/**
 * Reads the next chunk: `end` at the end of the body, `broken` if the connection failed or the attempt was aborted.
 */
export async function readChunk(
  source: ByteSource,
  timeouts: AttemptTimeouts,
): Promise<Uint8Array | 'end' | 'broken'> {
  timeouts.reading();
  try {
    const { done, value } = await source.read();
    return done || value === undefined ? 'end' : value;
  } catch {
    return 'broken';
  } finally {
    timeouts.arrived();
  }
}

function ignore(): void {
  // The body is no longer needed, so a failure to cancel it does not matter.
}
