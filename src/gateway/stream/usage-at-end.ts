import { decodedTail } from '../../lib/http/content-coding.ts';
import type { Usage } from '../../protocols/protocol.ts';
import { usageInBytes } from '../../protocols/usage.ts';

/** Whatever stands behind the list in an answer has place in this. */
const TAIL_BYTES = 16 * 1024;

/** Embeddings of the largest batch that providers take are half of this. */
const MAX_BYTES = 128 * 1024 * 1024;

/**
 * The usage of a compressed answer that is too large to be unpacked as a whole, such as thousands of embeddings. It is unpacked piece by
 * piece, and only the end is kept: providers tell the usage behind the list. Undefined where it does not stand there.
 */
export async function usageAtEnd(bytes: Uint8Array, headers: Headers): Promise<Usage | undefined> {
  const tail = await decodedTail(bytes, headers.get('content-encoding'), {
    keepBytes: TAIL_BYTES,
    maxBytes: MAX_BYTES,
  });
  const at = tail?.lastIndexOf('"usage"') ?? -1;
  if (tail === undefined || at === -1) return undefined;
  // With the brace in front it is an object again, of which only the last members are left.
  return usageInBytes(Buffer.concat([OPENING, tail.subarray(at)]));
}

const OPENING = Buffer.from('{');
