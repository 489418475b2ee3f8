import { take } from '../../limits/bucket.ts';
import { MAX_WAITING_BYTES, MESSAGE_LIMIT } from './message-limits.ts';

/** The consumer of the queued messages. */
export interface MessageConsumer {
  /** Handles one message. Returns a promise, which never rejects, if that takes time. */
  readonly pass: (text: string) => Promise<void> | undefined;
  /** Whether the connection has ended, so that no further message is handled. */
  readonly isOver: () => boolean;
  /** Called whenever no message waits any more. */
  readonly onIdle: () => void;
}

/** The client's messages, handled one after the other. Those that need no asynchronous check pass immediately. */
export class MessageQueue {
  readonly #consumer: MessageConsumer;
  readonly #waiting: string[] = [];
  #waitingBytes = 0;
  #isBusy = false;
  #bucketLevel = 0;

  constructor(consumer: MessageConsumer) {
    this.#consumer = consumer;
  }

  /** Whether a message waits or is being handled. */
  get isIdle(): boolean {
    return !this.#isBusy && this.#waiting.length === 0;
  }

  /** Returns false if the client has sent too much at a time. */
  push(text: string, nowMs: number): boolean {
    const taking = take(this.#bucketLevel, MESSAGE_LIMIT, nowMs);
    this.#bucketLevel = taking.level;
    this.#waitingBytes += text.length;
    if (!taking.admitted || this.#waitingBytes > MAX_WAITING_BYTES) return false;
    this.#waiting.push(text);
    if (!this.#isBusy) this.#handle();
    return true;
  }

  clear(): void {
    this.#waiting.length = 0;
  }

  #handle(): void {
    while (!this.#consumer.isOver()) {
      const message = this.#waiting.shift();
      if (message === undefined) break;
      this.#waitingBytes -= message.length;
      const passing = this.#consumer.pass(message);
      if (passing === undefined) continue;
      this.#isBusy = true;
      void passing.then(() => {
        this.#isBusy = false;
        this.#handle();
      });
      return;
    }
    this.#consumer.onIdle();
  }
}
