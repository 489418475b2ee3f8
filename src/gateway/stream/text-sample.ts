import type { Protocol } from '../../protocols/protocol.ts';
import type { AnswerText } from '../../usage/estimate-usage.ts';

/** Enough text to estimate the characters per token. */
const SAMPLE_BYTES = 2 * 1024;

/**
 * Collects the text of the first events of a stream, for an estimate if no usage is reported. The events themselves
 * would be ten times as large.
 */
export class TextSample {
  readonly #protocol: Pick<Protocol, 'textOf'>;
  /** The texts of the events; once there are enough, joined in one, which takes less memory. */
  #texts: string[] = [];
  #chars = 0;
  /** The size of the events with this text. */
  #sampleBytes = 0;
  /** The size of all events so far. */
  #bytes = 0;

  constructor(protocol: Pick<Protocol, 'textOf'>) {
    this.#protocol = protocol;
  }

  get isFull(): boolean {
    return this.#sampleBytes >= SAMPLE_BYTES;
  }

  /** Counts events without reading them, once the sample is full. */
  skip(byteLength: number): void {
    this.#bytes += byteLength;
  }

  /** Adds events, and reads at most the missing part of them. */
  add(events: Uint8Array): void {
    this.#bytes += events.byteLength;
    const missing = SAMPLE_BYTES - this.#sampleBytes;
    if (missing <= 0) return;
    const part = events.byteLength > missing ? events.subarray(0, missing) : events;
    const { sample, chars } = this.#protocol.textOf(part);
    if (sample !== '') this.#texts.push(sample);
    this.#chars += chars;
    this.#sampleBytes += part.byteLength;
    if (this.isFull) this.#texts = [this.#texts.join('')];
  }

  text(): AnswerText {
    // The overhead per event is constant, so text has the same share of the bytes throughout.
    const share = this.#sampleBytes === 0 ? 0 : this.#bytes / this.#sampleBytes;
    return { sample: this.#texts.join(''), chars: Math.round(this.#chars * share) };
  }
}
