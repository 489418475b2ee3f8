import type { ReportedError } from '../reported-error.ts';
import type { StreamPosition, StreamReader, StreamSign, Usage } from '../protocol.ts';

const CLOSING_BRACKET = 0x5d;

/**
 * Reads a stream whose chunks are the elements of one list. Its bracket ends it: a list without one is not JSON, and
 * one that closes before the answer has ended is cut.
 */
export class ListReader implements StreamReader {
  readonly #chunks: StreamReader;
  #count = 0;
  #isClosed = false;

  constructor(chunks: StreamReader) {
    this.#chunks = chunks;
  }

  read(event: string, data: Uint8Array): StreamSign {
    if (data[0] === CLOSING_BRACKET) {
      this.#isClosed = this.#chunks.isDone();
      return this.#isClosed ? 'done' : 'cut';
    }
    this.#count += 1;
    return this.#chunks.read(event, data);
  }

  skim(block: Uint8Array): boolean {
    if (block.at(-1) === CLOSING_BRACKET || !this.#chunks.skim(block)) return false;
    this.#count += 1;
    return true;
  }

  usage(): Usage | undefined {
    return this.#chunks.usage();
  }

  isDone(): boolean {
    return this.#isClosed;
  }

  error(): ReportedError | undefined {
    return this.#chunks.error();
  }

  position(): StreamPosition {
    return { nextSequenceNumber: 0, responseId: undefined, model: undefined, listed: this.#count };
  }
}
