import { MAX_FIELDS, MAX_HEAD_BYTES, ProtocolFault } from './response-head.ts';

const LF = 0x0a;
const CR = 0x0d;

/** The text of a head, and the bytes behind it. */
export interface HeadText {
  readonly text: string;
  readonly rest: Buffer;
}

/**
 * Finds where the head of a response ends, in bytes that come in any pieces. Each byte is looked at once, and the limits on
 * size and lines hold before anything else is done with the head: a provider may send whatever it likes.
 */
export class HeadReader {
  /** The bytes so far, in a buffer that grows by doubling. */
  #kept: Buffer | undefined;
  #bytes = 0;
  #lines = 0;
  #lineBytes = 0;
  /** The line so far is a CR and nothing else. */
  #isBareCr = false;

  /**
   * Undefined while the head is not at its end. A bare LF ends a line as well (RFC 9112 §2.2), and empty lines before the
   * first are part of the text.
   *
   * @throws ProtocolFault where the head is longer than one may be
   */
  take(bytes: Buffer): HeadText | undefined {
    const end = this.#findEnd(bytes);
    if (end === -1) {
      this.#keep(bytes);
      return undefined;
    }
    return { text: this.#textUpTo(bytes, end), rest: bytes.subarray(end) };
  }

  /** The index behind the empty line that ends the head, or -1. */
  #findEnd(bytes: Buffer): number {
    for (let at = 0; ;) {
      const lineEnd = bytes.indexOf(LF, at);
      const stop = lineEnd === -1 ? bytes.byteLength : lineEnd;
      if (stop > at) {
        this.#lineBytes += stop - at;
        this.#isBareCr = this.#lineBytes === 1 && bytes[at] === CR;
      }
      if (this.#bytes + stop > MAX_HEAD_BYTES) throw new ProtocolFault('the header is too long');
      if (lineEnd === -1) return -1;
      const isEmpty = this.#lineBytes === 0 || this.#isBareCr;
      this.#lineBytes = 0;
      this.#isBareCr = false;
      at = lineEnd + 1;
      if (isEmpty && this.#lines > 0) return at;
      // The first line is no field.
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

  /** Forgets the head, so that another may come. */
  #textUpTo(bytes: Buffer, end: number): string {
    const before = this.#kept?.toString('latin1', 0, this.#bytes) ?? '';
    this.#kept = undefined;
    this.#bytes = 0;
    this.#lines = 0;
    return before + bytes.toString('latin1', 0, end);
  }
}
