import type { Socket } from 'bun';
import type { ClientAnswer } from '../../gateway/client-answer.ts';
import { AnswerWriter } from './answer-writer.ts';
import { HandedOver, type InnerServer } from './handed-over.ts';
import { MOST_HEAD_BYTES, parseRequestHead, type RequestHead } from './request-head.ts';

/** A complete request. */
export interface LeanRequest {
  readonly head: RequestHead;
  readonly body: Uint8Array;
  readonly peer: string;
  /** Aborted when the client disconnects. */
  readonly signal: AbortSignal;
  /** Whether the system has taken the whole answer, or the client has gone. */
  readonly isAnswered: () => boolean;
}

/** The server's part in a connection. */
export interface LeanHost extends InnerServer {
  /** Never rejects. */
  readonly answer: (request: LeanRequest) => Promise<ClientAnswer>;
  /** Larger bodies are handed over. */
  readonly mostBodyBytes: () => number;
  /** Whether connections are to close after their answers. */
  readonly isDraining: () => boolean;
  readonly onClose: (connection: LeanConnection) => void;
}

const NOTHING = Buffer.alloc(0);
const HEAD_END = Buffer.from('\r\n\r\n');

/** A client that sends ahead waits when this much is unread. */
const MOST_AHEAD_BYTES = 64 * 1024;

/** Clients ignore an interim response that they did not ask for (RFC 9110 §15.2). */
const PROBE = Buffer.from('HTTP/1.1 100 Continue\r\n\r\n');

/**
 * A client's connection. It is **reading** a request, then **answering** it, and so on. Requests that a client sends
 * ahead are answered in order. Everything unusual **hands it over** to the runtime's server, from the first byte of that
 * request on.
 */
export class LeanConnection {
  readonly #host: LeanHost;
  readonly #socket: Socket<LeanConnection>;
  readonly #writer: AnswerWriter;
  #state: 'reading' | 'answering' | 'handed-over' | 'closed' = 'reading';
  /** The bytes from the first of the next request on, and how many of them. */
  #unread: Buffer = NOTHING;
  #unreadBytes = 0;
  /** No end of a head was found before this position. */
  #searchedBytes = 0;
  #headBytes = 0;
  #head: RequestHead | undefined;
  /** The last head. Most clients send the same one again. */
  #lastText = '';
  #lastHead: RequestHead | undefined;
  #leaving: AbortController | undefined;
  #handedOver: HandedOver | undefined;
  #isFinished = false;
  /** The server's clock in milliseconds when the first byte of an incomplete request came; 0: there is none. */
  waitingSinceMs = 0;

  constructor(socket: Socket<LeanConnection>, host: LeanHost) {
    this.#socket = socket;
    this.#host = host;
    this.#writer = new AnswerWriter(socket);
  }

  get isAnswering(): boolean {
    return this.#state === 'answering';
  }

