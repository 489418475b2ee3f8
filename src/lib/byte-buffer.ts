/**
 * Buffers bytes until more arrive, in one contiguous piece. Adding a chunk costs time in proportion to the chunk alone,
 * and each byte is stored once.
 */
export interface ByteBuffer {
  /** Copies the bytes into the buffer. A large chunk that owns its memory is released once it is copied. */
  readonly add: (bytes: Uint8Array) => void;
  readonly length: () => number;
  /** undefined: the buffer is empty. */
  readonly lastByte: () => number | undefined;
  /** Returns all buffered bytes followed by `more` as one array, and empties the buffer. */
  readonly take: (more: Uint8Array) => Uint8Array;
}

const FIRST_BYTES = 2_048;

/** Reserves this many times the needed size. Memory that was never written takes address space only. */
const GROWTH = 8;

/** From this size on, keeping a chunk until the next garbage collection would matter. */
const LARGE_BYTES = 65_536;

export function createByteHold(): ByteBuffer {
  /**
   * Holds the first chunk itself if it is small, otherwise a buffer of our own. The end of a larger chunk is copied,
   * since a view would keep all of it.
   */
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
        room = bytes.byteOffset === 0 ? bytes : new Uint8Array(bytes);
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
      // Creating the first view of an array costs more than everything else here, and most events arrive in two parts
      // and need none.
      const whole = needed === room.length ? room : room.subarray(0, needed);
      room = EMPTY;
      length = 0;
      return whole;
    },
  };
}

/** Allocates without zeroing, since zeros would touch memory that may never be needed. */
export function unwritten(size: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.allocUnsafeSlow(size).buffer);
}

/**
 * Releases the memory at once, if it belongs to these bytes alone. Otherwise the chunks of a fast stream pile up beside
 * their copies until the collector notices them.
 */
export function giveBack(bytes: Uint8Array): void {
  if (bytes.length >= LARGE_BYTES) ownMemory(bytes)?.buffer.transfer(0);
}

/** Returns the bytes if no others share their memory, so that it can be transferred. */
export function ownMemory(bytes: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  const isAlone = bytes.length === bytes.buffer.byteLength && bytes.buffer instanceof ArrayBuffer;
  return isAlone ? (bytes as Uint8Array<ArrayBuffer>) : undefined;
}

const EMPTY = new Uint8Array(0);
