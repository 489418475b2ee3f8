import { type ObjectScan, scanObject, scanObjectInSlices, valueAt } from '../lib/json/json-scan.ts';
import { asObject, type JsonObject } from './json-object.ts';

/** Up to this size, parsing is cheaper than scanning for members. Above it, scanning wins by a growing margin. */
const SMALL_BYTES = 4 * 1024;

/** All members that any reader asks for. */
const MEMBERS =
  'error object type choices status output data stop_reason content usage x_groq model response message service_tier '
    .concat(
      'candidates promptFeedback usageMetadata modelVersion embedding embeddings input_tokens totalTokens',
    )
    .split(' ');

/** A complete, decoded answer. It is parsed or scanned once, on first use. */
export class AnswerBody {
  readonly bytes: Uint8Array;
  #isParsed = false;
  #parsed: JsonObject | undefined;
  #scan: ObjectScan | undefined;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** Returns a small answer as an object; undefined if the answer is large or not an object. */
  small(): JsonObject | undefined {
    const { bytes } = this;
    if (!this.#isParsed && bytes.length <= SMALL_BYTES)
      this.#parsed = asObject(valueAt(bytes, 0, bytes.length));
    this.#isParsed = true;
    return this.#parsed;
  }

  /** Scans the answer for the members that readers need. */
  scan(): ObjectScan {
    this.#scan ??= scanObject(this.bytes, MEMBERS);
    return this.#scan;
  }

  /**
   * Scans a large answer in slices, ahead of its use. Each call of the returned function scans about `sliceBytes`
   * more, and returns undefined until the scan is complete.
   */
  scanInSlices(sliceBytes: number): () => ObjectScan | undefined {
    const scanOn = scanObjectInSlices(this.bytes, MEMBERS, sliceBytes);
    return () => (this.#scan ??= scanOn());
  }
}
