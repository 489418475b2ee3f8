import { type ObjectScan, scanObject, scanObjectInSlices, valueAt } from '../lib/json/json-scan.ts';
import { asObject, type JsonObject } from './json-object.ts';

/** Up to this size parsing costs less than looking for members one by one; beyond it, the more the larger it is. */
const SMALL_BYTES = 4 * 1024;

/** Every member that anything here asks of an answer. */
const MEMBERS =
  'error object type choices status output data stop_reason content usage x_groq model response message'.split(
    ' ',
  );

/** A complete, decoded answer. It is parsed or scanned once, when something is first asked of it. */
export class AnswerBody {
  readonly bytes: Uint8Array;
  #parsed: { readonly value: JsonObject | undefined } | undefined;
  #scan: ObjectScan | undefined;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** A small answer as an object; undefined where it is large, or anything else. */
  small(): JsonObject | undefined {
    const { bytes } = this;
    this.#parsed ??= {
      value: bytes.length > SMALL_BYTES ? undefined : asObject(valueAt(bytes, 0, bytes.length)),
    };
    return this.#parsed.value;
  }

  /** The members that anything asks for. */
  scan(): ObjectScan {
    this.#scan ??= scanObject(this.bytes, MEMBERS);
    return this.#scan;
  }

  /**
   * Scans a large answer before anything asks for its members, a slice at a time: each call of the function that is returned
   * scans about `sliceBytes` more and returns undefined until all is scanned.
   */
  scanInSlices(sliceBytes: number): () => ObjectScan | undefined {
    const scanOn = scanObjectInSlices(this.bytes, MEMBERS, sliceBytes);
    return () => (this.#scan ??= scanOn());
  }
}
