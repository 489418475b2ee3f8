/** Replaces the bytes from `start` to `end` (exclusive) by `bytes`; an empty span is an insertion. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly bytes: Uint8Array;
}

/** A copy with the edits applied, see `pieces`. Returns the same object if there are none. */
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
 * Applies edits without copying: returns views of the original bytes and of the replacements. The edits are sorted by
 * offset and do not overlap. Small bodies are copied, which is cheaper than views.
 */
export function pieces(bytes: Uint8Array, edits: readonly Edit[]): readonly Uint8Array[] {
  if (edits.length === 0) return [bytes];
  if (bytes.byteLength <= SMALL_BYTES) return [copied(bytes, edits)];
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

/** A view costs as much as copying some hundred bytes. */
const SMALL_BYTES = 1024;

function copied(bytes: Uint8Array, edits: readonly Edit[]): Uint8Array {
  let size = bytes.byteLength;
  for (const edit of edits) size += edit.bytes.byteLength - (edit.end - edit.start);
  const result = new Uint8Array(size);
  let from = 0;
  let at = 0;
  for (const edit of edits) {
    // A copy between offsets needs no view.
    at += Buffer.prototype.copy.call(bytes, result, at, from, edit.start);
    result.set(edit.bytes, at);
    at += edit.bytes.byteLength;
    from = edit.end;
  }
  Buffer.prototype.copy.call(bytes, result, at, from);
  return result;
}

/** Returns a small body with one edit applied; undefined for a larger one. Needs no list of edits. */
export function editedOnce(
  bytes: Uint8Array,
  start: number,
  end: number,
  by: Uint8Array,
): Uint8Array | undefined {
  if (bytes.byteLength > SMALL_BYTES) return undefined;
  const result = new Uint8Array(bytes.byteLength - (end - start) + by.byteLength);
  Buffer.prototype.copy.call(bytes, result, 0, 0, start);
  result.set(by, start);
  Buffer.prototype.copy.call(bytes, result, start + by.byteLength, end);
  return result;
}

/** The total size of all pieces in bytes. */
export function sizeOf(parts: readonly Uint8Array[]): number {
  let size = 0;
  for (const { byteLength } of parts) size += byteLength;
  return size;
}
