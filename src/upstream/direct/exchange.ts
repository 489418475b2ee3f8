import type {
  Backpressure,
  ByteSource,
  Cancellation,
  TakeFramed,
  UpstreamReply,
} from '../../gateway/ports.ts';
import type { UnreachableReason } from '../../routing/outcome.ts';
import type { Connection } from './connection.ts';
import { unreachableReason } from '../failure.ts';
import { ResponseReader } from '../../http1/response-reader.ts';
import { NOT_ONE_CHUNK, startOfOnlyChunk } from '../../http1/only-chunk.ts';

/**
 * Buffers at most this much of an unread body, then pauses the provider's socket. A piece can be half a megabyte, so the
 * socket is also paused while a sink is busy, and after a large piece until the next one is asked for.
 */
const MOST_KEPT_BYTES = 256 * 1024;

const LARGE_BYTES = 64 * 1024;

type Chunk = Awaited<ReturnType<ByteSource['read']>>;

interface Reading {
  readonly resolve: (chunk: Chunk) => void;
  readonly reject: (error: Error) => void;
}

interface PipeSink {
  readonly take: (chunk: Uint8Array) => Backpressure;
  readonly takeFramed: TakeFramed | undefined;
  readonly resolve: (how: 'end' | 'broken' | 'stop') => void;
  readonly reject: (error: unknown) => void;
  /** Whether the sink is still processing the last chunk. */
  isBusy: boolean;
}

const END: Chunk = { done: true, value: undefined };

const ENDS = { staysOpen: false, hasSurplus: false } as const;

/** The sender of an exchange's request. */
export interface Sender {
  /** @param hasHeard whether any byte of a reply has arrived */
  readonly settled: (reply: UpstreamReply, hasHeard: boolean) => void;
}

/**
 * One request on a connection, and its reply.
 *
 * It is **waiting** until the reply's head arrives, then **replying** while its body is read. It ends **complete**
 * once the whole reply has arrived, even if unread, or **broken** by the provider, the network or a cancellation.
 */
export class Exchange implements ByteSource {
  readonly #connection: Connection;
  readonly #cancellation: Cancellation;
  readonly #response: ResponseReader;
  /** Absent once it has the reply, since it holds the request. */
  #sender: Sender | undefined;
  #state: 'waiting' | 'replying' | 'complete' | 'broken' = 'waiting';
  /** The oldest piece that was not read, and those after it. Most answers have one. */
  #first: Uint8Array | undefined;
  #others: Uint8Array[] | undefined;
  #keptBytes = 0;
  #reading: Reading | undefined;
  #sink: PipeSink | undefined;
  #isHeldUp = false;
  #hasHeard = false;
  /** Whether the body was not read so far. */
  #isUnread = true;

  constructor(
    connection: Connection,
    { method, cancellation }: { readonly method: string; readonly cancellation: Cancellation },
    sender: Sender,
  ) {
    this.#connection = connection;
    this.#cancellation = cancellation;
    this.#response = new ResponseReader(method, connection.lastHead);
    this.#sender = sender;
    cancellation.onCancel = () => this.#end({ kind: 'aborted' });
  }

