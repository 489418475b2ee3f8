import { LineBytes } from './line-bytes.ts';
import type { LogSink } from './log.ts';

/**
 * The maximum number of lines that wait for a writer. Further ones are dropped and counted, since a log must not
 * delay requests.
 */
const MOST_LINES = 10_000;

/** The same in bytes, since a line may be long. */
const MOST_BYTES = 16 * 1024 * 1024;

/** The size of a batch. Two of them fit into the processor's caches beside everything else. */
const BATCH_BYTES = 256 * 1024;

/** Written batches that are kept for the next lines. */
const MOST_SPARE = 2;

/** Batches that a writer may have waiting. Further lines are copied. */
const MOST_HELD = 4;

/** The minimum time between two batches, unless one is full: opening a file costs more than many lines. */
const GATHER_MS = 50;

/** How long `flush` waits for a stuck writer. */
const FLUSH_MS = 3_000;

/** Called when lines are lost, because of `error` or for lack of room. */
export type OnLoss = (error: unknown) => void;

/** One of the places where the lines go. */
export interface LineWriter {
  /** Writes lines. Their bytes are overwritten when the promise has settled. */
  readonly write: (lines: Uint8Array) => Promise<unknown>;
  /** Whether it gets lines at the moment. Defaults to always. */
  readonly isWanted?: () => boolean;
}

/** Lines that are written together. */
interface Batch {
  readonly buffer: Buffer;
  bytes: number;
  lines: number;
  /** How many writers are not done with it. */
  readers: number;
}

/**
 * Writes lines in order and in batches, and never makes the caller wait. A line becomes bytes at once: a thousand
 * waiting strings cost requests more in garbage collection and cache misses than the rest of a log. All writers share
 * the batches, each at its own pace.
 */
export class StreamSink implements LogSink {
  readonly #queues: readonly WriterQueue[];
  readonly #line = new LineBytes();
  #open = newBatch(0);
  readonly #spare: Batch[] = [];
  #isTimed = false;
  #sealedAtMs = -Infinity;

  constructor(writers: readonly LineWriter[], onLoss: OnLoss = () => undefined) {
    const onWritten = (batch: Batch): void => this.#keep(batch);
    this.#queues = writers.map((writer) => new WriterQueue(writer, onWritten, onLoss));
  }

  /** Lines lost since the start, because a writer was too slow or failed. Each writer counts. */
  get dropped(): number {
    return this.#queues.reduce((sum, { dropped }) => sum + dropped, 0);
  }

  readonly write = (line: string): void => {
    // A UTF-16 unit takes at most three bytes.
    if (!this.#hasRoom(line.length * 3)) this.#makeRoom(Buffer.byteLength(line));
    this.#added(this.#open.buffer.write(line, this.#open.bytes));
  };

  readonly line = (mostBytes: number): LineBytes => {
    this.#makeRoom(mostBytes);
    return this.#line.place(this.#open.buffer, this.#open.bytes);
  };

  readonly add = ({ length }: LineBytes): void => this.#added(length);

  /** Resolves when all earlier lines are written, or after 3 s if a writer is stuck. */
  async flush(): Promise<void> {
    const untilMs = performance.now() + FLUSH_MS;
    this.#seal();
    while (this.#queues.some(({ isWriting }) => isWriting) && performance.now() < untilMs) await Bun.sleep(1);
  }

  #hasRoom(bytes: number): boolean {
    return this.#open.bytes + bytes <= this.#open.buffer.byteLength;
  }

  #makeRoom(bytes: number): void {
    if (this.#hasRoom(bytes)) return;
    this.#seal();
    const isUsual = bytes <= BATCH_BYTES;
    this.#open = (isUsual ? this.#spare.pop() : undefined) ?? newBatch(Math.max(bytes, BATCH_BYTES));
  }

  #added(bytes: number): void {
    let isTaken = false;
    for (const queue of this.#queues) if (queue.takes(this.#open, bytes)) isTaken = true;
    if (!isTaken) return;
    this.#open.bytes += bytes;
    this.#open.lines += 1;
    if (!this.#isTimed) this.#waitForMore();
  }

  /** Lines of the same turn of the event loop are written together. */
  #waitForMore(): void {
    this.#isTimed = true;
    const restMs = this.#sealedAtMs + GATHER_MS - performance.now();
    setTimeout(this.#onTime, Math.max(0, Math.ceil(restMs)));
  }

  readonly #onTime = (): void => {
    this.#isTimed = false;
    this.#seal();
  };

  /** Hands the lines so far to the writers. */
  #seal(): void {
    const batch = this.#open;
    if (batch.lines === 0) return;
    this.#open = newBatch(0);
    this.#sealedAtMs = performance.now();
    batch.readers = this.#queues.length;
    for (const queue of this.#queues) queue.give(batch);
  }

  #keep(batch: Batch): void {
    const isUsual = batch.buffer.byteLength === BATCH_BYTES;
    if (!isUsual || this.#spare.length === MOST_SPARE) return;
    batch.bytes = 0;
    batch.lines = 0;
    this.#spare.push(batch);
  }
}

/** A part of a batch, from its start. */
interface Part {
  readonly batch: Batch;
  readonly bytes: number;
  readonly lines: number;
}

/** The lines that wait for one writer. */
class WriterQueue {
  readonly #writer: LineWriter;
  readonly #onWritten: (batch: Batch) => void;
  readonly #onLoss: OnLoss;
  readonly #parts: Part[] = [];
  /** Copies of the lines after them. A writer that lags would hold many batches with few lines. */
  #late = newBatch(0);
  #waitingBytes = 0;
  #waitingLines = 0;
  /** The part of the open batch that there was room for; undefined: all of it. */
  #cut: Part | undefined;
  isWriting = false;
  dropped = 0;

