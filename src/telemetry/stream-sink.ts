import type { LogSink } from './log.ts';

/** Lines kept while the writer is busy; beyond it they are dropped and counted, for a log must not cost a request. */
const MOST_LINES = 10_000;

/** The same in characters: a line may be long. */
const MOST_CHARS = 16 * 1024 * 1024;

/** The least between two writes: what comes meanwhile goes out together, since opening a file costs more than many lines. */
const GATHER_MS = 50;

/** How long `flush` waits for a writer that does not come back. */
const FLUSH_MS = 3_000;

/** Told when lines are lost: because of `error`, or because there was no room for them. */
export type OnLoss = (error: unknown) => void;

/** Writes lines in the order in which they come, many at a time, and never makes the caller wait. */
export class StreamSink implements LogSink {
  readonly #write: (text: string) => Promise<unknown>;
  readonly #onLoss: OnLoss;
  #lines: string[] = [];
  #chars = 0;
  #isWriting = false;
  /** Ends the pause between two writes early. */
  #hurry: () => void = () => undefined;
  #dropped = 0;

  constructor(write: (text: string) => Promise<unknown>, onLoss: OnLoss = () => undefined) {
    this.#write = write;
    this.#onLoss = onLoss;
  }

  /** Lines lost since the start, because the writer did not keep up or failed. */
  get dropped(): number {
    return this.#dropped;
  }

  readonly write = (line: string): void => {
    if (this.#lines.length >= MOST_LINES || this.#chars + line.length > MOST_CHARS) {
      this.#dropped += 1;
      this.#onLoss(undefined);
      return;
    }
    this.#lines.push(line);
    this.#chars += line.length;
    if (!this.#isWriting) void this.#drain();
  };

  /** Resolves when everything that was written before is out, or after 3 s with a writer that is stuck. */
  async flush(): Promise<void> {
    const untilMs = performance.now() + FLUSH_MS;
    this.#hurry();
    while (this.#isWriting && performance.now() < untilMs) await Bun.sleep(1);
  }

  async #drain(): Promise<void> {
    this.#isWriting = true;
    // Lines of the same turn of the event loop go out together.
    await Bun.sleep(0);
    while (this.#lines.length > 0) {
      const lines = this.#lines;
      this.#lines = [];
      this.#chars = 0;
      try {
        await this.#write(lines.join(''));
      } catch (error) {
        this.#dropped += lines.length;
        this.#onLoss(error);
      }
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
