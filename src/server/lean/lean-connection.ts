import type { Socket } from 'bun';
import type { ClientAnswer, StreamedClientAnswer } from '../../gateway/client-answer.ts';
import { SMALL_BODY_BYTES } from '../body-budget.ts';
import { AnswerWriter } from './answer-writer.ts';
import { believedMs } from './believed-ms.ts';
import { DISCARD_MS, HandedOver } from './handed-over.ts';
import { LargeBody } from './large-body.ts';
import type { LeanHost } from './lean-host.ts';
import { readHead } from './read-head.ts';
import { LastRequestHead, type PlacedHead } from '../../http1/last-request-head.ts';
import type { RequestHead } from '../../http1/request-head.ts';
import { type Receiver, socketTurn } from '../../lib/socket-turn.ts';
import { partOf } from '../../lib/part-of.ts';
import { PlainSignal } from '../../lib/signal.ts';
import type { LeanRequest } from './lean-request.ts';
import { UnreadBytes } from './unread-bytes.ts';

/** A client that pipelines requests is paused when this much is unread. */
const MOST_AHEAD_BYTES = 64 * 1024;

/**
 * A client's connection. It is **reading** a request, then **answering** it, and so on. Requests that a client sends
 * ahead are answered in order. Everything unusual **hands it over** to the runtime's server, from the first byte of
 * that request on. After its last answer it is **discarding** further bytes, since closing at once would reset the
 * connection and lose the answer.
 */
export class LeanConnection implements Receiver {
  readonly #host: LeanHost<LeanConnection>;
  readonly #socket: Socket<LeanConnection>;
  readonly #peer: () => string;
  readonly #isAnswered: () => boolean;
  readonly #send: (answer: ClientAnswer) => void | Promise<void>;
  readonly #writer: AnswerWriter;
  #state: 'reading' | 'answering' | 'handed-over' | 'discarding' | 'closed' = 'reading';
  readonly #unread = new UnreadBytes();
  /** The head of a request whose body is incomplete. */
  #placed: PlacedHead | undefined;
  readonly #lastHead: LastRequestHead;
  #large: LargeBody | undefined;
  #leaving: PlainSignal | undefined;
  #streamed: StreamedClientAnswer | undefined;
  #handedOver: HandedOver | undefined;
  /** Whether the client closes the connection after the answer. */
  #isLast = false;
  #isFinished = false;
  /** The turn in which the request was read. */
  #turn = 0;
  #isPaused = false;
  #isClosing = false;
  /** When an incomplete request began, by `performance.now`; 0: there is none. */
  waitingSinceMs = 0;
  /** When the connection opened, until its first byte; 0 from then on. */
  silentSinceMs = performance.now();

  constructor(socket: Socket<LeanConnection>, host: LeanHost<LeanConnection>) {
    this.#socket = socket;
    this.#host = host;
    this.#lastHead = new LastRequestHead(host.recentHeads);
    this.#writer = new AnswerWriter(socket, this);
    const address = socket.remoteAddress;
    // Functions made here share one scope. Those of fields would have one each.
    this.#peer = () => address;
    this.#isAnswered = () => this.#writer.isDrained;
    this.#send = (answer) => this.#sendAnswer(answer);
  }

  get isAnswering(): boolean {
    return this.#state === 'answering';
  }

