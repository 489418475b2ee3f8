import type { Protocol } from '../../protocols/protocol.ts';
import type { AnswerText } from '../../usage/estimate-usage.ts';

/** Enough events to know how many characters make a token here; more would only be memory. */
const SAMPLE_BYTES = 2 * 1024;

/** The first events of a stream, of which the text is read if nobody says how many tokens it was. */
export class TextSample {
  readonly #parts: Uint8Array[] = [];
  #sampleBytes = 0;
  /** Bytes of all events so far. */
  #bytes = 0;

  get isFull(): boolean {
    return this.#sampleBytes >= SAMPLE_BYTES;
  }

  /** More events, of which nothing need be kept: the sample is full. */
  skip(byteLength: number): void {
    this.#bytes += byteLength;
  }

  /** A large block is cut and copied: a view on it would keep all of it for as long as the stream lasts. */
  add(events: Uint8Array): void {
    this.#bytes += events.byteLength;
    if (this.isFull) return;
    const missing = SAMPLE_BYTES - this.#sampleBytes;
    const part = events.byteLength > missing ? events.slice(0, missing) : events;
    this.#parts.push(part);
    this.#sampleBytes += part.byteLength;
  }

  text(protocol: Pick<Protocol, 'textOf'>): AnswerText {
    const { sample, chars } = protocol.textOf(Buffer.concat(this.#parts));
    // The envelope of an event is as long as that of the next: its text is the same part of the bytes throughout.
    const share = this.#sampleBytes === 0 ? 0 : this.#bytes / this.#sampleBytes;
    return { sample, chars: Math.round(chars * share) };
  }
}
