import { decodeWithin } from '../../lib/http/bounded-decoder.ts';
import type { ServerSettings } from '../../config/snapshot.ts';
import type { ClientRequest } from '../ports.ts';
import { Refusal } from '../refusals.ts';

/**
 * Limits on decompression besides `max_body_mb`. Text compresses about ten to one; only decompression bombs reach a
 * hundred to one.
 */
const MAX_RATIO = 100;
const FREE_BYTES = 8 * 1024 * 1024;

/** The settings and key that limit a body. */
export interface BodyReader {
  readonly server: ServerSettings;
  readonly keyName: string | undefined;
}

/**
 * Returns the request's body without its `Content-Encoding`, since the gateway must read the model in it and
 * providers do not accept compressed bodies. Rejects with a `Refusal`: 415 for an unknown coding, 413 for a body that
 * expands too much, 400 for a damaged one.
 */
export async function plainBody(
  request: ClientRequest,
  coding: string,
  { server: { maxBodyBytes }, keyName }: BodyReader,
): Promise<Uint8Array> {
  const packed = await request.readBody(keyName);
  if (packed.length === 0 || coding.trim().toLowerCase() === 'identity') return packed;
  const limits = { maxBytes: maxBodyBytes, maxRatio: MAX_RATIO, freeBytes: FREE_BYTES };
  const plain = await decodeWithin(packed, coding, limits);
  switch (plain) {
    case 'unknown-coding':
      throw new Refusal('coding_not_supported', { coding });
    case 'damaged':
      throw new Refusal('invalid_body', { problem: `The request body is not valid ${coding.trim()}.` });
    case 'too-large':
      throw new Refusal('body_too_large', { limit: limitText(packed.length, maxBodyBytes) });
    default:
      return plain;
  }
}

function limitText(packedBytes: number, maxBodyBytes: number): string {
  const most = Math.min(maxBodyBytes, Math.max(FREE_BYTES, packedBytes * MAX_RATIO));
  return most === maxBodyBytes
    ? `${maxBodyBytes / 1024 / 1024} MB`
    : `${MAX_RATIO} times its compressed size, or ${FREE_BYTES / 1024 / 1024} MB`;
}
