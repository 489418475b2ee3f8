import type { ResponseHead } from './response-head.ts';

/** The last response head on a connection, as text. Some servers repeat theirs, which then needs no parser. */
export class LastResponseHead {
  #text = '';
  #head: ResponseHead | undefined;

  /** Returns the head with which the bytes begin if it is the last one again. */
  find(bytes: Buffer): ResponseHead | undefined {
    const { length } = this.#text;
    const isKnown =
      length > 0 && bytes.byteLength >= length && bytes.toString('latin1', 0, length) === this.#text;
    return isKnown ? this.#head : undefined;
  }

  /** The length of the last head in bytes, with its empty line. */
  get bytes(): number {
    return this.#text.length;
  }

  /** @param text with its empty line */
  remember(text: string, head: ResponseHead): void {
    this.#text = text.length > LONGEST_CHARS ? '' : text;
    this.#head = head;
  }
}

const LONGEST_CHARS = 8 * 1024;
