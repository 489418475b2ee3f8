/** After this long without a question, the tokenizer's large tables are released. */
const IDLE_MS = 60_000;

/** The longest wait for an answer. */
const PATIENCE_MS = 1_000;

/** A busy thread that answers nothing for this long is stopped. */
const STUCK_MS = 5_000;

/** The maximum number of pending questions; each takes about ten milliseconds. */
const MAX_ASKED = 64;

/** Longer texts are not accepted: callers extrapolate from a part. */
const MAX_CHARS = 65_536;

/** The messages to and from the thread. */
export interface Question {
  readonly id: number;
  readonly text: string;
}

export interface Answer {
  readonly id: number;
  readonly tokens: number;
}

interface Waiting {
  readonly text: string;
  readonly resolve: (tokens: number) => void;
  readonly patience: ReturnType<typeof setTimeout>;
}

/**
 * Counts tokens in a thread of its own that starts on first use: loading the tables takes hundreds of milliseconds and
 * tens of megabytes, which no stream should have to wait for. If the thread fails, is overloaded, or does not answer
 * within a second, one token counts as four bytes.
 */
export class ThreadedTokenCounter {
  #worker: Worker | undefined;
  readonly #waiting = new Map<number, Waiting>();
  /** Pending questions of the thread, including those that nobody waits for any more. */
  #asked = 0;
  #questions = 0;
  #lastWordAtMs = 0;
  #idle: ReturnType<typeof setTimeout> | undefined;

  /** The tokens of the text in OpenAI's `o200k_base`. Never rejects. */
  count(text: string): Promise<number> {
    if (this.#asked >= MAX_ASKED || text.length > MAX_CHARS) return Promise.resolve(roughly(text));
    clearTimeout(this.#idle);
    if (this.#asked === 0) this.#lastWordAtMs = performance.now();
    const worker = (this.#worker ??= this.#start());
    this.#asked += 1;
    this.#questions += 1;
    const id = this.#questions;
    return new Promise((resolve) => {
      const patience = setTimeout(() => this.#giveUp(id), PATIENCE_MS);
      this.#waiting.set(id, { text, resolve, patience });
      worker.postMessage({ id, text } satisfies Question);
    });
  }

  /** Questions that somebody waits for. */
  get pending(): number {
    return this.#waiting.size;
  }

  stop(): void {
    clearTimeout(this.#idle);
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#asked = 0;
    for (const id of this.#waiting.keys()) this.#giveUp(id);
  }

  #start(): Worker {
    const worker = new Worker(new URL('./token-worker.ts', import.meta.url).href);
    // An idle thread must not keep the program running.
    worker.unref();
    worker.addEventListener('message', (event: MessageEvent<Answer>) => {
      if (worker === this.#worker) this.#answer(event.data);
    });
    worker.addEventListener('error', () => {
      if (worker === this.#worker) this.stop();
    });
    return worker;
  }

  #answer({ id, tokens }: Answer): void {
    this.#asked -= 1;
    this.#lastWordAtMs = performance.now();
    const waiting = this.#waiting.get(id);
    if (waiting !== undefined) {
      clearTimeout(waiting.patience);
      this.#waiting.delete(id);
      waiting.resolve(tokens);
    }
    if (this.#asked > 0) return;
    this.#idle = setTimeout(() => this.stop(), IDLE_MS);
    this.#idle.unref();
  }

  /** Answers without the thread. */
  #giveUp(id: number): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    clearTimeout(waiting.patience);
    this.#waiting.delete(id);
    waiting.resolve(roughly(waiting.text));
    if (this.#worker !== undefined && performance.now() - this.#lastWordAtMs > STUCK_MS) this.stop();
  }
}

function roughly(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / 4);
}
