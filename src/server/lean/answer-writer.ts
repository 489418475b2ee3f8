import type { Socket } from 'bun';
import type { ClientStream, StreamedClientAnswer, WholeClientAnswer } from '../../gateway/client-answer.ts';
import { type AnswerHead, mostBytesOf, writeAnswerHead } from '../../http1/answer-head.ts';
import { PendingBytes } from './pending-bytes.ts';

/** Joins a head and small pieces, so that they leave in one write. It is shared, since the system copies the bytes. */
const SCRATCH = Buffer.allocUnsafeSlow(64 * 1024);

/** Larger pieces are written directly, which is cheaper than copying them. */
const SMALL_BYTES = 16 * 1024;

const CRLF = Buffer.from('\r\n');
/** The beginning of every answer. */
const BEGINNING = 'HTTP/1.1 ';

const LAST_CHUNK = Buffer.from('0\r\n\r\n');

/** Statuses whose answers have no body and no length (RFC 9110 §6.4.1). */
const BODILESS: ReadonlySet<number> = new Set([204, 304]);

/** Returns a head of any size in a buffer of its own. */
function largeHead(head: AnswerHead): Buffer {
  const bytes = Buffer.allocUnsafe(mostBytesOf(head));
  return bytes.subarray(0, writeAnswerHead(bytes, head));
}

/** Writes answers to one connection, one after the other. */
export class AnswerWriter {
  readonly #socket: Socket<unknown>;
  readonly #pending = new PendingBytes();
  #onDrained: (() => void) | undefined;
  #isClosed = false;
  #isUnbegun = true;
  #isDone = false;
  /** How much of the head the client has got already. */
  #sentBytes = 0;

  constructor(socket: Socket<unknown>) {
    this.#socket = socket;
  }

  /** Whether the system has taken all bytes. */
  get isDrained(): boolean {
    return this.#pending.isEmpty;
  }

  /** Whether nothing of the current answer was written. */
  get isUnbegun(): boolean {
    return this.#isUnbegun;
  }

  /** Whether the current answer was written to its end. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /** Another answer follows. */
  begin(): void {
    this.#isUnbegun = true;
    this.#isDone = false;
    this.#sentBytes = 0;
  }

