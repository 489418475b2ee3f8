import type { ByteSink } from './pipe.ts';

/** As much as is handed to the runtime at once. */
export const PIECE_BYTES = 64 * 1024;

/** The runtime copies what the client does not take at once: a large event goes as fast as it is taken. */
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