  /** Takes bytes from the connection. The exchange owns them from then on. */
  take(bytes: Buffer): void {
    this.#hasHeard = true;
    if (this.#sink?.takeFramed !== undefined && this.#giveFramed(bytes, this.#sink.takeFramed)) return;
    let piece: Uint8Array | undefined;
    try {
      piece = this.#response.take(bytes);
    } catch {
      return this.#end({ kind: 'unreachable', reason: 'protocol' });
    }
    const { head, hasBody, isComplete } = this.#response;
    if (this.#state === 'waiting' && head !== undefined) {
      this.#state = 'replying';
      const { status, headers } = head;
      this.#settle({ kind: 'reply', status, headers, body: hasBody ? this : null });
    }
    if (piece !== undefined) this.#offer(piece);
    if (isComplete) this.#complete();
  }

  /** Called when the connection closes, orderly (undefined) or with an error. */
  connectionEnded(error: Error | undefined): void {
    if (error === undefined && this.#response.endsWithConnection()) return this.#complete();
    const reason: UnreachableReason = error === undefined ? 'closed' : unreachableReason(error);
    this.#end({ kind: 'unreachable', reason });
  }

  takeWhole(maxBytes: number): Uint8Array | undefined {
    const isWhole = this.#state === 'complete' && this.#others === undefined && this.#isUnread;
    return isWhole && this.#keptBytes <= maxBytes ? this.#nextKept() : undefined;
  }

  read(): Promise<Chunk> {
    const chunk = this.#nextKept();
    if (chunk !== undefined) return Promise.resolve({ done: false, value: chunk });
    if (this.#state === 'complete') return Promise.resolve(END);
    if (this.#state === 'broken') return Promise.reject(new Error('the reply ended prematurely'));
    this.#goOn();
    return new Promise((resolve, reject) => {
      this.#reading = { resolve, reject };
    });
  }

  pipe(take: PipeSink['take'], takeFramed?: TakeFramed): Promise<'end' | 'broken' | 'stop'> {
    return new Promise((resolve, reject) => {
      this.#sink = { take, takeFramed, resolve, reject, isBusy: false };
      this.#drain();
    });
  }

  /** Discards an unwanted reply, or the unread rest of a complete one. */
  cancel(): Promise<void> {
    this.#first = undefined;
    this.#others = undefined;
    this.#end({ kind: 'aborted' });
    return Promise.resolve();
  }

  #settle(reply: UpstreamReply): void {
    const sender = this.#sender;
    this.#sender = undefined;
    sender?.settled(reply, this.#hasHeard);
  }

  #offer(chunk: Uint8Array): void {
    if (this.#sink?.isBusy === false) return this.#give(chunk, this.#sink);
    const reading = this.#reading;
    if (reading !== undefined) {
      this.#reading = undefined;
      if (chunk.byteLength > LARGE_BYTES) this.#holdUp(true);
      reading.resolve({ done: false, value: chunk });
      return;
    }
    if (this.#first === undefined) this.#first = chunk;
    else (this.#others ??= []).push(chunk);
    this.#keptBytes += chunk.byteLength;
    if (this.#keptBytes > MOST_KEPT_BYTES && !this.#isHeldUp) this.#holdUp(true);
  }

  #nextKept(): Uint8Array | undefined {
    this.#isUnread = false;
    const chunk = this.#first;
    if (chunk === undefined) return undefined;
    this.#first = this.#others?.shift();
    if (this.#first === undefined) this.#others = undefined;
    this.#keptBytes -= chunk.byteLength;
    return chunk;
  }

  /** Hands on buffered chunks as long as the sink accepts them, and then the end. */
  #drain(): void {
    while (this.#sink?.isBusy === false) {
      const chunk = this.#nextKept();
      if (chunk !== undefined) this.#give(chunk, this.#sink);
      else if (this.#state === 'replying') return this.#goOn();
      else return this.#endPipe(this.#state === 'complete' ? 'end' : 'broken');
    }
  }

  /** Offers bytes that are exactly one chunk to the sink, framing included. Returns whether it took them. */
  #giveFramed(bytes: Buffer, takeFramed: TakeFramed): boolean {
    const sink = this.#sink;
    if (sink === undefined || sink.isBusy || !this.#response.isBetweenChunks) return false;
    const start = startOfOnlyChunk(bytes);
    if (start === NOT_ONE_CHUNK) return false;
    try {
      const taken = takeFramed(bytes, start, bytes.byteLength - 2);
      if (taken === 'unframed') return false;
      this.#taken(taken, sink);
    } catch (error) {
      this.#sink = undefined;
      sink.reject(error);
    }
    return true;
  }

  #give(chunk: Uint8Array, sink: PipeSink): void {
    try {
      this.#taken(sink.take(chunk), sink);
    } catch (error) {
      this.#sink = undefined;
      sink.reject(error);
    }
  }

  #taken(taken: Backpressure, sink: PipeSink): void {
    if (taken === undefined) return;
    if (taken === 'stop') this.#endPipe('stop');
    else this.#waitFor(taken, sink);
  }

  /** Apart, since a method with a function in it makes a scope whenever it is called, here for each event. */
  #waitFor(taken: Promise<unknown>, sink: PipeSink): void {
    sink.isBusy = true;
    if (!this.#isHeldUp) this.#holdUp(true);
    taken.then(() => {
      sink.isBusy = false;
      this.#drain();
    }, sink.reject);
  }

  #endPipe(how: 'end' | 'broken' | 'stop'): void {
    const sink = this.#sink;
    this.#sink = undefined;
    sink?.resolve(how);
  }

  #goOn(): void {
    if (this.#isHeldUp) this.#holdUp(false);
  }

  #holdUp(isHeldUp: boolean): void {
    this.#isHeldUp = isHeldUp;
    if (this.#state === 'replying') this.#connection.holdUp(isHeldUp);
  }

  #complete(): void {
    if (this.#state !== 'replying') return;
    this.#state = 'complete';
    this.#cancellation.onCancel = undefined;
    this.#reading?.resolve(END);
    this.#reading = undefined;
    // The last bytes may have exceeded the buffer limit and paused the socket. The next request must not wait for
    // this reply's reader.
    if (this.#isHeldUp) this.#connection.holdUp(false);
    this.#connection.release(this.#response);
    this.#drain();
  }

  #end(failure: UpstreamReply): void {
    const state = this.#state;
    if (state === 'complete' || state === 'broken') return;
    this.#state = 'broken';
    this.#cancellation.onCancel = undefined;
    this.#connection.release(ENDS);
    if (state === 'waiting') return this.#settle(failure);
    this.#reading?.reject(new Error('the reply ended prematurely'));
    this.#reading = undefined;
    this.#drain();
  }
}