  received(bytes: Buffer): void {
    this.silentSinceMs = 0;
    if (this.#isClosed) return;
    if (this.#handedOver !== undefined) return this.#handedOver.send(bytes);
    if (this.#state === 'discarding') return;
    if (this.isIdle && this.#readAtOnce(bytes)) return;
    const ahead = this.#large === undefined ? bytes : this.#large.add(bytes);
    if (ahead.byteLength > 0) this.#unread.add(ahead);
    if (this.#state === 'reading') this.#read();
    else if (this.#unread.size > MOST_AHEAD_BYTES) {
      this.#isPaused = true;
      this.#socket.pause();
    }
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
    socketTurn.take();
    this.#isFinished = true;
    if (this.#handedOver !== undefined) return this.#handedOver.finish();
    if (this.#state !== 'answering' || this.#large?.isComplete === false) return this.#close();
    if (this.#writer.isUnbegun)
      setTimeout(() => this.#isClosed || this.#writer.probe(), believedMs(this.#turn)).unref();
    else if (!this.#writer.isDone) this.#abort();
  }

  closed(): void {
    if (this.#isClosed) return;
    // Bytes that the client sent before count. This may run in the middle of something else that closes the connection.
    if (!this.#isClosing) socketTurn.take();
    this.#state = 'closed';
    this.#writer.closed();
    this.#handedOver?.end();
    this.#large?.leave();
    this.#leaving?.abort();
    this.#streamed?.cancel();
    this.#host.onClose(this);
  }

  /** A handler threw: the state of the connection is unknown. */
  failed(error: Error): void {
    this.#host.onBug(error);
    this.#abort();
  }

  get handedOver(): HandedOver | undefined {
    return this.#handedOver;
  }

  /** Since when the client has taken nothing of what waits for it, by `performance.now`; 0: nothing waits. */
  get blockedSinceMs(): number {
    return (this.#handedOver ?? this.#writer).blockedSinceMs;
  }

  /** Whether it carries no request. */
  get isIdle(): boolean {
    return this.#state === 'reading' && this.#unread.size === 0;
  }

  /** Ends the connection with everything on it. */
  end(): void {
    if (this.#handedOver !== undefined) this.#handedOver.end();
    else if (this.#state === 'answering') this.#abort();
    else this.#close();
  }

  /** Closes in order. The system still delivers what was written, which a reset would discard. */
  #close(): void {
    const isIdle = this.#state === 'reading';
    this.#writer.flush();
    this.#isClosing = !isIdle || this.#writer.isDrained;
    // Otherwise it closes when the last answer was written.
    if (!this.#isClosing) this.#isFinished = true;
    // The system keeps a TLS socket that only ends until the client closes its side too.
    else if (this.#host.isTls && this.#state !== 'discarding') this.#discard();
    else this.#socket.end();
  }

  /** Resets the connection, so that no client can mistake the answer for a complete one. */
  #abort(): void {
    this.#isClosing = true;
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
    const isWhole = bytes.byteLength === placed.bytes + placed.head.contentLength;
    if (!isWhole || placed.head.contentLength > this.#host.maxBodyBytes()) return false;
    const body = partOf(bytes, placed.bytes, bytes.byteLength);
    this.#answer(placed.head, () => body);
    return true;
  }

  #read(): void {
    const placed = (this.#placed ??= this.#readHead());
    if (placed === undefined) return;
    const { head, bytes } = placed;
    if (this.#unread.size >= bytes + head.contentLength) {
      this.#unread.take(bytes);
      const body = this.#unread.take(head.contentLength);
      this.#answer(head, () => body);
    } else if (head.contentLength > SMALL_BODY_BYTES) this.#beginLarge(placed);
    else this.waitingSinceMs ||= performance.now();
  }

  #beginLarge({ head, bytes }: PlacedHead): void {
    this.#unread.take(bytes);
    const large = (this.#large = new LargeBody(head.contentLength, this.#host.bodyRoom()));
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
    const placed = readHead(this.#unread, this.#lastHead);
    if (placed === undefined) this.waitingSinceMs ||= performance.now();
    else if (placed === 'unusual' || placed.head.contentLength > this.#host.maxBodyBytes()) this.#handOver();
    else return placed;
    return undefined;
  }

  #resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#socket.resume();
  }

  #answer(head: RequestHead, readBody: LeanRequest['readBody']): void {
    this.#state = 'answering';
    this.#placed = undefined;
    this.waitingSinceMs = 0;
    const signal = (this.#leaving = new PlainSignal());
    this.#writer.begin();
    this.#isLast = head.isLast;
    this.#turn = socketTurn.number;
    const request = { head, readBody, peer: this.#peer, signal, isAnswered: this.#isAnswered };
    void this.#host.answer(request).then(this.#send);
  }

  #sendAnswer(answer: ClientAnswer): void | Promise<void> {
    const isLast =
      this.#isLast || this.#isFinished || this.#large?.isComplete === false || this.#host.isDraining();
    if (answer.kind === 'streamed') return this.#sendStream(answer, isLast);
    this.#writer.whole(answer, isLast);
    if (isLast) this.#writer.flush();
    if (this.#writer.isDrained) this.#next(isLast);
    else return this.#writer.whenDrained().then(() => this.#next(isLast));
  }

  async #sendStream(answer: StreamedClientAnswer, isLast: boolean): Promise<void> {
    if (this.#isClosed) {
      answer.cancel();
      return this.#abort();
    }
    this.#streamed = answer;
    const stream = this.#writer.stream(answer, isLast);
    this.#host.streams.begin();
    await stream.carry(answer);
    this.#host.streams.end();
    this.#streamed = undefined;
    if (stream.end === 'reset') return this.#abort();
    if (isLast || this.#isFinished) this.#writer.flush();
    if (!this.#writer.isDrained) await this.#writer.whenDrained();
    this.#next(isLast);
  }

  /** The client does not read fast enough: its next request has to wait. */
  heldUp(): void {
    if (this.#state !== 'reading') return;
    this.#state = 'answering';
    void this.#writer.whenDrained().then(() => this.#next(false));
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
    this.waitingSinceMs = 0;
    this.#socket.shutdown();
    if (this.#isFinished) return this.#close();
    this.#resume();
    setTimeout(() => this.#close(), DISCARD_MS).unref();
  }

  #handOver(): void {
    this.#writer.flush();
    // Then the request is read again.
    if (!this.#writer.isDrained) return;
    this.#state = 'handed-over';
    this.#placed = undefined;
    this.waitingSinceMs = 0;
    this.#handedOver = new HandedOver(this.#socket, this.#host);
    this.#handedOver.send(this.#unread.take());
    if (this.#isFinished) this.#handedOver.finish();
  }
}
