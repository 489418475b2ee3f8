import type { Fields } from '../../lib/http/fields.ts';
import { decodedTail } from '../../lib/http/content-coding.ts';
import type { Usage } from '../../protocols/protocol.ts';
import { usageInBytes } from '../../protocols/usage.ts';

/** Large enough for everything that follows the list in an answer. */
const TAIL_BYTES = 16 * 1024;

/** Maximum decoded size. Embeddings of the largest batch that providers accept take half of it. */
const MAX_BYTES = 128 * 1024 * 1024;

/**
 * Reads the usage of a compressed answer that is too large to decode at once, such as thousands of embeddings.
 * Decodes it piece by piece and keeps only the end, since providers report usage after the list. Returns undefined if
 * it is not there.
 */
export async function usageAtEnd(bytes: Uint8Array, headers: Fields): Promise<Usage | undefined> {
  const tail = await decodedTail(bytes, headers.get('content-encoding'), {
    keepBytes: TAIL_BYTES,
    maxBytes: MAX_BYTES,
  });
  const at = tail?.lastIndexOf('"usage"') ?? -1;
  if (tail === undefined || at === -1) return undefined;
  // With an opening brace, the tail is an object again that contains the last members only.
  return usageInBytes(Buffer.concat([OPENING, tail.subarray(at)]));
}

const OPENING = Buffer.from('{');
