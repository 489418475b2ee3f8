import { ByteQueue } from './byte-queue.ts';
import { InvalidRequest, parseRequestHead, type RequestHead } from './request-head.ts';

/** A whole request. */
export interface HttpRequest extends RequestHead {
  readonly body: Buffer;
}

/** The state of the received bytes. `continue`: the client waits for permission to send its body. */
export type Reading =
  | { readonly kind: 'request'; readonly request: HttpRequest }
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'continue' }
  | { readonly kind: 'invalid'; readonly status: number; readonly message: string };

const MAX_HEAD_BYTES = 64 * 1024;
const MAX_CHUNK_LINE_BYTES = 1024;
const MAX_BODY_BYTES = 100 * 1024 * 1024;
const INCOMPLETE: Reading = { kind: 'incomplete' };

/**
 * Parses the requests of one connection strictly. The states are: before a head; inside a body of known length; before,
 * inside or after a chunk; in the trailer. Each leads to the next, and the last one back to the first.
 */
type State =
  | { readonly kind: 'head' }
  | { readonly kind: 'body' | 'chunk'; missing: number }
  | { readonly kind: 'chunk-size' | 'chunk-end' | 'trailer' };

export class RequestReader {
  readonly #queue = new ByteQueue();
  #state: State = { kind: 'head' };
  #head: RequestHead | undefined;
  #body: Buffer[] = [];
  #bodyBytes = 0;

  push(chunk: Buffer): void {
    this.#queue.push(chunk);
  }

  /** The next request, as far as it has arrived. After `invalid`, the connection is unusable. */
  next(): Reading {
    try {
      for (;;) {
        const reading = this.#step();
        if (reading !== undefined) return reading;
      }
    } catch (error) {
      if (error instanceof InvalidRequest)
        return { kind: 'invalid', status: error.status, message: error.message };
      throw error;
    }
  }

  /** One step; undefined when there is more to do. */
  #step(): Reading | undefined {
    switch (this.#state.kind) {
      case 'head':
        return this.#readHead();
      case 'body':
      case 'chunk':
        return this.#readData(this.#state);
      case 'chunk-size':
        return this.#readChunkSize();
      case 'chunk-end':
        return this.#readChunkEnd();
      case 'trailer':
        return this.#readTrailer();
    }
  }

  #readHead(): Reading | undefined {
    const bytes = this.#queue.takeThrough('\r\n\r\n', MAX_HEAD_BYTES);
    if (bytes === undefined) {
      if (this.#queue.holds(MAX_HEAD_BYTES))
        throw new InvalidRequest(431, 'The head of the request is too large.');
      return INCOMPLETE;
    }
    const head = parseRequestHead(bytes);
    this.#head = head;
    if (head.framing.kind === 'chunked') {
      this.#state = { kind: 'chunk-size' };
    } else {
      if (head.framing.bytes > MAX_BODY_BYTES) throw tooLarge();
      if (head.framing.bytes === 0) return this.#finish();
      this.#state = { kind: 'body', missing: head.framing.bytes };
    }
    const awaitsLeave = head.headers['expect']?.toLowerCase() === '100-continue' && !this.#queue.holds(1);
    return awaitsLeave ? { kind: 'continue' } : undefined;
  }

  #readData(state: { readonly kind: 'body' | 'chunk'; missing: number }): Reading | undefined {
    const piece = this.#queue.take(state.missing);
    if (piece === undefined) return INCOMPLETE;
    this.#body.push(piece);
    state.missing -= piece.length;
    if (state.missing > 0) return undefined;
    if (state.kind === 'body') return this.#finish();
    this.#state = { kind: 'chunk-end' };
    return undefined;
  }

  #readChunkSize(): Reading | undefined {
    const line = this.#readLine();
    if (line === undefined) return INCOMPLETE;
    const size = /^([0-9a-f]{1,8})(?:[ \t]*;.*)?$/i.exec(line)?.[1];
    if (size === undefined) throw new InvalidRequest(400, 'A chunk size is not valid.');
    const bytes = Number.parseInt(size, 16);
    this.#bodyBytes += bytes;
    if (this.#bodyBytes > MAX_BODY_BYTES) throw tooLarge();
    this.#state = bytes === 0 ? { kind: 'trailer' } : { kind: 'chunk', missing: bytes };
    return undefined;
  }

  #readChunkEnd(): Reading | undefined {
    const line = this.#readLine();
    if (line === undefined) return INCOMPLETE;
    if (line !== '') throw new InvalidRequest(400, 'A chunk is longer than its size.');
    this.#state = { kind: 'chunk-size' };
    return undefined;
  }

  #readTrailer(): Reading | undefined {
    const line = this.#readLine();
    if (line === undefined) return INCOMPLETE;
    return line === '' ? this.#finish() : undefined;
  }

  #readLine(): string | undefined {
    const line = this.#queue.takeThrough('\r\n', MAX_CHUNK_LINE_BYTES);
    if (line === undefined && this.#queue.holds(MAX_CHUNK_LINE_BYTES + 2)) {
      throw new InvalidRequest(400, 'A line of the chunked body is too long.');
    }
    return line?.toString('latin1');
  }

  #finish(): Reading {
    const head = this.#head;
    if (head === undefined) return INCOMPLETE;
    const [only] = this.#body;
    const body = this.#body.length === 1 && only !== undefined ? only : Buffer.concat(this.#body);
    this.#state = { kind: 'head' };
    this.#head = undefined;
    this.#body = [];
    this.#bodyBytes = 0;
    return { kind: 'request', request: { ...head, body } };
  }
}

function tooLarge(): InvalidRequest {
  return new InvalidRequest(413, 'The body of the request is larger than 100 MB.');
}
