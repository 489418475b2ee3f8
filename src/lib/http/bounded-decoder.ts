import { type Decoding, openDecoder } from './content-coding.ts';

/** Limits on the size of a decoded body, in bytes. */
export interface DecodeLimits {
  readonly maxBytes: number;
  /** Beyond `freeBytes`, the largest allowed ratio of decoded to encoded size. */
  readonly maxRatio: number;
  readonly freeBytes: number;
}

/**
 * Decodes a body with the given `Content-Encoding` piece by piece, off the event loop. Decoding stops as soon as the
 * result exceeds the limits, so a decompression bomb costs no more than they allow. A list of codings counts as
 * unknown. Never rejects.
 */
export function decodeWithin(
  bytes: Uint8Array,
  contentEncoding: string,
  limits: DecodeLimits,
): Promise<Decoding> {
  const decoder = openDecoder(bytes, contentEncoding);
  if (typeof decoder !== 'object') return Promise.resolve('unknown-coding');
  const most = Math.min(limits.maxBytes, Math.max(limits.freeBytes, bytes.length * limits.maxRatio));
  return new Promise((resolve) => {
    const pieces: Uint8Array[] = [];
    let size = 0;
    decoder.on('data', (piece: Uint8Array) => {
      size += piece.length;
      pieces.push(piece);
      if (size <= most) return;
      decoder.destroy();
      resolve('too-large');
    });
    decoder.on('end', () => resolve(Buffer.concat(pieces, size)));
    decoder.on('error', () => resolve('damaged'));
    decoder.end(bytes);
  });
}
