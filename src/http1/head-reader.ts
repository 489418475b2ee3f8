import { MAX_FIELDS, MAX_HEAD_BYTES, ProtocolFault } from './response-head.ts';

const LF = 0x0a;
const CR = 0x0d;

const FIRST_LETTER = 'H'.charCodeAt(0);

/** The text of a head, and the offset after it. */
export interface HeadText {
  readonly text: string;
  readonly end: number;
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
  take(bytes: Buffer, from = 0): HeadText | undefined {
    const whole = this.#bytes === 0 ? wholeHead(bytes, from) : undefined;
    if (whole !== undefined) return { text: whole, end: from + whole.length };
    const end = this.#findEnd(bytes, from);
    if (end === -1) {
      this.#keep(from === 0 ? bytes : bytes.subarray(from));
      return undefined;
    }
    return { text: this.#textUpTo(bytes, from, end), end };
  }

  /** Returns the offset after the empty line that ends the head, or -1. */
  #findEnd(bytes: Buffer, from: number): number {
    for (let at = from; ;) {
      const lineEnd = bytes.indexOf(LF, at);
      const stop = lineEnd === -1 ? bytes.byteLength : lineEnd;
      if (stop > at) {
        this.#lineBytes += stop - at;
        this.#isBareCr = this.#lineBytes === 1 && bytes[at] === CR;
      }
      if (this.#bytes + stop - from > MAX_HEAD_BYTES) throw new ProtocolFault('the header is too large');
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
  #textUpTo(bytes: Buffer, from: number, end: number): string {
    const before = this.#kept?.toString('latin1', 0, this.#bytes) ?? '';
    this.#kept = undefined;
    this.#bytes = 0;
    this.#lines = 0;
    return before + bytes.toString('latin1', from, end);
  }
}

/**
 * Fast path for a head in one piece whose lines end as they should. Returns its text, or undefined if the head needs to
 * be read line by line.
 */
function wholeHead(bytes: Buffer, from: number): string | undefined {
  if (bytes[from] !== FIRST_LETTER) return undefined;
  const end = bytes.indexOf('\r\n\r\n', from, 'latin1') + 4;
  if (end < 4 || end - from > MAX_HEAD_BYTES) return undefined;
  const text = bytes.toString('latin1', from, end);
  // A bare line feed may end the head sooner.
  const isSooner = text.includes('\n\n') || text.indexOf('\n\r\n') !== text.length - 3;
  return isSooner ? undefined : text;
}