  received(bytes: Buffer): void {
    if (this.#handedOver !== undefined) return this.#handedOver.send(bytes);
    this.#keep(bytes);
    if (this.#state === 'reading') this.#read();
    else if (this.#unreadBytes > MOST_AHEAD_BYTES) this.#socket.pause();
  }

  drained(): void {
    if (this.#handedOver === undefined) this.#writer.drained();
    else this.#handedOver.drained();
  }

  /**
   * The client has finished sending, or has gone. Before the answer, an interim response tells which: whoever has gone
   * answers it with a reset (RFC 9293 §3.10.7.1). Nothing can be inserted into an answer that has begun.
   */
  finished(): void {
    this.#isFinished = true;
    if (this.#handedOver !== undefined) this.#handedOver.finish();
    else if (this.#state === 'answering' && this.#writer.isUnbegun) this.#socket.write(PROBE);
    else if (this.#state !== 'answering' || !this.#writer.isDone) this.close();
  }

  closed(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#writer.closed();
    this.#handedOver?.end();
    this.#leaving?.abort();
    this.#host.onClose(this);
  }

  /** Closes the connection if it carries no request. */
  closeIdle(): void {
    if (this.#state === 'reading' && this.#unreadBytes === 0) this.close();
  }

  close(): void {
    this.#socket.terminate();
  }

  /** Hands over a request that is slow to arrive, since the runtime's server limits its time. */
  handOverSlow(): void {
    if (this.#state === 'reading' && this.#unreadBytes > 0) this.#handOver();
  }

  #keep(bytes: Buffer): void {
    const size = this.#unreadBytes + bytes.byteLength;
    if (this.#unreadBytes === 0) this.#unread = bytes;
    else {
      if (size > this.#unread.byteLength || this.#isBorrowed) this.#grow(size);
      bytes.copy(this.#unread, this.#unreadBytes);
    }
    this.#isBorrowed = this.#unreadBytes === 0;
    this.#unreadBytes = size;
  }

  /** Whether `#unread` is the runtime's buffer, which has no room for more. */
  #isBorrowed = false;

  /** By doubling, so that a byte is copied a bounded number of times. */
  #grow(size: number): void {
    const larger = Buffer.allocUnsafe(Math.max(1024, size, 2 * this.#unreadBytes));
    this.#unread.copy(larger, 0, 0, this.#unreadBytes);
    this.#unread = larger;
  }

  #read(): void {
    if (this.#head === undefined && !this.#readHead()) return;
    const head = this.#head;
    if (head === undefined) return;
    const size = this.#headBytes + head.contentLength;
    if (this.#unreadBytes < size) return this.#wait();
    const body = this.#unread.subarray(this.#headBytes, size);
    this.#unread = this.#unread.subarray(size, this.#unreadBytes);
    this.#isBorrowed = true;
    this.#unreadBytes -= size;
    this.#searchedBytes = 0;
    this.#head = undefined;
    this.waitingSinceMs = 0;
    void this.#answer(head, body);
  }

  /** Returns whether the head is complete and plain. */
  #readHead(): boolean {
    if (this.#unreadBytes === 0) return false;
    const unread = this.#unread.subarray(0, this.#unreadBytes);
    const end = unread.indexOf(HEAD_END, Math.max(0, this.#searchedBytes - HEAD_END.length));
    this.#searchedBytes = this.#unreadBytes;
    if (end === -1) {
      if (this.#unreadBytes > MOST_HEAD_BYTES) this.#handOver();
      else this.#wait();
      return false;
    }
    const head = end > MOST_HEAD_BYTES ? undefined : this.#parsed(unread.toString('latin1', 0, end));
    if (head === undefined || head.contentLength > this.#host.mostBodyBytes()) {
      this.#handOver();
      return false;
    }
    this.#head = head;
    this.#headBytes = end + HEAD_END.length;
    return true;
  }

  #parsed(text: string): RequestHead | undefined {
    if (text !== this.#lastText) {
      this.#lastHead = parseRequestHead(text);
      this.#lastText = text;
    }
    return this.#lastHead;
  }

  #wait(): void {
    if (this.waitingSinceMs === 0) this.waitingSinceMs = performance.now();
  }

  async #answer(head: RequestHead, body: Uint8Array): Promise<void> {
    this.#state = 'answering';
    const leaving = new AbortController();
    this.#leaving = leaving;
    this.#writer.begin();
    const answer = await this.#host.answer({
      head,
      body,
      peer: this.#socket.remoteAddress,
      signal: leaving.signal,
      isAnswered: () => this.#writer.isDrained || this.#isClosed,
    });
    if (answer.kind === 'streamed' && this.#isClosed) return answer.cancel();
    const isLast = head.isLast || this.#isFinished || this.#host.isDraining();
    const cancel = answer.kind === 'streamed' ? answer.cancel : undefined;
    if (cancel !== undefined) leaving.signal.addEventListener('abort', cancel, { once: true });
    const how = await this.#writer.write(answer, isLast);
    if (cancel !== undefined) leaving.signal.removeEventListener('abort', cancel);
    if (how === 'reset') return this.close();
    if (!this.#writer.isDrained) await this.#writer.whenDrained();
    this.#leaving = undefined;
    if (this.#isClosed) return;
    if (isLast) {
      this.#socket.end();
      return;
    }
    this.#state = 'reading';
    this.#socket.resume();
    this.#read();
  }

  get #isClosed(): boolean {
    return this.#state === 'closed';
  }

  #handOver(): void {
    this.#state = 'handed-over';
    this.waitingSinceMs = 0;
    this.#handedOver = new HandedOver(this.#socket, this.#host);
    this.#handedOver.send(this.#unread.subarray(0, this.#unreadBytes));
    if (this.#isFinished) this.#handedOver.finish();
    this.#unread = NOTHING;
    this.#unreadBytes = 0;
  }
}
