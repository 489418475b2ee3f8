import { isZlib } from './content-coding.ts';
import type { Transform } from 'node:stream';
import { nodeModules } from '../node-modules.ts';
import type { Decoding } from './content-coding.ts';

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
  const open = DECODERS.get(contentEncoding.trim().toLowerCase());
  if (open === undefined) return Promise.resolve('unknown-coding');
  const most = Math.min(limits.maxBytes, Math.max(limits.freeBytes, bytes.length * limits.maxRatio));
  return new Promise((resolve) => {
    const decoder = open(bytes);
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

const OPTIONS = { chunkSize: 64 * 1024 };

const { zlib } = nodeModules;

const DECODERS: ReadonlyMap<string, (bytes: Uint8Array) => Transform> = new Map<
  string,
  (bytes: Uint8Array) => Transform
>([
  ['gzip', () => zlib().createGunzip(OPTIONS)],
  ['x-gzip', () => zlib().createGunzip(OPTIONS)],
  ['br', () => zlib().createBrotliDecompress(OPTIONS)],
  ['zstd', () => zlib().createZstdDecompress(OPTIONS)],
  ['deflate', (bytes) => (isZlib(bytes) ? zlib().createInflate(OPTIONS) : zlib().createInflateRaw(OPTIONS))],
]);
