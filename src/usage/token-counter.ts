/** After this long without a question the tokenizer's tables, which are large, are let go. */
const IDLE_MS = 60_000;

/** Nobody waits longer for an answer. */
const PATIENCE_MS = 1_000;

/** A thread that has not answered anything for this long while it was asked is given up. */
const STUCK_MS = 5_000;

/** Questions that the thread may have before it; each of them is answered in some ten milliseconds. */
const MAX_ASKED = 64;

/** Longer texts are not taken: whoever asks reckons them from a part. */
const MAX_CHARS = 65_536;

/** What the thread is asked, and what it answers. */
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
 * Counts tokens in a thread of its own, started when it is first needed: loading the tables takes hundreds of
 * milliseconds and tens of megabytes, which no stream should have to wait for. Where the thread fails, has too much before it, or
 * does not answer within a second, a token is taken for four bytes.
 */
export class ThreadedTokenCounter {
  #worker: Worker | undefined;
  readonly #waiting = new Map<number, Waiting>();
  /** Questions that the thread has before it, those that nobody waits for any more included. */
  #asked = 0;
  #questions = 0;
  #lastWordAtMs = 0;
  #idle: ReturnType<typeof setTimeout> | undefined;

  /** The tokens of the text, by OpenAI's `o200k_base`. Never rejects. */
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
    // A thread that only waits must not keep the program running.
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
