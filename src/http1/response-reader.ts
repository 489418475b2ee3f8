import { partOf } from '../lib/part-of.ts';
import { HeadReader } from './head-reader.ts';
import { LastResponseHead } from './last-response-head.ts';
import { MAX_FIELDS, parseResponseHead, ProtocolFault, type ResponseHead } from './response-head.ts';

/** Maximum length of a chunk-size line, extensions included, and of a trailer line. */
const MAX_LINE_CHARS = 16 * 1024;

/** Maximum number of interim responses (1xx) before the final one. */
const MOST_INTERIM = 64;

/** Some servers send empty lines after a body. More bytes than this are treated as surplus. */
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
 * Reads one HTTP/1.1 response (RFC 9112) from bytes that arrive in arbitrary pieces. Skips interim responses (1xx),
 * joins chunks and drops trailers. Ambiguous framing is a `ProtocolFault`: guessing where a message ends would allow
 * response smuggling.
 */
export class ResponseReader {
  readonly #method: string;
  #state: State = 'head';
  #head: ResponseHead | undefined;
  #hasBody = true;
  readonly #last: LastResponseHead;
  #headReader: HeadReader | undefined;
  #interim = 0;
  #trailerLines = 0;
  /** Bytes left of a body with a known length, or of the current chunk. */
  #leftBytes = 0;
  #line = '';
  #staysOpen = true;
  #hasSurplus = false;

  /**
   * @param method the request's method, since a response to `HEAD` has no body
   * @param last the last head on the connection
   */
  constructor(method: string, last = new LastResponseHead()) {
    this.#method = method;
    this.#last = last;
  }

  /** The parsed head; undefined until it is complete. */
  get head(): ResponseHead | undefined {
    return this.#head;
  }

  /** False if this kind of response has no body, as opposed to an empty one. */
  get hasBody(): boolean {
    return this.#hasBody;
  }

  get isComplete(): boolean {
    return this.#state === 'complete';
  }

  /** Whether the next byte begins a chunk. */
  get isBetweenChunks(): boolean {
    return this.#state === 'chunk-line' && this.#line === '';
  }

  /** Whether the connection may carry another request after this response. */
  get staysOpen(): boolean {
    return this.#staysOpen && !this.#hasSurplus;
  }

  /** Whether bytes arrived after the end of the response. They belong to no request. */
  get hasSurplus(): boolean {
    return this.#hasSurplus;
  }

  /**
   * Consumes bytes and returns the part of the body in them; undefined if there is none. The reader may overwrite the
   * bytes.
   *
   * @throws ProtocolFault if the bytes cannot continue the response
   */
  take(bytes: Buffer): Uint8Array | undefined {
    const from = this.#state === 'head' ? this.#takeHead(bytes) : 0;
    if (from === bytes.byteLength) return undefined;
    switch (this.#state) {
      case 'head':
        return undefined;
      case 'length':
        return this.#takeLength(bytes, from);
      case 'until-close':
        return from === 0 ? bytes : partOf(bytes, from, bytes.byteLength);
      case 'complete':
        this.#noteSurplus(bytes, from);
        return undefined;
      case 'chunk-line':
      case 'chunk':
      case 'chunk-end':
      case 'trailer':
        return this.#takeChunks(bytes, from);
    }
  }

  /** Whether the response is complete when the server closes the connection now. */
  endsWithConnection(): boolean {
    return this.#state === 'complete' || this.#state === 'until-close';
  }

  /** Returns the offset after the head, or after all bytes while the head is incomplete. */
  #takeHead(bytes: Buffer): number {
    const last = this.#headReader === undefined ? this.#last.find(bytes) : undefined;
    if (last !== undefined) {
      this.#begin(last);
      return this.#last.bytes;
    }
    const reader = (this.#headReader ??= new HeadReader());
    for (let from = 0; ;) {
      const found = reader.take(bytes, from);
      if (found === undefined) return bytes.byteLength;
      from = found.end;
      const head = parseResponseHead(found.text);
      const { status } = head;
      if (status === 101) throw new ProtocolFault('unexpected status 101 (Switching Protocols)');
      if (status < 200) {
        if (++this.#interim > MOST_INTERIM) throw new ProtocolFault('too many interim responses');
        continue;
      }
      this.#last.remember(found.text, head);
      this.#begin(head);
      return from;
    }
  }

  #begin(head: ResponseHead): void {
    this.#head = head;
    this.#headReader = undefined;
    this.#frame(head);
  }

