/**
 * Copying pieces up to this size is cheaper than creating a view, which forces the runtime to expose the backing
 * buffer.
 */
const SMALL_BYTES = 1024;

/** Returns the bytes from `from` to `to`: a copy, or a view if there are many. */
export function partOf(bytes: Buffer, from: number, to: number): Uint8Array {
  if (to - from > SMALL_BYTES) return bytes.subarray(from, to);
  const part = new Uint8Array(to - from);
  bytes.copy(part, 0, from, to);
  return part;
}
