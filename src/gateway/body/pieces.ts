import type { ByteSink } from './pipe.ts';

/** Number of bytes handed to the runtime at once. */
export const PIECE_BYTES = 64 * 1024;

/**
 * Sends a large event in pieces, at the client's pace. The runtime would copy everything that the client does not
 * accept at once.
 */
export async function sendInPieces(
  blocks: readonly Uint8Array[],
  sink: ByteSink,
  hasLeft: () => boolean,
): Promise<void> {
  for (const bytes of blocks) {
    for (let from = 0; from < bytes.byteLength; from += PIECE_BYTES) {
      await sink.write(bytes.subarray(from, from + PIECE_BYTES));
      if (hasLeft()) return;
    }
  }
}
