import type { Protocol } from '../../protocols/protocol.ts';
import type { AnswerText } from '../../usage/estimate-usage.ts';

/** Enough text to estimate the characters per token. More would only cost memory. */
const SAMPLE_BYTES = 2 * 1024;

/** Collects the first events of a stream. Their text is read if no usage is reported. */
export class TextSample {
  readonly #parts: Uint8Array[] = [];
  #sampleBytes = 0;
  /** The size of all events so far. */
  #bytes = 0;

  get isFull(): boolean {
    return this.#sampleBytes >= SAMPLE_BYTES;
  }

  /** Counts events without storing them, once the sample is full. */
  skip(byteLength: number): void {
    this.#bytes += byteLength;
  }

  /**
   * Adds events, copying at most the missing part. A view would keep the whole block in memory for as long as the
   * stream lasts.
   */
  add(events: Uint8Array): void {
    this.#bytes += events.byteLength;
    if (this.isFull) return;
    const missing = SAMPLE_BYTES - this.#sampleBytes;
    // `Buffer.slice` would return a view.
    const part = new Uint8Array(events.byteLength > missing ? events.subarray(0, missing) : events);
    this.#parts.push(part);
    this.#sampleBytes += part.byteLength;
  }

  text(protocol: Pick<Protocol, 'textOf'>): AnswerText {
    const { sample, chars } = protocol.textOf(Buffer.concat(this.#parts));
    // The overhead per event is constant, so text has the same share of the bytes throughout.
    const share = this.#sampleBytes === 0 ? 0 : this.#bytes / this.#sampleBytes;
    return { sample, chars: Math.round(chars * share) };
  }
}
