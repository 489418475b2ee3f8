/** After this long without a question the tokenizer's tables, which are large, are let go. */
const IDLE_MS = 60_000;

interface Question {
  readonly text: string;
  readonly resolve: (tokens: number) => void;
}

/**
 * Counts tokens in a thread of its own, started when it is first needed: loading the tables takes hundreds of
 * milliseconds and tens of megabytes, which no stream should have to wait for. Where the thread fails, a token is
 * taken for four characters.
 */
export class ThreadedTokenCounter {
  #worker: Worker | undefined;
  #questions: Question[] = [];
  #idle: ReturnType<typeof setTimeout> | undefined;

  /** The tokens of the text, by OpenAI's `o200k_base`. Never rejects. */
  count(text: string): Promise<number> {
    clearTimeout(this.#idle);
    const worker = (this.#worker ??= this.#start());
    return new Promise((resolve) => {
      this.#questions.push({ text, resolve });
      worker.postMessage(text);
    });
  }

  /** Questions that are not answered yet. */
  get pending(): number {
    return this.#questions.length;
  }

  stop(): void {
    clearTimeout(this.#idle);
    this.#worker?.terminate();
    this.#worker = undefined;
    for (const { text, resolve } of this.#questions.splice(0)) resolve(roughly(text));
  }

  #start(): Worker {
    const worker = new Worker(new URL('./token-worker.ts', import.meta.url).href);
    // A thread that only waits must not keep the program running.
    worker.unref();
    worker.addEventListener('message', (event: MessageEvent<number>) => this.#answer(event.data));
    worker.addEventListener('error', () => this.stop());
    return worker;
  }

  /** The thread answers in the order in which it was asked. */
  #answer(tokens: number): void {
    this.#questions.shift()?.resolve(tokens);
    if (this.#questions.length > 0) return;
    this.#idle = setTimeout(() => this.stop(), IDLE_MS);
    this.#idle.unref();
  }
}

function roughly(text: string): number {
  return Math.ceil(text.length / 4);
}
