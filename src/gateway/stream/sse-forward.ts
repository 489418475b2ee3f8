import type { Usage } from '../../protocols/protocol.ts';
import type { AnswerText } from '../../usage/estimate-usage.ts';
import type { AnswerStream, StreamEnd } from '../answer.ts';
import { PIECE_BYTES, sendInPieces } from '../body/pieces.ts';
import { type ByteSink, pipe } from '../body/pipe.ts';
import type { Backpressure } from '../ports.ts';
import { LEFT, type SseReading } from './sse-reading.ts';

/**
 * A stream of events that is sent on. Whole events go as they come, half ones wait for their rest and are dropped if it does not come. It
 * ends with the protocol's own word (`complete`), without it (`broken`), or by the client (`left`): the end of the bytes alone is
 * never taken for the end of the answer.
 */
export class SseForward implements AnswerStream {
  readonly takesEvents = true;
  readonly #reading: SseReading;

  constructor(reading: SseReading) {
    this.#reading = reading;
  }

  async pipeTo(sink: ByteSink): Promise<StreamEnd> {
    const isFull = this.#flush(sink);
    if (isFull !== undefined) await isFull;
    const pending = await this.#reading.beginning.takePending();
    if (typeof pending === 'string') this.#reading.endOfBytes(pending);
    else if (pending !== undefined) await this.#forward(pending, sink);
    if (this.#reading.end === undefined) {
      const ending = await pipe(this.#reading.source, this.#reading.timeouts, (chunk) =>
        this.#forward(chunk, sink),
      );
      if (ending !== 'stop') this.#reading.endOfBytes(ending);
    }
    await this.#flush(sink);
    return this.#reading.end ?? LEFT;
  }

  cancel(): void {
    this.#reading.timeouts.cut('client-left');
    this.#reading.finish(LEFT);
  }

  usage(): Usage | undefined {
    return this.#reading.signs.usage();
  }

  text(): AnswerText {
    return this.#reading.sample.text(this.#reading.protocol);
  }

  isDone(): boolean {
    return this.#reading.signs.isDone();
  }

  errorEvent(error: { readonly message: string; readonly code: string }): string {
    return this.#reading.protocol.errorEvent(error, this.#reading.signs.position?.());
  }

  /** Sends a chunk's events on: as they are where they hold nothing but content, else after a look at each. */
  #forward(chunk: Uint8Array, sink: ByteSink): Backpressure {
    if (this.#reading.end !== undefined) return 'stop';
    const block = this.#reading.push(chunk);
    if (block === undefined) {
      this.#reading.break('an event is too large');
      return 'stop';
    }
    if (block.byteLength === 0) return undefined;
    const isContent = !this.#reading.isThinking && this.#reading.signs.skim(block);
    if (isContent && this.#passesUntouched(block)) {
      this.#reading.sample.skip(block.byteLength);
      return sink.write(block);
    }
    if (isContent) this.#reading.keep(block);
    else this.#reading.follow(this.#reading.read(block));
    return this.#reading.end === undefined ? this.#flush(sink) : 'stop';
  }

  /** Whether events that are only content need nothing done to them. */
  #passesUntouched({ byteLength }: Uint8Array): boolean {
    return byteLength <= PIECE_BYTES && !this.#reading.renamesModel && this.#reading.sample.isFull;
  }

  /** Sends on what is in line; the promise says that the client is behind. */
  #flush(sink: ByteSink): Promise<unknown> | undefined {
    if (this.#reading.end?.kind === 'left') return undefined;
    const [first, ...more] = this.#reading.kept.splice(0);
    if (first === undefined) return undefined;
    if (more.length === 0 && first.byteLength <= PIECE_BYTES) return sink.write(first);
    return sendInPieces([first, ...more], sink, () => this.#reading.end?.kind === 'left');
  }
}
