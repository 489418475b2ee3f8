/** The receiver of a socket's bytes. */
export interface Receiver {
  readonly received: (bytes: Buffer) => void;
  /** `received` has thrown. */
  readonly failed: (error: Error) => void;
}

/** The sender of posted bytes. */
export interface Sender {
  /** Writes a part of the buffer, which is overwritten afterwards. */
  readonly writePosted: (buffer: Buffer, from: number, to: number) => void;
}

/** If more pieces arrive in a turn, they are taken in several parts, so that answers need not wait for all of them. */
const MOST_PIECES = 32;

/** The same for larger pieces, so that a turn holds little memory. */
const MOST_TAKEN_BYTES = 512 * 1024;

/** A post has at most this many bytes. */
export const MOST_POST_BYTES = 64 * 1024;

/**
 * Joins what the sockets do in a turn of the event loop: first all received bytes are taken, with everything that
 * follows from them, and then all bytes are written. Done socket by socket, each call of the system would displace the
 * program from the processor's caches, and each write would wake up its reader.
 */
export class SocketTurn {
  #isDue = false;
  #number = 0;
  #endedAtMs = 0;
  readonly #receivers: (Receiver | undefined)[] = [];
  readonly #pieces: (Buffer | undefined)[] = [];
  #pieceCount = 0;
  /** How many of the pieces were given to their receivers. */
  #takenCount = 0;
  #pieceBytes = 0;
  #isTaking = false;
  #buffer = Buffer.allocUnsafeSlow(4 * MOST_POST_BYTES);
  #filled = 0;
  /** For each post its sender, and its end in the buffer. */
  readonly #senders: (Sender | undefined)[] = [];
  readonly #ends: number[] = [];
  #postCount = 0;
  /** How many of the posts were written. */
  #writtenCount = 0;
  #isFlushing = false;
  /** Whether `prepare` was called since the last post. */
  #isPrepared = true;
  readonly #preparations = new Set<() => void>();
  readonly #followUps: (() => void)[] = [];

  /** The number of turns so far. */
  get number(): number {
    return this.#number;
  }

  /** When the last turn ended, by `performance.now`. */
  get endedAtMs(): number {
    return this.#endedAtMs;
  }

  /** For the handler of a socket. Handlers of its other events have to call `take` first. */
  arrived(receiver: Receiver, bytes: Buffer): void {
    this.#receivers[this.#pieceCount] = receiver;
    this.#pieces[this.#pieceCount] = bytes;
    this.#pieceCount += 1;
    this.#pieceBytes += bytes.byteLength;
    this.#schedule();
    if (this.#pieceCount < MOST_PIECES && this.#pieceBytes < MOST_TAKEN_BYTES) return;
    this.flush();
    this.take();
  }

  /** Gives the receivers what has arrived. */
  take(): void {
    if (this.#isTaking) return;
    this.#isTaking = true;
    try {
      while (this.#takenCount < this.#pieceCount) this.#give(this.#takenCount++);
    } finally {
      this.#isTaking = false;
    }
    this.#takenCount = 0;
    this.#pieceCount = 0;
    this.#pieceBytes = 0;
  }

  /** The bytes of the next post begin at `filled`, and have room. */
  get buffer(): Buffer {
    if (this.#filled + MOST_POST_BYTES > this.#buffer.byteLength) this.#makeRoom();
    return this.#buffer;
  }

  get filled(): number {
    return this.#filled;
  }

  /** Adds the bytes from `filled` to `end`. They are written at the end of the turn, after the sender's earlier posts. */
  post(sender: Sender, end: number): void {
    this.#schedule();
    this.#filled = end;
    this.#isPrepared = false;
    if (this.#postCount > 0 && this.#senders[this.#postCount - 1] === sender) {
      this.#ends[this.#postCount - 1] = end;
      return;
    }
    this.#senders[this.#postCount] = sender;
    this.#ends[this.#postCount] = end;
    this.#postCount += 1;
  }

  /** From now on, calls `prepare` before posts are written. Returns a function that ends this. */
  beforeWrites(prepare: () => void): () => void {
    this.#preparations.add(prepare);
    return () => this.#preparations.delete(prepare);
  }

  /** Calls a function once this turn's posts are written, or those of the next one. It must not throw. */
  afterWrites(followUp: () => void): void {
    this.#schedule();
    this.#followUps.push(followUp);
  }

  /** Senders that do not post call this before they write. */
  prepare(): void {
    for (const prepare of this.#preparations) prepare();
  }

  /** Writes all posts now. */
  flush(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    try {
      // A write that fails may cause more posts.
      while (this.#writtenCount < this.#postCount) {
        if (!this.#isPrepared) {
          this.#isPrepared = true;
          this.prepare();
        }
        this.#write(this.#writtenCount++);
      }
    } finally {
      this.#isFlushing = false;
      if (this.#writtenCount < this.#postCount) this.#schedule();
    }
    this.#writtenCount = 0;
    this.#postCount = 0;
    this.#filled = 0;
  }

  #schedule(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    setImmediate(this.#begin);
    // Work that the first immediate starts runs between the two.
    setImmediate(this.#end);
  }

  readonly #begin = (): void => this.take();

  readonly #end = (): void => {
    this.#isDue = false;
    // An exception must not cost the other connections their bytes.
    if (this.#takenCount < this.#pieceCount) this.#schedule();
    this.flush();
    this.#number += 1;
    this.#endedAtMs = performance.now();
    if (this.#followUps.length > 0) for (const followUp of this.#followUps.splice(0)) followUp();
  };

  #give(at: number): void {
    const receiver = this.#receivers[at];
    const bytes = this.#pieces[at];
    this.#receivers[at] = undefined;
    this.#pieces[at] = undefined;
    if (receiver === undefined || bytes === undefined) return;
    try {
      receiver.received(bytes);
    } catch (error) {
      receiver.failed(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #write(at: number): void {
    const sender = this.#senders[at];
    this.#senders[at] = undefined;
    sender?.writePosted(this.#buffer, at === 0 ? 0 : (this.#ends[at - 1] ?? 0), this.#ends[at] ?? 0);
  }

  #makeRoom(): void {
    this.flush();
    if (this.#filled + MOST_POST_BYTES <= this.#buffer.byteLength) return;
    // It is being flushed already.
    const larger = Buffer.allocUnsafeSlow(2 * this.#buffer.byteLength);
    this.#buffer.copy(larger, 0, 0, this.#filled);
    this.#buffer = larger;
  }
}

/** The turn of this process's event loop. */
export const socketTurn = new SocketTurn();
