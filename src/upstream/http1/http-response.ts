import { HeadReader } from './head-reader.ts';
import {
  lengthOf,
  MAX_FIELDS,
  parseHead,
  ProtocolFault,
  type ResponseHead,
  staysOpen,
} from './response-head.ts';

/** The line with a chunk's size, extensions and all, and each line of a trailer. */
const MAX_LINE_CHARS = 16 * 1024;

/** Nobody has reason to send more interim responses (1xx) than this before the answer. */
const MOST_INTERIM = 64;

/** Empty lines behind a body that some servers send; more than this is something else. */
const MAX_BLANK_BYTES = 4;

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
  readonly #headReader = new HeadReader();
  #interim = 0;
  #trailerLines = 0;
  /** Of a body with a length, or of the chunk. */
  #leftBytes = 0;
  #line = '';
  #staysOpen = true;
  #hasSurplus = false;

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
    return this.#staysOpen && !this.#hasSurplus;
  }

  /** Whether bytes came behind the end of the response: what they are can't be known. */
  get hasSurplus(): boolean {
    return this.#hasSurplus;
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
        this.#noteSurplus(rest, 0);
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
    for (let rest = bytes; ;) {
      const found = this.#headReader.take(rest);
      if (found === undefined) return undefined;
      rest = found.rest;
      const { status, headers, isOld } = parseHead(found.text);
      if (status === 101) throw new ProtocolFault('the protocol was changed');
      if (status < 200) {
        if (++this.#interim > MOST_INTERIM) throw new ProtocolFault('the answer does not come');
        continue;
      }
      this.#head = { status, headers };
      this.#staysOpen = staysOpen(headers, isOld);
      this.#frame(status, headers, isOld);
      return rest;
    }
  }

  /** How the end of the body is known: RFC 9112 §6.3. */
  #frame(status: number, headers: Headers, isOld: boolean): void {
    const coding = headers.get('transfer-encoding');
    const length = headers.get('content-length');
    if (this.#method === 'HEAD' || status === 204 || status === 304) {
      this.#hasBody = false;
      this.#state = 'complete';
      // A server that sends a body all the same would answer the next request with it.
      this.#staysOpen = false;
    } else if (coding !== null) {
      // White space was dropped with the field; whatever else stands around the word is not the word.
      if (coding.toLowerCase() !== 'chunked') throw new ProtocolFault('the transfer coding is not known');
      // Both at once is what requests are smuggled with, and HTTP/1.0 has no chunks (RFC 9112 §6.1).
      if (length !== null || isOld) this.#staysOpen = false;
      this.#state = 'chunk-line';
    } else if (length === null) {
      this.#staysOpen = false;
      this.#state = 'until-close';
    } else {
      this.#leftBytes = lengthOf(length);
      this.#state = this.#leftBytes === 0 ? 'complete' : 'length';
    }
  }

  /** More than was announced. An empty line is none: some servers end each answer with one (RFC 9112 §2.2). */
  #noteSurplus(bytes: Buffer, from: number): void {
    if (!isBlank(bytes, from)) this.#hasSurplus = true;
  }

  #takeLength(bytes: Buffer): Uint8Array {
    const size = Math.min(this.#leftBytes, bytes.byteLength);
    this.#leftBytes -= size;
    if (this.#leftBytes === 0) {
      this.#state = 'complete';
      if (bytes.byteLength > size) this.#noteSurplus(bytes, size);
    }
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
    if (at < bytes.byteLength) this.#noteSurplus(bytes, at);
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
      if (line === '') this.#state = 'complete';
      else if (++this.#trailerLines > MAX_FIELDS) throw new ProtocolFault('the trailer has too many fields');
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
}

/** Whether the bytes from there on are nothing but a few line ends. */
export function isBlank(bytes: Uint8Array, from = 0): boolean {
  if (bytes.byteLength - from > MAX_BLANK_BYTES) return false;
  for (let at = from; at < bytes.byteLength; at++) {
    if (bytes[at] !== CR && bytes[at] !== LF) return false;
  }
  return true;
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
