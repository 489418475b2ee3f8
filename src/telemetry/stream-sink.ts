import type { LogSink } from './log.ts';

/** Lines kept while the writer is busy; beyond it they are dropped and counted, for a log must not cost a request. */
const MOST_LINES = 10_000;

/** Writes lines in the order in which they come, many at a time, and never makes the caller wait. */
export class StreamSink implements LogSink {
  readonly #write: (text: string) => Promise<unknown>;
  #lines: string[] = [];
  #isWriting = false;
  #dropped = 0;

  constructor(write: (text: string) => Promise<unknown>) {
    this.#write = write;
  }

  /** Lines lost since the start, because the writer did not keep up or failed. */
  get dropped(): number {
    return this.#dropped;
  }

  readonly write = (line: string): void => {
    if (this.#lines.length >= MOST_LINES) {
      this.#dropped += 1;
      return;
    }
    this.#lines.push(line);
    if (!this.#isWriting) void this.#drain();
  };

  /** Resolves when everything that was written before is out. */
  async flush(): Promise<void> {
    while (this.#isWriting) await Bun.sleep(1);
  }

  async #drain(): Promise<void> {
    this.#isWriting = true;
    // Lines of the same turn of the event loop go out together.
    await Bun.sleep(0);
    while (this.#lines.length > 0) {
      const lines = this.#lines;
      this.#lines = [];
      try {
        await this.#write(lines.join(''));
      } catch {
        this.#dropped += lines.length;
      }
    }
    this.#isWriting = false;
  }
}
