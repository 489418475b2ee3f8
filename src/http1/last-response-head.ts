import type { ResponseHead } from './response-head.ts';

/** The last response head on a connection, as bytes. Some servers repeat theirs, which then needs no parser. */
export class LastResponseHead {
  /** With its empty line. */
  #bytes = Buffer.alloc(0);
  #head: ResponseHead | undefined;

  /** Returns the head with which the bytes begin if it is the last one again. */
  find(bytes: Buffer): ResponseHead | undefined {
    const { length } = this.#bytes;
    if (length === 0 || bytes.byteLength < length) return undefined;
    // A text to compare would be allocated for each head.
    return bytes.compare(this.#bytes, 0, length, 0, length) === 0 ? this.#head : undefined;
  }

  /** The length of the last head in bytes, with its empty line. */
  get bytes(): number {
    return this.#bytes.length;
  }

  /** @param text with its empty line */
  remember(text: string, head: ResponseHead): void {
    this.#bytes = Buffer.from(text.length > LONGEST_CHARS ? '' : text, 'latin1');
    this.#head = head;
  }
}

const LONGEST_CHARS = 8 * 1024;
