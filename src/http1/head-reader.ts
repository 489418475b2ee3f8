import { MAX_FIELDS, MAX_HEAD_BYTES, ProtocolFault } from './response-head.ts';

const LF = 0x0a;
const CR = 0x0d;

/** The text of a head, and the bytes after it. */
export interface HeadText {
  readonly text: string;
  readonly rest: Buffer;
}

/**
 * Finds the end of a response head in bytes that arrive in arbitrary pieces. It examines each byte once and enforces
 * the limits on size and lines before the head is parsed, because a provider may send anything.
 */
export class HeadReader {
  /** The bytes received so far, in a buffer that grows by doubling. */
  #kept: Buffer | undefined;
  #bytes = 0;
  #lines = 0;
  #lineBytes = 0;
  /** Whether the current line consists of a single CR so far. */
  #isBareCr = false;

  /**
   * Returns undefined while the head is incomplete. A bare LF also ends a line (RFC 9112 §2.2). Empty lines before
   * the status line are part of the text.
   *
   * @throws ProtocolFault if the head exceeds a limit
   */
  take(bytes: Buffer): HeadText | undefined {
    const end = this.#findEnd(bytes);
    if (end === -1) {
      this.#keep(bytes);
      return undefined;
    }
    return { text: this.#textUpTo(bytes, end), rest: bytes.subarray(end) };
  }

  /** Returns the offset after the empty line that ends the head, or -1. */
  #findEnd(bytes: Buffer): number {
    for (let at = 0; ;) {
      const lineEnd = bytes.indexOf(LF, at);
      const stop = lineEnd === -1 ? bytes.byteLength : lineEnd;
      if (stop > at) {
        this.#lineBytes += stop - at;
        this.#isBareCr = this.#lineBytes === 1 && bytes[at] === CR;
      }
      if (this.#bytes + stop > MAX_HEAD_BYTES) throw new ProtocolFault('the header is too large');
      if (lineEnd === -1) return -1;
      const isEmpty = this.#lineBytes === 0 || this.#isBareCr;
      this.#lineBytes = 0;
      this.#isBareCr = false;
      at = lineEnd + 1;
      if (isEmpty && this.#lines > 0) return at;
      // The status line does not count as a field.
      if (!isEmpty && ++this.#lines > MAX_FIELDS + 1)
        throw new ProtocolFault('the header has too many fields');
    }
  }

  #keep(bytes: Buffer): void {
    const size = this.#bytes + bytes.byteLength;
    if (this.#kept === undefined) this.#kept = bytes;
    else {
      if (size > this.#kept.byteLength) {
        const larger = Buffer.allocUnsafe(Math.max(1024, size, 2 * this.#kept.byteLength));
        this.#kept.copy(larger, 0, 0, this.#bytes);
        this.#kept = larger;
      }
      bytes.copy(this.#kept, this.#bytes);
    }
    this.#bytes = size;
  }

  /** Returns the head's text and resets the reader for another head. */
  #textUpTo(bytes: Buffer, end: number): string {
    const before = this.#kept?.toString('latin1', 0, this.#bytes) ?? '';
    this.#kept = undefined;
    this.#bytes = 0;
    this.#lines = 0;
    return before + bytes.toString('latin1', 0, end);
  }
}
