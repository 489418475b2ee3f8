import type { Caller } from '../access/caller.ts';

/** Events that wait for a slow reader, in bytes. More are dropped. */
const MOST_WAITING = 256 * 1024;

/** A reader of the live events. */
export class Subscriber {
  readonly caller: Caller;
  /** The credential of a program that has no session; undefined: it has one. */
  readonly key: string | undefined;
  readonly stream: ReadableStream<Uint8Array>;
  onClose: () => void = () => undefined;
  readonly #encoder = new TextEncoder();
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #lost = 0;

  constructor(caller: Caller, key: string | undefined) {
    this.caller = caller;
    this.key = key;
    this.stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        cancel: () => this.#close(),
      },
      { highWaterMark: MOST_WAITING, size: (chunk) => chunk?.byteLength ?? 0 },
    );
  }

  /** Sends a text with so many events, or counts them as lost if the reader is slow. */
  send(text: string, events = 1): void {
    const controller = this.#controller;
    if (controller === undefined) return;
    if ((controller.desiredSize ?? 0) <= 0) {
      this.#lost += events;
      return;
    }
    const lost = this.#lost === 0 ? '' : `event: lost\ndata: ${JSON.stringify({ events: this.#lost })}\n\n`;
    this.#lost = 0;
    controller.enqueue(this.#encoder.encode(lost + text));
  }

  /** Sends a last text and ends the stream. */
  end(text: string): void {
    const controller = this.#controller;
    if (controller === undefined) return;
    controller.enqueue(this.#encoder.encode(text));
    controller.close();
    this.#close();
  }

  #close(): void {
    this.#controller = undefined;
    this.onClose();
  }
}
