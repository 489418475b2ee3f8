import {
  endOfHead,
  lengthOf,
  MAX_HEAD_BYTES,
  parseHead,
  ProtocolFault,
  type ResponseHead,
  staysOpen,
} from './response-head.ts';

/** The line with a chunk's size, extensions and all, and each line of a trailer. */
const MAX_LINE_CHARS = 16 * 1024;

type State =
  | 'head'
  | 'length'
  | 'chunk-line'
  | 'chunk'
  | 'chunk-end'
  | 'trailer'
  | 'until-close'
  | 'complete';

const LF = 0x0a;
const CR = 0x0d;

/**
 * Reads one HTTP/1.1 response (RFC 9112) from bytes that come in any pieces. Interim responses (1xx) are passed over,
 * chunks are put together, trailers are dropped. Whatever is not plainly framed is a fault: where one message ends and
 * another begins must not be guessed.
 */
export class ResponseReader {
  readonly #method: string;
  #state: State = 'head';
  #head: ResponseHead | undefined;
  #hasBody = true;
  /** Bytes of a head that has not come to its end. */
  #early: Buffer | undefined;
  /** Of a body with a length, or of the chunk. */
  #leftBytes = 0;
  #line = '';
  #staysOpen = true;

  /** @param method of the request: the answer to `HEAD` has no body */
  constructor(method: string) {
    this.#method = method;
  }

  /** Undefined until it is there. */
  get head(): ResponseHead | undefined {
    return this.#head;
  }

  /** False where the kind of response has none, which is not the same as an empty one. */
  get hasBody(): boolean {
    return this.#hasBody;
  }

  get isComplete(): boolean {
    return this.#state === 'complete';
  }

  /** Whether the connection may carry another request once this response is complete. */
  get staysOpen(): boolean {
    return this.#staysOpen;
  }

  /**
   * The part of the body in these bytes, undefined where there is none. The bytes are the reader's to change.
   *
   * @throws ProtocolFault where they can't be what a response goes on with
   */
  take(bytes: Buffer): Uint8Array | undefined {
    const rest = this.#state === 'head' ? this.#takeHead(bytes) : bytes;
    if (rest === undefined || rest.byteLength === 0) return undefined;
    switch (this.#state) {
      case 'head':
        return undefined;
      case 'length':
        return this.#takeLength(rest);
      case 'until-close':
        return rest;
      case 'complete':
        // More than was announced: what it is can't be known, so the connection is not used again.
        this.#staysOpen = false;
        return undefined;
      case 'chunk-line':
      case 'chunk':
      case 'chunk-end':
      case 'trailer':
        return this.#takeChunks(rest);
    }
  }

  /** Whether the response is complete now that its connection has ended in order. */
  endsWithConnection(): boolean {
    return this.#state === 'complete' || this.#state === 'until-close';
  }

