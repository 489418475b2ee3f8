const EMPTY = new Uint8Array(0);

const FIRST_BYTES = 2_048;

/** Reserves this many times the needed size. Memory that was never written takes address space only. */
const GROWTH = 8;

/** From this size on, keeping a chunk until the next garbage collection would matter. */
const LARGE_BYTES = 65_536;

/**
 * Buffers bytes until more arrive, in one contiguous piece. Adding a chunk costs time in proportion to the chunk alone,
 * and each byte is stored once.
 */
export class ByteHold {
  /**
   * Holds the first chunk itself if it is small, otherwise a buffer of our own. The end of a larger chunk is copied,
   * since a view would keep all of it.
   */
  #room: Uint8Array = EMPTY;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** The last byte; undefined: the buffer is empty. */
  get lastByte(): number | undefined {
    return this.#length === 0 ? undefined : this.#room[this.#length - 1];
  }

  /** Copies the bytes into the buffer. A large chunk that owns its memory is released once it is copied. */
  add(bytes: Uint8Array): void {
    if (this.#length === 0 && bytes.length < LARGE_BYTES) {
      this.#room = bytes.byteOffset === 0 ? bytes : new Uint8Array(bytes);
      this.#length = bytes.length;
      return;
    }
    const needed = this.#length + bytes.length;
    if (needed > this.#room.length) this.#makeRoom(Math.max(FIRST_BYTES, GROWTH * needed));
    this.#append(bytes);
    giveBack(bytes);
  }

  /** Returns all buffered bytes followed by `more` as one array, and empties the buffer. */
  take(more: Uint8Array): Uint8Array {
    if (this.#length === 0) return more;
    const needed = this.#length + more.length;
    if (needed > this.#room.length) this.#makeRoom(needed);
    this.#append(more);
    const room = this.#room;
    this.#room = EMPTY;
    this.#length = 0;
    // Creating the first view of an array costs more than everything else here, and most events arrive in two parts
    // and need none.
    return needed === room.length ? room : room.subarray(0, needed);
  }

  #makeRoom(size: number): void {
    const larger = size < LARGE_BYTES ? new Uint8Array(size) : unwritten(size);
    larger.set(this.#length === this.#room.length ? this.#room : this.#room.subarray(0, this.#length));
    giveBack(this.#room);
    this.#room = larger;
  }

  #append(bytes: Uint8Array): void {
    this.#room.set(bytes, this.#length);
    this.#length += bytes.length;
  }
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
