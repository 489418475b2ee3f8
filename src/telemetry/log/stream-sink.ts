import type { LineBytes } from './line-bytes.ts';
import type { LogSink } from './log.ts';

/**
 * The maximum number of lines that wait for the writer. Further ones are dropped and counted, since a log must not
 * delay requests.
 */
const MOST_LINES = 10_000;

/** The same in bytes, since a line may be long. */
const MOST_BYTES = 16 * 1024 * 1024;

/** The initial size of the buffer, and its size after a large batch. */
const ROOM_BYTES = 256 * 1024;

/** A buffer that is this full is written early, since a larger one would have to be allocated. */
const FULL_BYTES = 768 * 1024;

/** The minimum time between two writes, to batch lines: opening a file costs more than many lines. */
const GATHER_MS = 50;

/** How long `flush` waits for a stuck writer. */
const FLUSH_MS = 3_000;

/** Called when lines are lost, because of `error` or for lack of room. */
export type OnLoss = (error: unknown) => void;

/**
 * Writes lines in order and in batches, and never makes the caller wait. A line becomes bytes at once: a thousand
 * waiting strings cost requests more in garbage collection and cache misses than the rest of a log.
 */
export class StreamSink implements LogSink {
  readonly #write: (bytes: Uint8Array) => Promise<unknown>;
  readonly #onLoss: OnLoss;
  #waiting = Buffer.allocUnsafeSlow(0);
  #waitingBytes = 0;
  /** The size of the last line, at the end of the buffer. */
  #lastBytes = 0;
  #lines = 0;
  /** The last written buffer, for reuse. */
  #spare: Buffer<ArrayBuffer> | undefined;
  #isWriting = false;
  /** Cuts the pause between two writes short. */
  #hurry: () => void = () => undefined;
  #dropped = 0;

  /** @param write is done with the bytes when its promise settles; then they are overwritten */
  constructor(write: (bytes: Uint8Array) => Promise<unknown>, onLoss: OnLoss = () => undefined) {
    this.#write = write;
    this.#onLoss = onLoss;
  }

  /** Lines lost since the start, because the writer was too slow or failed. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Returns whether there was room for the line. */
  readonly write = (line: string): boolean => {
    if (this.#lines >= MOST_LINES || !this.#hasRoomFor(line)) return this.#drop();
    this.#added(this.#waiting.write(line, this.#waitingBytes));
    return true;
  };

  /** The same for the bytes of a line, which are copied. */
  readonly writeBytes = ({ bytes, length }: LineBytes): boolean => {
    if (this.#lines >= MOST_LINES || !this.#hasRoom(length)) return this.#drop();
    this.#added(Buffer.prototype.copy.call(bytes, this.#waiting, this.#waitingBytes, 0, length));
    return true;
  };

  /** Writes the line that another sink has just accepted. Copying its bytes costs less than encoding it again. */
  repeat(other: StreamSink): boolean {
    const size = other.#lastBytes;
    if (this.#lines >= MOST_LINES || !this.#hasRoom(size)) return this.#drop();
    const end = other.#waitingBytes;
    this.#added(other.#waiting.copy(this.#waiting, this.#waitingBytes, end - size, end));
    return true;
  }

  /** Resolves when all earlier lines are written, or after 3 s if the writer is stuck. */
  async flush(): Promise<void> {
    const untilMs = performance.now() + FLUSH_MS;
    this.#hurry();
    while (this.#isWriting && performance.now() < untilMs) await Bun.sleep(1);
  }

  #drop(): false {
    this.#dropped += 1;
    this.#onLoss(undefined);
    return false;
  }

  #added(bytes: number): void {
    this.#lastBytes = bytes;
    this.#waitingBytes += bytes;
    this.#lines += 1;
    if (!this.#isWriting) void this.#drain();
    else if (this.#waitingBytes > FULL_BYTES) this.#hurry();
  }

  #hasRoomFor(line: string): boolean {
    // A UTF-16 unit takes at most three bytes.
    const isRoomy = this.#waitingBytes + line.length * 3 <= this.#waiting.byteLength;
    return isRoomy || this.#hasRoom(Buffer.byteLength(line));
  }

  /** Makes room for these bytes; returns false if that would be too much. */
  #hasRoom(bytes: number): boolean {
    const needed = this.#waitingBytes + bytes;
    if (needed <= this.#waiting.byteLength) return true;
    if (needed > MOST_BYTES) return false;
    let room = Math.max(ROOM_BYTES, this.#waiting.byteLength);
    // Powers of two, so that a buffer just above `FULL_BYTES` is small enough to be used again.
    while (room < needed) room *= 2;
    const larger = Buffer.allocUnsafeSlow(Math.min(MOST_BYTES, room));
    this.#waiting.copy(larger, 0, 0, this.#waitingBytes);
    this.#waiting = larger;
    return true;
  }

  async #drain(): Promise<void> {
    this.#isWriting = true;
    // Lines of the same turn of the event loop are written together.
    await Bun.sleep(0);
    while (this.#lines > 0) {
      const filled = this.#waiting;
      const bytes = filled.subarray(0, this.#waitingBytes);
      const lines = this.#lines;
      this.#waiting = this.#spare ?? Buffer.allocUnsafeSlow(0);
      this.#waitingBytes = 0;
      this.#lines = 0;
      try {
        await this.#write(bytes);
      } catch (error) {
        this.#dropped += lines;
        this.#onLoss(error);
      }
      this.#spare = filled.byteLength > ROOM_BYTES * 4 ? undefined : filled;
      await this.#pause();
    }
    this.#isWriting = false;
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, GATHER_MS);
      this.#hurry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
