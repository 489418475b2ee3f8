import type { Socket } from 'bun';
import type { ClientAnswer } from '../../gateway/client-answer.ts';
import { isProviderEndpoint } from '../../gateway/endpoint.ts';
import { SMALL_BODY_BYTES } from '../body-budget.ts';
import { AnswerWriter } from './answer-writer.ts';
import { HandedOver, type InnerServer } from './handed-over.ts';
import { type BodyRoom, LargeBody } from './large-body.ts';
import { MOST_HEAD_BYTES, parseRequestHead, type RequestHead } from '../../http1/request-head.ts';
import { UnreadBytes } from './unread-bytes.ts';

/** A request whose body is complete, or of known size. */
export interface LeanRequest {
  readonly head: RequestHead;
  readonly readBody: (key: string | undefined) => Promise<Uint8Array>;
  readonly peer: string;
  /** Aborted when the client disconnects. */
  readonly signal: AbortSignal;
  /** Whether the system has taken the whole answer. */
  readonly isAnswered: () => boolean;
}

/** The server's side of a connection. */
export interface LeanHost extends InnerServer {
  /** Never rejects. */
  readonly answer: (request: LeanRequest) => Promise<ClientAnswer>;
  /** The limits on bodies. A body above the limit on size is handed over, to be refused. */
  readonly bodyRoom: () => BodyRoom;
  /** Whether connections are to close after their answers. */
  readonly isDraining: () => boolean;
  readonly onBug: (error: Error) => void;
  readonly onClose: (connection: LeanConnection) => void;
}

const HEAD_END = Buffer.from('\r\n\r\n');

/** A client that pipelines requests is paused when this much is unread. */
const MOST_AHEAD_BYTES = 64 * 1024;

/** How long a client may go on sending after the last answer. */
const DISCARD_MS = 5_000;

/** How long a client that has finished sending is believed to wait for its answer. */
const PROBE_MS = 100;

/**
 * A client's connection. It is **reading** a request, then **answering** it, and so on. Requests that a client sends
 * ahead are answered in order. Everything unusual **hands it over** to the runtime's server, from the first byte of
 * that request on. After its last answer it is **discarding** further bytes, since closing at once would reset the
 * connection and lose the answer.
 */
export class LeanConnection {
  readonly #host: LeanHost;
  readonly #socket: Socket<LeanConnection>;
  readonly #peer: string;
  readonly #writer: AnswerWriter;
  #state: 'reading' | 'answering' | 'handed-over' | 'discarding' | 'closed' = 'reading';
  readonly #unread = new UnreadBytes();
  /** No end of a head was found before this position. */
  #searchedBytes = 0;
  #headBytes = 0;
  #head: RequestHead | undefined;
  /** The last head. Most clients repeat it. */
  #lastText = '';
  #lastHead: RequestHead | undefined;
  #large: LargeBody | undefined;
  #leaving: AbortController | undefined;
  #handedOver: HandedOver | undefined;
  #isFinished = false;
  /** When an incomplete request began, by `performance.now`; 0: there is none. */
  waitingSinceMs = 0;
  /** When the connection opened, until its first byte; 0 from then on. */
  silentSinceMs = performance.now();

  constructor(socket: Socket<LeanConnection>, host: LeanHost) {
    this.#socket = socket;
    this.#peer = socket.remoteAddress;
    this.#host = host;
    this.#writer = new AnswerWriter(socket);
  }

  get isAnswering(): boolean {
    return this.#state === 'answering';
  }

