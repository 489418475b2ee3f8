/** Follows the bytes of an answer that tells about stored objects. */
export interface ObjectTap {
  /** Call with each piece of the answer, before the client receives it. */
  readonly push: (bytes: Uint8Array) => void;
  /** Call when the answer is complete. */
  readonly end: () => void;
}

/** Buffers a whole answer, and passes it to `take` at its end. An answer of more than `mostBytes` is passed as no bytes. */
export function wholeTap(mostBytes: number, take: (bytes: Uint8Array) => void): ObjectTap {
  const pieces: Uint8Array[] = [];
  let size = 0;
  return {
    push(bytes) {
      size += bytes.byteLength;
      if (size <= mostBytes) pieces.push(Uint8Array.from(bytes));
      else pieces.length = 0;
    },
    end: () => take(Buffer.concat(pieces)),
  };
}