  /** @param onWritten called when no writer needs a batch any more */
  constructor(writer: LineWriter, onWritten: (batch: Batch) => void, onLoss: OnLoss) {
    this.#writer = writer;
    this.#onWritten = onWritten;
    this.#onLoss = onLoss;
  }

  /** Whether there is room for another line of the open batch. If not, the line is lost, as is the rest of the batch. */
  takes(batch: Batch, bytes: number): boolean {
    // Nobody else may have taken the lines that were lost so far. Then the batch has none of them.
    const isWhole = this.#cut === undefined || this.#cut.lines === batch.lines;
    const isRoomy =
      isWhole &&
      this.#waitingLines + batch.lines < MOST_LINES &&
      this.#waitingBytes + batch.bytes + bytes <= MOST_BYTES;
    if (isRoomy) {
      this.#cut = undefined;
      return true;
    }
    this.#cut ??= { batch, bytes: batch.bytes, lines: batch.lines };
    this.#lost(1, undefined);
    return false;
  }

  give(batch: Batch): void {
    const part = this.#cut ?? { batch, bytes: batch.bytes, lines: batch.lines };
    this.#cut = undefined;
    if (part.lines === 0 || this.#writer.isWanted?.() === false) return this.#release(batch);
    this.#waitingBytes += part.bytes;
    this.#waitingLines += part.lines;
    const isLate = this.#late.lines > 0 || this.#parts.length === MOST_HELD;
    if (isLate) this.#copy(part);
    else this.#parts.push(part);
    if (!this.isWriting) void this.#writeAll();
  }

  #copy({ batch, bytes, lines }: Part): void {
    const { buffer, bytes: length } = this.#late;
    if (length + bytes > buffer.byteLength) {
      const larger = newBatch(Math.max(BATCH_BYTES, length + bytes, 2 * buffer.byteLength));
      buffer.copy(larger.buffer, 0, 0, length);
      this.#late = { ...this.#late, buffer: larger.buffer };
    }
    batch.buffer.copy(this.#late.buffer, length, 0, bytes);
    this.#late.bytes += bytes;
    this.#late.lines += lines;
    this.#release(batch);
  }

  async #writeAll(): Promise<void> {
    this.isWriting = true;
    for (let part = this.#next(); part !== undefined; part = this.#next()) {
      const { batch, bytes, lines } = part;
      this.#waitingBytes -= bytes;
      this.#waitingLines -= lines;
      try {
        await this.#writer.write(batch.buffer.subarray(0, bytes));
      } catch (error) {
        this.#lost(lines, error);
      }
      this.#release(batch);
    }
    this.isWriting = false;
  }

  #next(): Part | undefined {
    const part = this.#parts.shift();
    if (part !== undefined || this.#late.lines === 0) return part;
    const batch = this.#late;
    batch.readers = 1;
    this.#late = newBatch(0);
    return { batch, bytes: batch.bytes, lines: batch.lines };
  }

  #release(batch: Batch): void {
    batch.readers -= 1;
    if (batch.readers === 0) this.#onWritten(batch);
  }

  #lost(lines: number, error: unknown): void {
    this.dropped += lines;
    this.#onLoss(error);
  }
}

function newBatch(bytes: number): Batch {
  return { buffer: Buffer.allocUnsafeSlow(bytes), bytes: 0, lines: 0, readers: 0 };
}
