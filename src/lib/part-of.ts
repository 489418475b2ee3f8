/**
 * Copying pieces up to this size is cheaper than creating a view, which forces the runtime to expose the backing
 * buffer.
 */
const SMALL_BYTES = 1024;

/** Returns the bytes from `from` to `to`: a copy, or a view if there are many. */
export function partOf(bytes: Buffer, from: number, to: number): Uint8Array {
  // `Buffer.slice` returns a view, so call the one of `Uint8Array`.
  return to - from > SMALL_BYTES
    ? bytes.subarray(from, to)
    : Uint8Array.prototype.slice.call(bytes, from, to);
}