  /** Determines how the body ends (RFC 9112 §6.3). */
  #frame({ status, framing, staysOpen }: ResponseHead): void {
    if (this.#method === 'HEAD' || status === 204 || status === 304) {
      this.#hasBody = false;
      this.#state = 'complete';
      // If the server sends a body anyway, the next request on this connection would read it as its answer.
      this.#staysOpen = false;
      return;
    }
    if (framing instanceof ProtocolFault) throw framing;
    this.#staysOpen = staysOpen;
    if (framing === 'chunked') this.#state = 'chunk-line';
    else if (framing === 'until-close') this.#state = 'until-close';
    else {
      this.#leftBytes = framing;
      this.#state = framing === 0 ? 'complete' : 'length';
    }
  }

  /**
   * Notes bytes after the end of the response. Ignores empty lines, which some servers send after each response (RFC
   * 9112 §2.2).
   */
  #noteSurplus(bytes: Buffer, from: number): void {
    if (!isBlank(bytes, from)) this.#hasSurplus = true;
  }

  #takeLength(bytes: Buffer, from: number): Uint8Array {
    const end = Math.min(from + this.#leftBytes, bytes.byteLength);
    this.#leftBytes -= end - from;
    if (this.#leftBytes === 0) {
      this.#state = 'complete';
      if (bytes.byteLength > end) this.#noteSurplus(bytes, end);
    }
    return from === 0 && end === bytes.byteLength ? bytes : partOf(bytes, from, end);
  }

  /** Moves the chunks in these bytes together in place, so that they go on as one piece. */
  #takeChunks(bytes: Buffer, start: number): Uint8Array | undefined {
    let from = -1;
    let to = -1;
    let at = start;
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

  /**
   * Fast path for the usual line between chunks: a plain size or an empty line. Returns the offset after it, or 0 if
   * the line needs `#takeLine`.
   */
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

  /** Consumes a line, or the part of it that has arrived. Returns the offset after it. */
  #takeLine(bytes: Buffer, at: number): number {
    const end = bytes.indexOf(LF, at);
    this.#line += bytes.toString('latin1', at, end === -1 ? bytes.byteLength : end);
    if (this.#line.length > MAX_LINE_CHARS) throw new ProtocolFault('malformed chunk framing');
    if (end === -1) {
      // Reject a partial line as soon as it cannot become valid. Its end may never come, because the server may be
      // waiting for the next request.
      const due = this.#state === 'chunk-end' ? NOTHING_SO_FAR : SIZE_SO_FAR;
      if (this.#state !== 'trailer' && !due.test(this.#line))
        throw new ProtocolFault('malformed chunk framing');
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
      if (line !== '') throw new ProtocolFault('a chunk exceeds its declared size');
      this.#state = 'chunk-line';
      return;
    }
    const size = /^([0-9a-f]{1,12})[ \t]*(?:;.*)?$/i.exec(line)?.[1];
    if (size === undefined) throw new ProtocolFault('missing chunk size');
    this.#beginChunk(Number.parseInt(size, 16));
  }

  /** Starts a chunk. A chunk of size 0 is the last. */
  #beginChunk(size: number): void {
    this.#leftBytes = size;
    this.#state = size === 0 ? 'trailer' : 'chunk';
  }
}

/** Whether the bytes from `from` on are only a few line ends. */
export function isBlank(bytes: Uint8Array, from = 0): boolean {
  if (bytes.byteLength - from > MAX_BLANK_BYTES) return false;
  for (let at = from; at < bytes.byteLength; at++) {
    if (bytes[at] !== CR && bytes[at] !== LF) return false;
  }
  return true;
}

/** Returns the value of a hexadecimal digit, or -1 for any other byte. */
export function hexDigit(byte = 0): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

const NOTHING_SO_FAR = /^\r?$/;
const SIZE_SO_FAR = /^[0-9a-f]{0,12}[ \t]*(?:;.*)?\r?$/i;
