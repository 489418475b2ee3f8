/**
 * Bytes that wait for more, kept in one piece: adding a chunk costs its own length, whatever is held already, and what
 * is held costs memory once.
 */
export interface ByteBuffer {
  /** Hands them over. A large chunk that has its memory for itself is given back to the system once it is copied. */
  readonly add: (bytes: Uint8Array) => void;
  readonly length: () => number;
  /** undefined: nothing is held. */
  readonly lastByte: () => number | undefined;
  /** All that is held, followed by `more`, as one array; the hold is empty afterwards. */
  readonly take: (more: Uint8Array) => Uint8Array;
}

const FIRST_BYTES = 2_048;

/** How many times what is needed is reserved. Memory that was never written to is only an address. */
const GROWTH = 8;

/** From this size on it matters that a chunk would be kept until the next garbage collection. */
const LARGE_BYTES = 65_536;

export function createByteHold(): ByteBuffer {
  /** The first chunk itself if it is small; else a piece of our own. */
  let room: Uint8Array = EMPTY;
  let length = 0;

  function makeRoom(size: number): void {
    const larger = size < LARGE_BYTES ? new Uint8Array(size) : unwritten(size);
    larger.set(length === room.length ? room : room.subarray(0, length));
    giveBack(room);
    room = larger;
  }

  function append(bytes: Uint8Array): void {
    room.set(bytes, length);
    length += bytes.length;
  }

  return {
    add(bytes) {
      if (length === 0 && bytes.length < LARGE_BYTES) {
        room = bytes;
        length = bytes.length;
        return;
      }
      const needed = length + bytes.length;
      if (needed > room.length) makeRoom(Math.max(FIRST_BYTES, GROWTH * needed));
      append(bytes);
      giveBack(bytes);
    },
    length: () => length,
    lastByte: () => (length === 0 ? undefined : room[length - 1]),
    take(more) {
      if (length === 0) return more;
      const needed = length + more.length;
      if (needed > room.length) makeRoom(needed);
      append(more);
      // The first view on an array costs more than all the rest here: most events come in two parts and need none.
      const whole = needed === room.length ? room : room.subarray(0, needed);
      room = EMPTY;
      length = 0;
      return whole;
    },
  };
}

/** Zeros would be written to memory that may never be needed. */
function unwritten(size: number): Uint8Array {
  return new Uint8Array(Buffer.allocUnsafeSlow(size).buffer);
}

/** The buffers of a fast stream would otherwise pile up beside their copy: they are not seen as garbage soon enough. */
function giveBack(bytes: Uint8Array): void {
  if (bytes.length < LARGE_BYTES || bytes.length !== bytes.buffer.byteLength) return;
  if (bytes.buffer instanceof ArrayBuffer) bytes.buffer.transfer(0);
}

const EMPTY = new Uint8Array(0);