  /** What follows the head; undefined while there is only a part of it. */
  #takeHead(bytes: Buffer): Buffer | undefined {
    let rest = this.#early === undefined ? bytes : Buffer.concat([this.#early, bytes]);
    this.#early = undefined;
    for (;;) {
      const end = endOfHead(rest);
      if (end === -1) {
        if (rest.byteLength > MAX_HEAD_BYTES) throw new ProtocolFault('the header is too long');
        this.#early = rest;
        return undefined;
      }
      const { status, headers, isOld } = parseHead(rest.toString('latin1', 0, end));
      rest = rest.subarray(end);
      if (status === 101) throw new ProtocolFault('the protocol was changed');
      if (status < 200) continue;
      this.#head = { status, headers };
      this.#staysOpen = staysOpen(headers, isOld);
      this.#frame(status, headers);
      return rest;
    }
  }

  /** How the end of the body is known: RFC 9112 §6.3. */
  #frame(status: number, headers: Headers): void {
    const coding = headers.get('transfer-encoding');
    const length = headers.get('content-length');
    if (this.#method === 'HEAD' || status === 204 || status === 304) {
      this.#hasBody = false;
      this.#state = 'complete';
    } else if (coding !== null) {
      if (coding.trim().toLowerCase() !== 'chunked')
        throw new ProtocolFault('the transfer coding is not known');
      // Both at once is what requests are smuggled with.
      if (length !== null) this.#staysOpen = false;
      this.#state = 'chunk-line';
    } else if (length === null) {
      this.#staysOpen = false;
      this.#state = 'until-close';
    } else {
      this.#leftBytes = lengthOf(length);
      this.#state = this.#leftBytes === 0 ? 'complete' : 'length';
    }
  }

  #takeLength(bytes: Buffer): Uint8Array {
    const size = Math.min(this.#leftBytes, bytes.byteLength);
    this.#leftBytes -= size;
    if (this.#leftBytes === 0) this.#complete(bytes.byteLength > size);
    return size === bytes.byteLength ? bytes : partOf(bytes, 0, size);
  }

  /** The chunks in the bytes, moved together in place: they go on as one piece. */
  #takeChunks(bytes: Buffer): Uint8Array | undefined {
    let from = -1;
    let to = -1;
    let at = 0;
    while (at < bytes.byteLength && this.#state !== 'complete') {
      if (this.#state !== 'chunk') {
        const next = this.#takePlainLine(bytes, at);
        at = next === 0 ? this.#takeLine(bytes, at) : next;
        continue;
      }
      const size = Math.min(this.#leftBytes, bytes.byteLength - at);
      if (from === -1) from = to = at;
      if (to !== at) bytes.copyWithin(to, at, at + size);
      to += size;
      at += size;
      this.#leftBytes -= size;
      if (this.#leftBytes === 0) this.#state = 'chunk-end';
    }
    if (at < bytes.byteLength) this.#staysOpen = false;
    return from === -1 ? undefined : partOf(bytes, from, to);
  }

  /** Takes what nearly every line between chunks is, a size or nothing; returns where the bytes go on, 0: it is another. */
  #takePlainLine(bytes: Buffer, at: number): number {
    if (this.#line !== '' || this.#state === 'trailer') return 0;
    let size = 0;
    let end = at;
    for (let digit = hexDigit(bytes[end]); digit >= 0; digit = hexDigit(bytes[++end]))
      size = size * 16 + digit;
    const isSize = this.#state === 'chunk-line';
    const digits = end - at;
    if (bytes[end] !== CR || bytes[end + 1] !== LF || (isSize ? digits === 0 || digits > 8 : digits > 0))
      return 0;
    if (isSize) this.#beginChunk(size);
    else this.#state = 'chunk-line';
    return end + 2;
  }

  /** Takes a line, or the part of it that is there; returns where the bytes go on. */
  #takeLine(bytes: Buffer, at: number): number {
    const end = bytes.indexOf(LF, at);
    this.#line += bytes.toString('latin1', at, end === -1 ? bytes.byteLength : end);
    if (this.#line.length > MAX_LINE_CHARS) throw new ProtocolFault('a chunk is not framed');
    if (end === -1) {
      // What can't become the line that is due may never end: a server that frames nothing waits for the next request.
      const due = this.#state === 'chunk-end' ? NOTHING_SO_FAR : SIZE_SO_FAR;
      if (this.#state !== 'trailer' && !due.test(this.#line))
        throw new ProtocolFault('a chunk is not framed');
      return bytes.byteLength;
    }
    const line = this.#line.endsWith('\r') ? this.#line.slice(0, -1) : this.#line;
    this.#line = '';
    this.#nextState(line);
    return end + 1;
  }

  #nextState(line: string): void {
    if (this.#state === 'trailer') {
      if (line === '') this.#complete(false);
      return;
    }
    if (this.#state === 'chunk-end') {
      if (line !== '') throw new ProtocolFault('a chunk is longer than its size');
      this.#state = 'chunk-line';
      return;
    }
    const size = /^([0-9a-f]{1,12})[ \t]*(?:;|$)/i.exec(line)?.[1];
    if (size === undefined) throw new ProtocolFault('a chunk has no size');
    this.#beginChunk(Number.parseInt(size, 16));
  }

  /** One of no bytes is the last. */
  #beginChunk(size: number): void {
    this.#leftBytes = size;
    this.#state = size === 0 ? 'trailer' : 'chunk';
  }

  #complete(hasMore: boolean): void {
    this.#state = 'complete';
    if (hasMore) this.#staysOpen = false;
  }
}

/** Up to this size a copy costs less than a view, which first has to put the bytes where both can see them. */
const SMALL_BYTES = 1024;

function partOf(bytes: Buffer, from: number, to: number): Uint8Array {
  // A buffer's own `slice` is a view.
  return to - from > SMALL_BYTES
    ? bytes.subarray(from, to)
    : Uint8Array.prototype.slice.call(bytes, from, to);
}

/** The value of a hexadecimal digit; -1 for any other byte. */
function hexDigit(byte = 0): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

const NOTHING_SO_FAR = /^\r?$/;
const SIZE_SO_FAR = /^[0-9a-f]{0,12}[ \t]*(?:;.*)?\r?$/i;
