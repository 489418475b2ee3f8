/** Bytes that wait for more, kept so that adding a chunk costs its own length at most, whatever is held already. */
export interface ByteHold {
  readonly add: (bytes: Uint8Array) => void;
  readonly length: () => number;
  /** undefined: nothing is held. */
  readonly lastByte: () => number | undefined;
  /** All that is held, followed by `more`, as one array; the hold is empty afterwards. */
  readonly take: (more: Uint8Array) => Uint8Array;
}

/** Chunks from this size on are kept as they are; a view on a smaller one costs more than copying it. */
const KEEP_BYTES = 2_048;
const PIECE_BYTES = 16_384;

export function createByteHold(): ByteHold {
  let pieces: Uint8Array[] = [];
  /** The last piece while it is ours and has room: `filled` bytes of `room` are in use. */
  let room: Uint8Array | undefined;
  let filled = 0;
  let length = 0;

  function seal(): void {
    if (room !== undefined) pieces.push(room.subarray(0, filled));
    room = undefined;
    filled = 0;
  }

  return {
    add(bytes) {
      length += bytes.length;
      if (bytes.length >= KEEP_BYTES) {
        seal();
        pieces.push(bytes);
        return;
      }
      if (room !== undefined && filled + bytes.length > room.length) seal();
      room ??= new Uint8Array(pieces.length === 0 ? KEEP_BYTES : PIECE_BYTES);
      room.set(bytes, filled);
      filled += bytes.length;
    },
    length: () => length,
    lastByte: () => (room === undefined ? pieces.at(-1)?.at(-1) : room[filled - 1]),
    take(more) {
      if (length === 0) return more;
      seal();
      const whole = new Uint8Array(length + more.length);
      let to = 0;
      for (const piece of pieces) {
        whole.set(piece, to);
        to += piece.length;
      }
      whole.set(more, to);
      pieces = [];
      length = 0;
      return whole;
    },
  };
}
