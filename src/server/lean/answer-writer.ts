import type { Socket } from 'bun';
import type { ClientStream, StreamedClientAnswer, WholeClientAnswer } from '../../gateway/client-answer.ts';
import { type AnswerHead, mostBytesOf, writeAnswerHead } from '../../http1/answer-head.ts';
import { MOST_POST_BYTES, type Sender, socketTurn } from '../../lib/socket-turn.ts';
import { PendingBytes } from './pending-bytes.ts';

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

/** The connection whose answers are written. */
interface WriterOwner {
  /** The system did not take all bytes at the end of a turn. */
  readonly heldUp: () => void;
}

/** Writes answers to one connection, one after the other. Small pieces are written at the end of the turn. */
export class AnswerWriter implements Sender {
  readonly #socket: Socket<unknown>;
  readonly #owner: WriterOwner;
  /** Absent until bytes are written that do not wait for the end of the turn, or that the system does not accept at once. */
  #pending: PendingBytes | undefined;
  /** Whether bytes wait for the end of the turn. */
  #isPosted = false;
  #onDrained: (() => void) | undefined;
  #isClosed = false;
  #isUnbegun = true;
  #isDone = false;
  /** How much of the head the client has got already. */
  #sentBytes = 0;

  constructor(socket: Socket<unknown>, owner: WriterOwner) {
    this.#socket = socket;
    this.#owner = owner;
  }

  /** Whether the system has taken all bytes, but for those that wait for the end of the turn. */
  get isDrained(): boolean {
    return this.#pending === undefined || this.#pending.isEmpty;
  }

  /** Since when the system has taken none of the bytes that wait, by `performance.now`; 0: none wait. */
  get blockedSinceMs(): number {
    return this.#pending?.blockedSinceMs ?? 0;
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
    this.flush();
    this.#writeOrKeep(Buffer.from(BEGINNING));
  }

  /** Writes what waits for the end of the turn. */
  flush(): void {
    if (this.#isPosted) socketTurn.flush();
  }

  writePosted(buffer: Buffer, from: number, to: number): void {
    this.#isPosted = false;
    if (this.#isClosed) return;
    const sent = this.isDrained ? Math.max(0, this.#socket.write(buffer, from, to - from)) : 0;
    if (from + sent === to) return;
    (this.#pending ??= new PendingBytes()).add(Buffer.from(buffer.subarray(from + sent, to)));
    this.#owner.heldUp();
  }

  /** Resolves when the system has taken all bytes, or the connection has closed. */
  whenDrained(): Promise<void> {
    return new Promise((resolve) => {
      this.#onDrained = resolve;
    });
  }

  /** The socket accepts bytes again. */
  drained(): void {
    if (this.#pending?.flush(this.#socket) === false) return;
    const onDrained = this.#onDrained;
    this.#onDrained = undefined;
    onDrained?.();
  }

  /** The connection has closed: nobody waits for it to accept bytes. */
  closed(): void {
    this.#isClosed = true;
    this.#pending?.clear();
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
    const { buffer, filled } = socketTurn;
    const headEnd = writeAnswerHead(buffer, head, filled);
    const end = headEnd + (body?.byteLength ?? 0);
    if (headEnd !== -1 && end - filled <= MOST_POST_BYTES && this.#sentBytes === 0) {
      if (body) buffer.set(body, headEnd);
      return this.#post(end);
    }
    this.flush();
    this.#writeOrKeep(this.#unsent(largeHead(head)), body);
  }

  #post(end: number): void {
    this.#isPosted = true;
    socketTurn.post(this, end);
  }

  /** Returns the stream in which an answer is sent. */
  stream({ status, fields }: StreamedClientAnswer, isLast: boolean): ChunkedStream {
    const head = this.#unsent(largeHead({ status, fields, framing: 'chunked', isLast })).toString('latin1');
    return new ChunkedStream(this, head);
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
    this.#join(head, chunk);
    return this.#accepted();
  }

  /** Writes the end of a chunked body, after its head if that was not written yet. */
  lastChunk(head: string): void {
    this.#join(head, LAST_CHUNK);
    this.#isDone = true;
  }

  #accepted(): Promise<unknown> | undefined {
    return this.isDrained || this.#isClosed ? undefined : this.whenDrained();
  }

  #join(head: string, body: Uint8Array | null | undefined, end?: Uint8Array): void {
    if (this.#isClosed) return;
    this.#isUnbegun = false;
    if ((body?.byteLength ?? 0) > SMALL_BYTES || head.length > SMALL_BYTES)
      return this.#writeNow(head, body, end);
    const { buffer, filled } = socketTurn;
    // Only the first piece has a head, and a write of nothing costs as much as one of a hundred bytes.
    let at = head === '' ? filled : filled + buffer.write(head, filled, 'latin1');
    if (body) {
      buffer.set(body, at);
      at += body.byteLength;
    }
    if (end !== undefined) {
      buffer.set(end, at);
      at += end.byteLength;
    }
    this.#post(at);
  }

  #writeNow(head: string, body: Uint8Array | null | undefined, end: Uint8Array | undefined): void {
    this.flush();
    this.#writeOrKeep(Buffer.from(head, 'latin1'), body, end);
  }

  /** Writes bytes after those that are pending, and keeps what the system does not accept. */
  #writeOrKeep(...pieces: readonly (Uint8Array | null | undefined)[]): void {
    const pending = (this.#pending ??= new PendingBytes());
    for (const piece of pieces) if (piece) pending.add(piece);
    pending.flush(this.#socket);
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

  /** How it ended: all of it was written, or the connection has to break now. */
  get end(): 'written' | 'reset' {
    return this.#end;
  }

  write(bytes: Uint8Array): Promise<unknown> | undefined {
    // An empty chunk would end the body.
    if (bytes.byteLength === 0) return undefined;
    return this.#writer.chunk(this.#takeHead(), bytes);
  }

  writeFramed(chunk: Uint8Array): Promise<unknown> | undefined {
    return this.#writer.framedChunk(this.#takeHead(), chunk);
  }

  #takeHead(): string {
    const head = this.#head;
    if (head !== '') this.#head = '';
    return head;
  }

  /** Sends an answer. Its head leaves alone if the answer writes nothing at once. */
  carry(answer: StreamedClientAnswer): Promise<void> {
    const sending = answer.send(this);
    if (this.#head !== '') this.#writer.headAlone(this.#head);
    this.#head = '';
    return sending;
  }

  close(): void {
    this.#writer.lastChunk(this.#head);
    this.#head = '';
    this.#end = 'written';
  }

  reset(): void {
    this.#end = 'reset';
  }
}
