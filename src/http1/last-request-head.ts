import { PlainFields } from '../lib/http/fields.ts';
import { parseRequestHead, type RequestHead } from './request-head.ts';

/** A head with its place in the bytes that begin with it. */
export interface PlacedHead {
  readonly head: RequestHead;
  /** The length of the head in bytes, with its empty line. */
  readonly bytes: number;
}

/** The declared length has at most this many digits. */
const MOST_DIGITS = 12;

const EMPTY_LINE = '\r\n\r\n';

/**
 * The last head on a connection, as bytes. Clients repeat theirs except for the declared length, so that most heads need
 * no parser. The fields of repeated heads are one object.
 */
export class LastRequestHead {
  #last: PlacedHead | undefined;
  /**
   * The bytes before the digits of the declared length, and from there to the end of the empty line. Without a declared
   * length, all bytes are in the first part.
   */
  #before = NOTHING;
  #digits = 0;
  #after = NOTHING;

  /** Returns the head with which the bytes begin if only its length differs from that of the last one. */
  find(bytes: Buffer): PlacedHead | undefined {
    const last = this.#last;
    if (last === undefined) return undefined;
    const start = this.#before.byteLength;
    // Texts to compare would be allocated for each head.
    if (!includes(bytes, this.#before, 0)) return undefined;
    if (this.#digits === 0) return last;
    const most = start + MOST_DIGITS;
    let end = start;
    let length = 0;
    for (let digit = digitAt(bytes, end); digit >= 0 && end < most; digit = digitAt(bytes, ++end))
      length = length * 10 + digit;
    if (end === start || !includes(bytes, this.#after, end)) return undefined;
    const isSame = length === last.head.contentLength && end - start === this.#digits;
    return isSame ? last : this.#withLength(last, bytes.toString('latin1', start, end));
  }

  /** Parses and remembers a head, without its empty line; see `parseRequestHead`. */
  read(text: string): PlacedHead | undefined {
    const head = parseRequestHead(text);
    if (head === undefined) return undefined;
    const whole = text + EMPTY_LINE;
    // A plain head has at most one such line.
    const found = LENGTH_LINE.exec(text);
    const start = found === null ? whole.length : found.index + found[0].length;
    this.#before = Buffer.from(whole.slice(0, start), 'latin1');
    this.#digits = head.headers.get('content-length')?.length ?? 0;
    this.#after = Buffer.from(whole.slice(start + this.#digits), 'latin1');
    this.#last = { head, bytes: whole.length };
    return this.#last;
  }

  #withLength({ head }: PlacedHead, digits: string): PlacedHead {
    const headers = new PlainFields(head.headers.shared, digits);
    const bytes = this.#before.byteLength + digits.length + this.#after.byteLength;
    return { head: { ...head, headers, contentLength: Number(digits) }, bytes };
  }
}

const LENGTH_LINE = /\r\ncontent-length:[ \t]*/i;

const NOTHING = Buffer.alloc(0);

/** Whether the part is at this place of the bytes. */
function includes(bytes: Buffer, part: Buffer, at: number): boolean {
  const { byteLength } = part;
  if (at + byteLength > bytes.byteLength) return false;
  return bytes.compare(part, 0, byteLength, at, at + byteLength) === 0;
}

/** The digit at this place; negative if there is none. */
function digitAt(bytes: Buffer, at: number): number {
  const digit = (bytes[at] ?? 0) - 0x30;
  return digit <= 9 ? digit : -1;
}
