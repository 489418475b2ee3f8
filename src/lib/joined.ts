import { giveBack, unwritten } from './byte-buffer.ts';
import { LARGE_BYTES, nextTurn } from './in-turns.ts';

/** Bytes that are copied in one turn. The first write to new memory makes them take a millisecond or two. */
const TURN_BYTES = 4 * LARGE_BYTES;

/**
 * Joins pieces of `size` bytes in all. A single piece is returned as it is. Large ones are copied in several turns of
 * the event loop. Takes over the pieces: those that own their memory are released once they are copied.
 */
export function joined(pieces: readonly Uint8Array[], size: number): Uint8Array | Promise<Uint8Array> {
  const [only] = pieces;
  if (pieces.length === 1 && only !== undefined) return only;
  return size <= TURN_BYTES ? Buffer.concat(pieces, size) : joinedInTurns(pieces, size);
}

async function joinedInTurns(pieces: readonly Uint8Array[], size: number): Promise<Uint8Array> {
  const whole = unwritten(size);
  let end = 0;
  let turnBytes = 0;
  for (const piece of pieces) {
    whole.set(piece, end);
    end += piece.byteLength;
    turnBytes += piece.byteLength;
    giveBack(piece);
    if (turnBytes < TURN_BYTES) continue;
    await nextTurn();
    turnBytes = 0;
  }
  return whole;
}

/** Copies bytes into memory of their own, in several turns of the event loop if they are many. */
export async function copied(bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const copy = unwritten(bytes.byteLength);
  for (let from = 0; from < bytes.byteLength; from += TURN_BYTES) {
    if (from > 0) await nextTurn();
    copy.set(bytes.subarray(from, from + TURN_BYTES), from);
  }
  return copy;
}
