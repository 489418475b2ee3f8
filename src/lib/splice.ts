/** Puts `bytes` in the place of what stands from `start` to `end` (exclusive); an empty span is an insertion. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly bytes: Uint8Array;
}

/** A copy with the edits made, as `pieces` describes it. Without edits the same object is returned. */
export function splice(bytes: Uint8Array, edits: readonly Edit[]): Uint8Array {
  if (edits.length === 0) return bytes;
  const parts = pieces(bytes, edits);
  const result = new Uint8Array(sizeOf(parts));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.byteLength;
  }
  return result;
}

/**
 * The bytes with the edits made, as views of what is there and of what was put in: nothing is copied, and every other
 * byte stays as it is. The edits are sorted by offset and do not overlap.
 */
export function pieces(bytes: Uint8Array, edits: readonly Edit[]): readonly Uint8Array[] {
  if (edits.length === 0) return [bytes];
  const parts: Uint8Array[] = [];
  let from = 0;
  for (const edit of edits) {
    if (edit.start > from) parts.push(bytes.subarray(from, edit.start));
    parts.push(edit.bytes);
    from = edit.end;
  }
  if (from < bytes.byteLength) parts.push(bytes.subarray(from));
  return parts;
}

/** Bytes of all pieces together. */
export function sizeOf(parts: readonly Uint8Array[]): number {
  let size = 0;
  for (const { byteLength } of parts) size += byteLength;
  return size;
}