  /** Sends the bytes that every answer begins with, unless one has begun. A client that has gone resets the connection. */
  probe(): void {
    if (!this.#isUnbegun || this.#sentBytes > 0) return;
    this.#sentBytes = BEGINNING.length;
    this.#pending.add(Buffer.from(BEGINNING));
    this.#pending.flush(this.#socket);
  }

  /** Resolves when the system has taken all bytes, or the connection has closed. */
  whenDrained(): Promise<void> {
    return new Promise((resolve) => {
      this.#onDrained = resolve;
    });
  }

  /** The socket accepts bytes again. */
  drained(): void {
    if (!this.#pending.flush(this.#socket)) return;
    const onDrained = this.#onDrained;
    this.#onDrained = undefined;
    onDrained?.();
  }

  /** The connection has closed: nobody waits for it to accept bytes. */
  closed(): void {
    this.#isClosed = true;
    this.#pending.clear();
    this.#onDrained?.();
    this.#onDrained = undefined;
  }

  /** Writes a complete answer, or as much of it as the system takes now. */
  whole({ status, fields, body: given }: WholeClientAnswer, isLast: boolean): void {
    if (this.#isClosed) return;
    this.#isUnbegun = false;
    this.#isDone = true;
    const bytes = typeof given === 'string' ? Buffer.from(given) : given;
    const isBodiless = BODILESS.has(status);
    const body = isBodiless ? null : bytes;
    const framing = isBodiless ? 'none' : (bytes?.byteLength ?? 0);
    const head = { status, fields, framing, isLast } as const;
    const size = writeAnswerHead(SCRATCH, head);
    const isSmall =
      size !== -1 && this.#pending.isEmpty && size + (body?.byteLength ?? 0) <= SCRATCH.byteLength;
    if (isSmall) return this.#writeWhole(size, body);
    this.#pending.add(this.#unsent(size === -1 ? largeHead(head) : Buffer.from(SCRATCH.subarray(0, size))));
    if (body) this.#pending.add(body);
    this.#pending.flush(this.#socket);
  }

  /** Writes a head of `size` bytes, which is in `SCRATCH`, and the body. */
  #writeWhole(size: number, body: Uint8Array | null): void {
    if (body) SCRATCH.set(body, size);
    const end = size + (body?.byteLength ?? 0);
    const from = this.#sentBytes;
    const sent = Math.max(0, this.#socket.write(SCRATCH, from, end - from));
    if (from + sent < end) this.#pending.add(Buffer.from(SCRATCH.subarray(from + sent, end)));
  }

  /** Sends a stream. Resolves when all of it was written: `reset` if the connection has to break now. */
  async stream(answer: StreamedClientAnswer, isLast: boolean): Promise<'written' | 'reset'> {
    const { status, fields } = answer;
    const head = this.#unsent(largeHead({ status, fields, framing: 'chunked', isLast })).toString('latin1');
    const stream = new ChunkedStream(this, head);
    const sending = answer.send(stream);
    stream.begin();
    await sending;
    return stream.end;
  }

  #unsent(head: Buffer): Buffer {
    return this.#sentBytes === 0 ? head : head.subarray(this.#sentBytes);
  }

  headAlone(head: string): void {
    this.#join(head, undefined);
  }

  /** Writes a piece of a chunked body, after its head. Returns a promise while the client has not accepted them. */
  chunk(head: string, bytes: Uint8Array): Promise<unknown> | undefined {
    const size = `${head}${bytes.byteLength.toString(16)}\r\n`;
    this.#join(size, bytes, CRLF);
    return this.#accepted();
  }

  /** Writes a chunk that has its framing, after the head of the answer. */
  framedChunk(head: string, chunk: Uint8Array): Promise<unknown> | undefined {
    if (head !== '' || !this.#pending.isEmpty || this.#isClosed) this.#join(head, chunk);
    else {
      const sent = Math.max(0, this.#socket.write(chunk));
      if (sent < chunk.byteLength) this.#pending.add(chunk.subarray(sent));
    }
    return this.#accepted();
  }

  /** Writes the end of a chunked body, after its head if that was not written yet. */
  lastChunk(head: string): void {
    this.#join(head, LAST_CHUNK);
    this.#isDone = true;
  }

  #accepted(): Promise<unknown> | undefined {
    return this.#pending.isEmpty || this.#isClosed ? undefined : this.whenDrained();
  }

  #join(head: string, body: Uint8Array | null | undefined, end?: Uint8Array): void {
    if (this.#isClosed) return;
    this.#isUnbegun = false;
    const isJoined = (body?.byteLength ?? 0) <= SMALL_BYTES && head.length <= SMALL_BYTES;
    if (!isJoined || !this.#pending.isEmpty) {
      this.#pending.add(Buffer.from(head, 'latin1'));
      // Waiting bytes must not change, and their owner may reuse them.
      if (body) this.#pending.add(isJoined ? Uint8Array.from(body) : body);
      if (end !== undefined) this.#pending.add(end);
      this.#pending.flush(this.#socket);
      return;
    }
    let filled = SCRATCH.write(head, 0, 'latin1');
    if (body) {
      SCRATCH.set(body, filled);
      filled += body.byteLength;
    }
    if (end !== undefined) {
      SCRATCH.set(end, filled);
      filled += end.byteLength;
    }
    const sent = Math.max(0, this.#socket.write(SCRATCH, 0, filled));
    if (sent < filled) this.#pending.add(Buffer.from(SCRATCH.subarray(sent, filled)));
  }
}

/** A stream in chunks (RFC 9112 §7.1). Its head leaves with its first piece. */
class ChunkedStream implements ClientStream {
  readonly #writer: AnswerWriter;
  #head: string;
  #end: 'written' | 'reset' = 'reset';

  constructor(writer: AnswerWriter, head: string) {
    this.#writer = writer;
    this.#head = head;
  }

  get end(): 'written' | 'reset' {
    return this.#end;
  }

  readonly write = (bytes: Uint8Array): Promise<unknown> | undefined => {
    // An empty chunk would end the body.
    if (bytes.byteLength === 0) return undefined;
    const head = this.#head;
    this.#head = '';
    return this.#writer.chunk(head, bytes);
  };

  readonly writeFramed = (chunk: Uint8Array): Promise<unknown> | undefined => {
    const head = this.#head;
    this.#head = '';
    return this.#writer.framedChunk(head, chunk);
  };

  /** Writes the head, unless a piece already included it. */
  begin(): void {
    if (this.#head !== '') this.#writer.headAlone(this.#head);
    this.#head = '';
  }

  readonly close = (): void => {
    this.#writer.lastChunk(this.#head);
    this.#head = '';
    this.#end = 'written';
  };

  readonly reset = (): void => {
    this.#end = 'reset';
  };
}
