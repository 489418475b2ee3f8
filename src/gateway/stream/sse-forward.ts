import type { Usage } from '../../protocols/protocol.ts';
import type { AnswerText } from '../../usage/estimate-usage.ts';
import type { AnswerStream, StreamEnd } from '../answer.ts';
import { PIECE_BYTES, sendInPieces } from '../body/pieces.ts';
import { type ByteSink, paused, pipe } from '../body/pipe.ts';
import type { Backpressure, TakeFramed } from '../ports.ts';
import { LEFT, type SseReading } from './sse-reading.ts';

/**
 * Forwards an event stream. Complete events go on immediately; an incomplete one waits for its rest, and is dropped
 * if that does not arrive. The stream ends with the API's end marker (`complete`), without it (`broken`), or by the
 * client (`left`). The end of the bytes alone never counts as the end of the answer.
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
      const ending = await pipe(this.#reading.source, this.#reading.timeouts, {
        take: (chunk) => this.#forward(chunk, sink),
        takeFramed: this.#framed(sink),
      });
      if (ending !== 'stop') this.#reading.endOfBytes(ending);
    }
    await this.#flush(sink);
    return this.#reading.end ?? LEFT;
  }

  cancel(): void {
    this.#reading.timeouts.abort('client-left');
    this.#reading.finish(LEFT);
  }

  usage(): Usage | undefined {
    return this.#reading.signs.usage();
  }

  text(): AnswerText {
    return this.#reading.sample.text();
  }

  isDone(): boolean {
    return this.#reading.signs.isDone();
  }

  errorEvent(error: { readonly message: string; readonly code: string }): string {
    return this.#reading.protocol.errorEvent(error, this.#reading.signs.position?.());
  }

  /** Forwards the events of a chunk: unchanged if they are only content, otherwise after examining each. */
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

  /**
   * Forwards chunks with nothing but content together with their framing. With many streams, the objects of each are
   * in the processor's caches no more when its next event arrives, so the fewer are looked at, the cheaper it is.
   */
  #framed(sink: ByteSink): TakeFramed | undefined {
    const reading = this.#reading;
    if (sink.writeFramed === undefined || reading.renamesModel) return undefined;
    return (chunk, start, end) => {
      reading.timeouts.passed();
      if (reading.end !== undefined) return 'stop';
      if (reading.isThinking || !reading.sample.isFull || !reading.areWholeEvents(chunk, end))
        return 'unframed';
      if (end - start > PIECE_BYTES || !reading.signs.skim(chunk)) return 'unframed';
      reading.sample.skip(end - start);
      const taken = sink.writeFramed?.(chunk);
      return taken && paused(taken, reading.timeouts);
    };
  }

  /** Whether events with nothing but content can be forwarded without processing. */
  #passesUntouched({ byteLength }: Uint8Array): boolean {
    return byteLength <= PIECE_BYTES && !this.#reading.renamesModel && this.#reading.sample.isFull;
  }

  /** Sends the queued events. Returns a promise while the client is behind. */
  #flush(sink: ByteSink): Promise<unknown> | undefined {
    const { end, kept } = this.#reading;
    if (end?.kind === 'left') return undefined;
    const last = kept.pop();
    if (last === undefined) return undefined;
    if (kept.length === 0 && last.byteLength <= PIECE_BYTES) return sink.write(last);
    return this.#sendInPieces([...kept.splice(0), last], sink);
  }

  /** Apart, since a method with a function in it makes a scope whenever it is called. */
  #sendInPieces(events: readonly Uint8Array[], sink: ByteSink): Promise<void> {
    return sendInPieces(events, sink, () => this.#reading.end?.kind === 'left');
  }
}
