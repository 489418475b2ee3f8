import type { LastRequestHead, PlacedHead } from '../../http1/last-request-head.ts';

const NOTHING = Buffer.alloc(0);

/** The end of a head: the end of its last line, and an empty line. */
export const HEAD_END = Buffer.from('\r\n\r\n');

/**
 * Bytes that have arrived but were not taken yet. Each byte is copied a bounded number of times, however small the
 * pieces are.
 */
export class UnreadBytes {
  #buffer: Buffer = NOTHING;
  #size = 0;
  /** No head ends before this position. */
  #searched = 0;
  /** Whether the buffer is the one in which the last bytes came, so that nothing may be added to it. */
  #isBorrowed = false;

  get size(): number {
    return this.#size;
  }

  /** Takes the buffer over. */
  add(bytes: Buffer): void {
    const size = this.#size + bytes.byteLength;
    if (this.#size === 0) {
      this.#buffer = bytes;
      this.#isBorrowed = true;
    } else {
      if (size > this.#buffer.byteLength || this.#isBorrowed) this.#grow(size);
      bytes.copy(this.#buffer, this.#size);
    }
    this.#size = size;
  }

  /** The head with which the bytes begin, if it repeats the last one. */
  repeated(lastHead: LastRequestHead): PlacedHead | undefined {
    const placed = lastHead.findRecent(this.#buffer);
    // The end of the buffer may not be filled.
    return placed === undefined || placed.bytes > this.#size ? undefined : placed;
  }

  /** The position of `HEAD_END`, or -1. */
  endOfHead(): number {
    const from = Math.max(0, this.#searched - HEAD_END.length);
    this.#searched = this.#size;
    return this.#buffer.subarray(0, this.#size).indexOf(HEAD_END, from);
  }

  /** The first bytes as text in latin1. */
  text(end: number): string {
    return this.#buffer.toString('latin1', 0, end);
  }

  /** Takes bytes from the beginning; without a number, all of them. */
  take(count = this.#size): Buffer {
    const taken = this.#buffer.subarray(0, count);
    this.#size -= count;
    this.#searched = 0;
    this.#buffer = this.#size === 0 ? NOTHING : this.#buffer.subarray(count, count + this.#size);
    this.#isBorrowed = true;
    return taken;
  }

  #grow(size: number): void {
    const larger = Buffer.allocUnsafe(Math.max(1024, size, 2 * this.#size));
    this.#buffer.copy(larger, 0, 0, this.#size);
    this.#buffer = larger;
    this.#isBorrowed = false;
  }
}
