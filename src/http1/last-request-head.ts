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

/** A head that was parsed, as bytes. Connections share it. */
interface KnownHead extends PlacedHead {
  /**
   * The bytes before the digits of the declared length, and from there to the end of the empty line. Without a declared
   * length, all bytes are in the first part.
   */
  readonly before: Buffer;
  readonly digits: number;
  readonly after: Buffer;
}

/** The heads that were parsed last, so that connections of the same program have one object for theirs. */
export class RecentRequestHeads {
  readonly #heads: KnownHead[] = [];
  #next = 0;

  find(bytes: Buffer): KnownHead | undefined {
    for (const known of this.#heads) if (placedAs(known, bytes) !== undefined) return known;
    return undefined;
  }

  remember(known: KnownHead): void {
    this.#heads[this.#next] = known;
    this.#next = (this.#next + 1) % MOST_RECENT;
  }
}

/** Each of them is compared with the first head of a connection, and with every head that does not repeat the last. */
const MOST_RECENT = 4;

/**
 * The last head on a connection, as bytes. Clients repeat theirs except for the declared length, so that most heads need
 * no parser. The fields of repeated heads are one object.
 */
export class LastRequestHead {
  readonly #recent: RecentRequestHeads | undefined;
  #last: KnownHead | undefined;

  constructor(recent?: RecentRequestHeads) {
    this.#recent = recent;
  }

  /** Returns the head with which the bytes begin if only its length differs from that of the last one. */
  find(bytes: Buffer): PlacedHead | undefined {
    return this.#last && placedAs(this.#last, bytes);
  }

  /** The same; if it differs, the heads that were parsed last on any connection are tried as well. */
  findRecent(bytes: Buffer): PlacedHead | undefined {
    const found = this.find(bytes);
    if (found !== undefined) return found;
    const recent = this.#recent?.find(bytes);
    if (recent === undefined) return undefined;
    this.#last = recent;
    return placedAs(recent, bytes);
  }

  /** Parses and remembers a head, without its empty line; see `parseRequestHead`. */
  read(text: string): PlacedHead | undefined {
    const head = parseRequestHead(text);
    if (head === undefined) return undefined;
    const whole = text + EMPTY_LINE;
    // A plain head has at most one such line.
    const found = LENGTH_LINE.exec(text);
    const start = found === null ? whole.length : found.index + found[0].length;
    const digits = head.headers.get('content-length')?.length ?? 0;
    this.#last = {
      head,
      bytes: whole.length,
      before: Buffer.from(whole.slice(0, start), 'latin1'),
      digits,
      after: Buffer.from(whole.slice(start + digits), 'latin1'),
    };
    return this.#last;
  }

  /** Shares the last head with other connections, which may then take it without a look at its path. */
  share(): void {
    if (this.#last !== undefined) this.#recent?.remember(this.#last);
  }
}

function placedAs(known: KnownHead, bytes: Buffer): PlacedHead | undefined {
  const start = known.before.byteLength;
  // Texts to compare would be allocated for each head.
  if (!includes(bytes, known.before, 0)) return undefined;
  if (known.digits === 0) return known;
  const most = start + MOST_DIGITS;
  let end = start;
  let length = 0;
  for (let digit = digitAt(bytes, end); digit >= 0 && end < most; digit = digitAt(bytes, ++end))
    length = length * 10 + digit;
  if (end === start || !includes(bytes, known.after, end)) return undefined;
  const isSame = length === known.head.contentLength && end - start === known.digits;
  return isSame ? known : withLength(known, bytes.toString('latin1', start, end));
}

function withLength({ head, before, after }: KnownHead, digits: string): PlacedHead {
  const headers = new PlainFields(head.headers.shared, digits);
  const bytes = before.byteLength + digits.length + after.byteLength;
  return { head: { ...head, headers, contentLength: Number(digits) }, bytes };
}

const LENGTH_LINE = /\r\ncontent-length:[ \t]*/i;

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
