import type { ResponseHead } from './response-head.ts';

/** A head that was parsed, with its bytes and their empty line. Connections share it. */
interface KnownHead {
  readonly head: ResponseHead;
  readonly bytes: Buffer;
}

/** The head that was parsed last on any connection to a server, so that all have one object for it if it is the same. */
export class RecentResponseHead {
  known: KnownHead | undefined;
}

/** The last response head on a connection, as bytes. Some servers repeat theirs, which then needs no parser. */
export class LastResponseHead {
  readonly #recent: RecentResponseHead;
  #last: KnownHead | undefined;

  constructor(recent = new RecentResponseHead()) {
    this.#recent = recent;
  }

  /** Returns the head with which the bytes begin if it is the last one again. */
  find(bytes: Buffer): ResponseHead | undefined {
    if (this.#last !== undefined && beginsWith(bytes, this.#last.bytes)) return this.#last.head;
    const { known } = this.#recent;
    if (known === undefined || known === this.#last || !beginsWith(bytes, known.bytes)) return undefined;
    this.#last = known;
    return known.head;
  }

  /** The length of the last head in bytes, with its empty line. */
  get bytes(): number {
    return this.#last?.bytes.length ?? 0;
  }

  /** @param text with its empty line */
  remember(text: string, head: ResponseHead): void {
    this.#last = text.length > LONGEST_CHARS ? undefined : { head, bytes: Buffer.from(text, 'latin1') };
    this.#recent.known = this.#last;
  }
}

const LONGEST_CHARS = 8 * 1024;

function beginsWith(bytes: Buffer, start: Buffer): boolean {
  const { length } = start;
  // A text to compare would be allocated for each head.
  return bytes.byteLength >= length && bytes.compare(start, 0, length, 0, length) === 0;
}
