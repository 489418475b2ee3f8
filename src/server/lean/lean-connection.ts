import type { Socket } from 'bun';
import type { ClientAnswer, StreamedClientAnswer } from '../../gateway/client-answer.ts';
import { isProviderEndpoint } from '../../gateway/endpoint.ts';
import { SMALL_BODY_BYTES } from '../body-budget.ts';
import { AnswerWriter } from './answer-writer.ts';
import { HandedOver, type InnerServer } from './handed-over.ts';
import { type BodyRoom, LargeBody } from './large-body.ts';
import { LastRequestHead, type PlacedHead } from '../../http1/last-request-head.ts';
import { MOST_HEAD_BYTES, type RequestHead } from '../../http1/request-head.ts';
import { partOf } from '../../lib/part-of.ts';
import { PlainSignal } from '../../lib/signal.ts';
import type { LeanRequest } from './lean-request.ts';
import { UnreadBytes } from './unread-bytes.ts';

/** The server's side of a connection. */
export interface LeanHost extends InnerServer {
  /** Never rejects. */
  readonly answer: (request: LeanRequest) => Promise<ClientAnswer>;
  /** Larger bodies are handed over, to be refused. */
  readonly maxBodyBytes: () => number;
  readonly bodyRoom: () => BodyRoom;
  /** Whether connections are to close after their answers. */
  readonly isDraining: () => boolean;
  readonly onBug: (error: Error) => void;
  readonly onClose: (connection: LeanConnection) => void;
}

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
  /** The address of the peer. */
  readonly #peer: () => string;
  readonly #writer: AnswerWriter;
  #state: 'reading' | 'answering' | 'handed-over' | 'discarding' | 'closed' = 'reading';
  readonly #unread = new UnreadBytes();
  /** The head of a request whose body is incomplete. */
  #placed: PlacedHead | undefined;
  readonly #lastHead = new LastRequestHead();
  #large: LargeBody | undefined;
  #leaving: PlainSignal | undefined;
  #handedOver: HandedOver | undefined;
  /** Whether the client closes the connection after the answer. */
  #isLast = false;
  #isFinished = false;
  #isPaused = false;
  /** When an incomplete request began, by `performance.now`; 0: there is none. */
  waitingSinceMs = 0;
  /** When the connection opened, until its first byte; 0 from then on. */
  silentSinceMs = performance.now();

  constructor(socket: Socket<LeanConnection>, host: LeanHost) {
    this.#socket = socket;
    const address = socket.remoteAddress;
    this.#peer = () => address;
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
    if (this.#state === 'reading' && this.#unread.size === 0 && this.#readAtOnce(bytes)) return;
    const ahead = this.#large === undefined ? bytes : this.#large.add(bytes);
    if (ahead.byteLength > 0) this.#unread.add(ahead);
    if (this.#state === 'reading') this.#read();
    else if (this.#unread.size > MOST_AHEAD_BYTES) this.#pause();
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

  /** Ends the connection with everything on it. */
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

  /** Reads a request if these bytes are exactly one, with the head of the last. */
  #readAtOnce(bytes: Buffer): boolean {
    if (this.#placed !== undefined) return false;
    const placed = this.#lastHead.find(bytes);
    if (placed === undefined) return false;
    const { contentLength } = placed.head;
    const isWhole = bytes.byteLength === placed.bytes + contentLength;
    if (!isWhole || contentLength > SMALL_BODY_BYTES || this.#isTooLarge(placed.head)) return false;
    const body = partOf(bytes, placed.bytes, bytes.byteLength);
    this.#answer(placed.head, () => body);
    return true;
  }

  #read(): void {
    const placed = this.#placed ?? this.#readHead();
    this.#placed = placed;
    if (placed === undefined) return;
    const { head, bytes } = placed;
    if (head.contentLength > SMALL_BODY_BYTES) this.#beginLarge(placed);
    else if (this.#unread.size < bytes + head.contentLength) this.#wait();
    else {
      this.#unread.take(bytes);
      const body = this.#unread.take(head.contentLength);
      this.#answer(head, () => body);
    }
  }

  #beginLarge({ head, bytes }: PlacedHead): void {
    this.#unread.take(bytes);
    const large = new LargeBody(head.contentLength, this.#host.bodyRoom());
    this.#large = large;
    this.#answer(head, (key) => {
      const reading = large.read(key);
      if (large.isWanted && this.#unread.size > 0) this.received(this.#unread.take());
      this.#resume();
      return reading;
    });
  }

  /** Returns the head if it is complete. Hands the request over if its head is not plain. */
  #readHead(): PlacedHead | undefined {
    if (this.#unread.size === 0) return undefined;
    const end = this.#unread.endOfHead();
    if (end === -1 && this.#unread.size <= MOST_HEAD_BYTES) {
      this.#wait();
      return undefined;
    }
    const isShort = end !== -1 && end <= MOST_HEAD_BYTES;
    const placed = isShort ? this.#lastHead.read(this.#unread.text(end)) : undefined;
    if (placed !== undefined && isProviderEndpoint(placed.head.path) && !this.#isTooLarge(placed.head))
      return placed;
    this.#handOver();
    return undefined;
  }

  #isTooLarge({ contentLength }: RequestHead): boolean {
    return contentLength > this.#host.maxBodyBytes();
  }

  #pause(): void {
    this.#isPaused = true;
    this.#socket.pause();
  }

  #resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#socket.resume();
  }

  #wait(): void {
    if (this.waitingSinceMs === 0) this.waitingSinceMs = performance.now();
  }

  #answer(head: RequestHead, readBody: LeanRequest['readBody']): void {
    this.#state = 'answering';
    this.#placed = undefined;
    this.waitingSinceMs = 0;
    const signal = new PlainSignal();
    this.#leaving = signal;
    this.#writer.begin();
    this.#isLast = head.isLast;
    const request = { head, readBody, peer: this.#peer, signal, isAnswered: this.#isAnswered };
    void this.#host.answer(request).then(this.#send);
  }

  readonly #isAnswered = (): boolean => this.#writer.isDrained;

  readonly #send = (answer: ClientAnswer): void | Promise<void> => {
    const isLast =
      this.#isLast || this.#isFinished || this.#large?.isComplete === false || this.#host.isDraining();
    if (answer.kind === 'streamed') return this.#sendStream(answer, isLast);
    this.#writer.whole(answer, isLast);
    if (this.#writer.isDrained) this.#next(isLast);
    else return this.#writer.whenDrained().then(() => this.#next(isLast));
  };

  async #sendStream(answer: StreamedClientAnswer, isLast: boolean): Promise<void> {
    if (this.#isClosed) {
      answer.cancel();
      return this.#abort();
    }
    this.#leaving?.addEventListener('abort', answer.cancel);
    const how = await this.#writer.stream(answer, isLast);
    this.#leaving?.removeEventListener('abort', answer.cancel);
    if (how === 'reset') return this.#abort();
    if (!this.#writer.isDrained) await this.#writer.whenDrained();
    this.#next(isLast);
  }

  /** The answer was written. */
  #next(isLast: boolean): void {
    this.#leaving = undefined;
    if (this.#isClosed) return;
    if (isLast || this.#isFinished) return this.#discard();
    this.#large = undefined;
    this.#state = 'reading';
    this.#resume();
    if (this.#unread.size > 0) this.#read();
  }

  get #isClosed(): boolean {
    return this.#state === 'closed';
  }

  #discard(): void {
    this.#state = 'discarding';
    this.#socket.shutdown();
    if (this.#isFinished) return this.#close();
    this.#resume();
    setTimeout(() => this.#close(), DISCARD_MS).unref();
  }

  #handOver(): void {
    this.#state = 'handed-over';
    this.#placed = undefined;
    this.waitingSinceMs = 0;
    this.#handedOver = new HandedOver(this.#socket, this.#host);
    this.#handedOver.send(this.#unread.take());
    if (this.#isFinished) this.#handedOver.finish();
  }
}
