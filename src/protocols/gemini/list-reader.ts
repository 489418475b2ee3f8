import type { StreamReader } from '../protocol.ts';

const CLOSING_BRACKET = 0x5d;

/**
 * Reads a stream whose chunks are the elements of one list. Its bracket ends it: a list without one is not JSON, and
 * one that closes before the answer has ended is cut.
 */
export function createListReader(chunks: StreamReader): StreamReader {
  let count = 0;
  let isClosed = false;
  return {
    ...chunks,
    read(event, data) {
      if (data[0] === CLOSING_BRACKET) {
        isClosed = chunks.isDone();
        return isClosed ? 'done' : 'cut';
      }
      count += 1;
      return chunks.read(event, data);
    },
    skim(block) {
      if (block.at(-1) === CLOSING_BRACKET || !chunks.skim(block)) return false;
      count += 1;
      return true;
    },
    isDone: () => isClosed,
    position: () => ({ nextSequenceNumber: 0, responseId: undefined, model: undefined, listed: count }),
  };
}
