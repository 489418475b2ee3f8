import { decodedTail } from '../../lib/http/content-coding.ts';
import type { Usage } from '../../protocols/protocol.ts';
import { usageInBytes } from '../../protocols/usage.ts';

<<<<<<< HEAD
/** Whatever stands behind the list in an answer has place in this. */
const TAIL_BYTES = 16 * 1024;

/** Embeddings of the largest batch that providers take are half of this. */
const MAX_BYTES = 128 * 1024 * 1024;

/**
 * The usage of a compressed answer that is too large to be unpacked as a whole, such as thousands of embeddings. It is unpacked piece by
 * piece, and only the end is kept: providers tell the usage behind the list. Undefined where it does not stand there.
=======
/** Large enough for everything that follows the list in an answer. */
const TAIL_BYTES = 16 * 1024;

/** Maximum decoded size. Embeddings of the largest batch that providers accept take half of it. */
const MAX_BYTES = 128 * 1024 * 1024;

/**
 * Reads the usage of a compressed answer that is too large to decode at once, such as thousands of embeddings.
 * Decodes it piece by piece and keeps only the end, since providers report usage after the list. Returns undefined if
 * it is not there.
>>>>>>> main
 */
export async function usageAtEnd(bytes: Uint8Array, headers: Headers): Promise<Usage | undefined> {
  const tail = await decodedTail(bytes, headers.get('content-encoding'), {
    keepBytes: TAIL_BYTES,
    maxBytes: MAX_BYTES,
  });
  const at = tail?.lastIndexOf('"usage"') ?? -1;
  if (tail === undefined || at === -1) return undefined;
<<<<<<< HEAD
  // With the brace in front it is an object again, of which only the last members are left.
=======
  // With an opening brace, the tail is an object again that contains the last members only.
>>>>>>> main
  return usageInBytes(Buffer.concat([OPENING, tail.subarray(at)]));
}

const OPENING = Buffer.from('{');