  received(bytes: Buffer): void {
    this.silentSinceMs = 0;
    if (this.#handedOver !== undefined) return this.#handedOver.send(bytes);
    if (this.#state === 'discarding') return;
    const ahead = this.#large === undefined ? bytes : this.#large.add(bytes);
    if (ahead.byteLength > 0) this.#unread.add(ahead);
    if (this.#state === 'reading') this.#read();
    else if (this.#unread.size > MOST_AHEAD_BYTES) this.#socket.pause();
  }

  drained(): void {
    if (this.#handedOver === undefined) this.#writer.drained();
    else this.#handedOver.drained();
  }

  /**
   * The client has finished sending, or has gone. If no answer begins soon, the first bytes of one tell which: a client
   * that has gone resets the connection (RFC 9293 §3.10.7.1). In the middle of an answer, it counts as gone.
   */
  finished(): void {
    this.#isFinished = true;
    if (this.#handedOver !== undefined) return this.#handedOver.finish();
    const isWhole = this.#state === 'answering' && this.#large?.isComplete !== false;
    if (!isWhole) return this.#close();
    if (this.#writer.isUnbegun) setTimeout(() => this.#probe(), PROBE_MS).unref();
    else if (!this.#writer.isDone) this.#abort();
  }

  closed(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#writer.closed();
    this.#handedOver?.end();
    this.#large?.leave();
    this.#leaving?.abort();
    this.#host.onClose(this);
  }

  /** A handler threw: the state of the connection is unknown. */
  failed(error: Error): void {
    this.#host.onBug(error);
    this.#abort();
  }

  #probe(): void {
    if (this.#state === 'answering') this.#writer.probe();
  }

  /** Whether the runtime's server answers it, and the client has not got everything yet. */
  get isHandedOver(): boolean {
    return this.#handedOver?.isPassing === true;
  }

  /** Closes the connection if it carries no request. */
  closeIdle(): void {
    if (this.#state === 'reading' && this.#unread.size === 0) this.#close();
  }

  /** Ends the connection, whatever it carries. */
  end(): void {
    if (this.#handedOver !== undefined) this.#handedOver.end();
    else if (this.#state === 'answering') this.#abort();
    else this.#close();
  }

  /** Closes in order. The system still delivers what was written, which a reset would discard. */
  #close(): void {
    this.#socket.end();
  }

  /** Resets the connection, so that no client can mistake the answer for a complete one. */
  #abort(): void {
    this.#socket.terminate();
  }

  /** Hands over a request that is slow to arrive, since the runtime's server limits its time. */
  handOverSlow(): void {
    if (this.#state === 'reading' && this.#unread.size > 0) this.#handOver();
  }

  #read(): void {
    if (this.#head === undefined && !this.#readHead()) return;
    const head = this.#head;
    if (head === undefined) return;
    if (head.contentLength > SMALL_BODY_BYTES) this.#beginLarge(head);
    else if (this.#unread.size < this.#headBytes + head.contentLength) this.#wait();
    else {
      this.#unread.take(this.#headBytes);
      const body = this.#unread.take(head.contentLength);
      void this.#answer(head, () => Promise.resolve(body));
    }
  }

  #beginLarge(head: RequestHead): void {
    this.#unread.take(this.#headBytes);
    const large = new LargeBody(head.contentLength, this.#host.bodyRoom());
    this.#large = large;
    void this.#answer(head, (key) => {
      const reading = large.read(key);
      if (large.isWanted && this.#unread.size > 0) this.received(this.#unread.take());
      this.#socket.resume();
      return reading;
    });
  }

  /** Returns whether the head is complete and plain. */
  #readHead(): boolean {
    if (this.#unread.size === 0) return false;
    const end = this.#unread.indexOf(HEAD_END, Math.max(0, this.#searchedBytes - HEAD_END.length));
    this.#searchedBytes = this.#unread.size;
    if (end === -1 && this.#unread.size <= MOST_HEAD_BYTES) {
      this.#wait();
      return false;
    }
    this.#head = end === -1 || end > MOST_HEAD_BYTES ? undefined : this.#parsed(this.#unread.text(end));
    if (this.#head === undefined || this.#head.contentLength > this.#host.bodyRoom().limits.maxBodyBytes) {
      this.#handOver();
      return false;
    }
    this.#headBytes = end + HEAD_END.length;
    return true;
  }

  #parsed(text: string): RequestHead | undefined {
    if (text !== this.#lastText) {
      const head = parseRequestHead(text);
      this.#lastHead = head !== undefined && isProviderEndpoint(head.path) ? head : undefined;
      this.#lastText = text;
    }
    return this.#lastHead;
  }

  #wait(): void {
    if (this.waitingSinceMs === 0) this.waitingSinceMs = performance.now();
  }

  async #answer(head: RequestHead, readBody: LeanRequest['readBody']): Promise<void> {
    this.#state = 'answering';
    this.#head = undefined;
    this.#searchedBytes = 0;
    this.waitingSinceMs = 0;
    const leaving = new AbortController();
    this.#leaving = leaving;
    this.#writer.begin();
    const answer = await this.#host.answer({
      head,
      readBody,
      peer: this.#peer,
      signal: leaving.signal,
      isAnswered: () => this.#writer.isDrained,
    });
    const isLast =
      head.isLast || this.#isFinished || this.#large?.isComplete === false || this.#host.isDraining();
    const how = await this.#send(answer, leaving.signal, isLast);
    if (how === 'reset') return this.#abort();
    if (!this.#writer.isDrained) await this.#writer.whenDrained();
    this.#leaving = undefined;
    if (this.#isClosed) return;
    if (isLast || this.#isFinished) return this.#discard();
    this.#large = undefined;
    this.#state = 'reading';
    this.#socket.resume();
    this.#read();
  }

  async #send(answer: ClientAnswer, leaving: AbortSignal, isLast: boolean): Promise<'written' | 'reset'> {
    if (answer.kind === 'whole') return this.#writer.write(answer, isLast);
    if (this.#isClosed) {
      answer.cancel();
      return 'reset';
    }
    leaving.addEventListener('abort', answer.cancel, { once: true });
    const how = await this.#writer.write(answer, isLast);
    leaving.removeEventListener('abort', answer.cancel);
    return how;
  }

  get #isClosed(): boolean {
    return this.#state === 'closed';
  }

  #discard(): void {
    this.#state = 'discarding';
    this.#socket.shutdown();
    if (this.#isFinished) return this.#close();
    this.#socket.resume();
    setTimeout(() => this.#close(), DISCARD_MS).unref();
  }

  #handOver(): void {
    this.#state = 'handed-over';
    this.#head = undefined;
    this.waitingSinceMs = 0;
    this.#handedOver = new HandedOver(this.#socket, this.#host);
    this.#handedOver.send(this.#unread.take());
    if (this.#isFinished) this.#handedOver.finish();
  }
}
