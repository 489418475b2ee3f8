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
 * The last head on a connection, as text. Clients repeat theirs except for the declared length, so that most heads need
 * no parser. The fields of repeated heads are one object.
 */
export class LastRequestHead {
  #last: PlacedHead | undefined;
  /** The text before the digits of the declared length, and from there to the end of the empty line. */
  #before = '';
  #digits = '';
  #after = '';

  /** Returns the head with which the bytes begin if only its length differs from that of the last one. */
  find(bytes: Buffer): PlacedHead | undefined {
    const last = this.#last;
    if (last === undefined) return undefined;
    const start = this.#before.length;
    const text = bytes.toString('latin1', 0, start + MOST_DIGITS + this.#after.length);
    if (!text.startsWith(this.#before)) return undefined;
    const most = start + MOST_DIGITS;
    let end = start;
    while (end < most && isDigit(text.charCodeAt(end))) end += 1;
    if (end === start || !text.startsWith(this.#after, end)) return undefined;
    const digits = text.slice(start, end);
    return digits === this.#digits ? last : this.#withLength(last, digits);
  }

  /** Parses and remembers a head, without its empty line; see `parseRequestHead`. */
  read(text: string): PlacedHead | undefined {
    const head = parseRequestHead(text);
    if (head === undefined) return undefined;
    // A plain head has one such line.
    const { index = 0, 0: name = '' } = LENGTH_LINE.exec(text) ?? {};
    const start = index + name.length;
    this.#before = text.slice(0, start);
    this.#digits = head.headers.get('content-length') ?? '';
    this.#after = text.slice(start + this.#digits.length) + EMPTY_LINE;
    this.#last = { head, bytes: text.length + EMPTY_LINE.length };
    return this.#last;
  }

  #withLength({ head }: PlacedHead, digits: string): PlacedHead {
    const headers = new PlainFields(head.headers.shared, digits);
    const bytes = this.#before.length + digits.length + this.#after.length;
    return { head: { ...head, headers, contentLength: Number(digits) }, bytes };
  }
}

const LENGTH_LINE = /\r\ncontent-length:[ \t]*/i;

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}
