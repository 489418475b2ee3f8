import { ownMemory } from '../../../lib/byte-buffer.ts';
import { copied } from '../../../lib/joined.ts';
import type { Signal } from '../../../lib/signal.ts';
import type { Results, ResultMessage, WorkKind, WorkMessage, Works } from './work.ts';

/** Translates large bodies outside of the request path. */
export interface Translator {
  /**
   * Does one piece of work on `bytes`. Resolves with undefined if nobody waits for it any more
   * or if it takes too long. Rejects for a bug.
   */
  readonly run: <Kind extends WorkKind>(
    kind: Kind,
    work: Works[Kind],
    on: WorkBytes,
  ) => Promise<Results[Kind] | undefined>;
}

export interface WorkBytes {
  readonly bytes: Uint8Array;
  /** Whether the thread may have the memory of the bytes. Otherwise they stay the caller's, and it gets a copy. */
  readonly isLastUse?: boolean;
  /** Aborted when the client disconnects. */
  readonly signal: Signal;
}

/**
 * Bodies above this size are translated in a thread. A megabyte of numbers or short messages takes up to 100 ms, while
 * the way to the thread and back costs one or two.
 */
export const THREAD_BYTES = 384 * 1024;

/** After this long without work, the thread and its memory are released. */
const IDLE_MS = 120_000;

/** Work that takes longer is given up, and its thread is stopped. */
const MOST_MS = 30_000;

/** Why a request is not sent whose translation was given up. */
export const GIVEN_UP = {
  kind: 'invalid',
  path: 'body',
  message: `its translation would take more than ${MOST_MS / 1000} seconds`,
} as const;

interface Job {
  readonly kind: WorkKind;
  readonly work: Works[WorkKind];
  readonly on: WorkBytes;
  readonly resolve: (result: Results[WorkKind] | undefined) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Does the work in a thread of its own, one piece after another, so that only one body is copied at a time. The thread
 * starts on first use.
 */
export class TranslationThread implements Translator {
  #worker: Worker | undefined;
  #job: Job | undefined;
  readonly #queue: Job[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #mostMs: number;

  constructor(mostMs = MOST_MS) {
    this.#mostMs = mostMs;
  }

  run<Kind extends WorkKind>(
    kind: Kind,
    work: Works[Kind],
    on: WorkBytes,
  ): Promise<Results[Kind] | undefined> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ kind, work, on, resolve: resolve as Job['resolve'], reject });
      if (this.#job === undefined) this.#next();
    });
  }

  /** Ends the thread. What it was doing resolves with undefined. */
  stop(): void {
    this.#end();
    for (const { resolve } of this.#queue.splice(0)) resolve(undefined);
  }

  #next(): void {
    clearTimeout(this.#timer);
    const job = this.#queue.shift();
    if (job === undefined) {
      this.#timer = setTimeout(() => this.#end(), IDLE_MS);
      this.#timer.unref();
      return;
    }
    if (job.on.signal.aborted) {
      job.resolve(undefined);
      return this.#next();
    }
    this.#job = job;
    this.#timer = setTimeout(() => this.#giveUp(), this.#mostMs);
    this.#send(job).catch((error: unknown) => {
      if (job === this.#job) this.#fail(String(error));
    });
  }

  async #send(job: Job): Promise<void> {
    const { kind, work, on } = job;
    const given = on.isLastUse === true ? ownMemory(on.bytes) : undefined;
    const bytes = given ?? (await copied(on.bytes));
    // It may have been given up.
    if (job !== this.#job) return;
    this.#worker ??= this.#start();
    this.#worker.postMessage({ kind, work, bytes } satisfies WorkMessage, [bytes.buffer]);
  }

  #start(): Worker {
    const worker = new Worker(new URL('./translation-worker.ts', import.meta.url).href);
    // An idle thread must not keep the program running.
    worker.unref();
    worker.addEventListener('message', ({ data }: MessageEvent<ResultMessage>) => {
      if (worker === this.#worker) this.#answer(data);
    });
    worker.addEventListener('error', ({ message }) => {
      if (worker === this.#worker) this.#fail(message);
    });
    return worker;
  }

  #fail(message: string): void {
    this.#job?.reject(new Error(`the thread that translates failed: ${message}`));
    this.#giveUp();
  }

  #answer(message: ResultMessage): void {
    const job = this.#job;
    this.#job = undefined;
    if ('bug' in message) job?.reject(new Error(message.bug));
    else job?.resolve(message.result);
    this.#next();
  }

  #giveUp(): void {
    this.#end();
    this.#next();
  }

  #end(): void {
    clearTimeout(this.#timer);
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#job?.resolve(undefined);
    this.#job = undefined;
  }
}
