import type { Transform } from 'node:stream';
import zlib from 'node:zlib';
import type { Decoding } from './content-coding.ts';

/** How large a decoded body may become, in bytes. */
export interface DecodeLimits {
  readonly maxBytes: number;
  /** Beyond `freeBytes`, so many times its encoded size at most. */
  readonly maxRatio: number;
  readonly freeBytes: number;
}

/**
 * Decodes a body with the given `Content-Encoding` piece by piece, off the event loop, and gives up as soon as it is larger than the
 * limits allow, so that a small body that unpacks to a huge one costs no more than they say. A list of codings is unknown. Never rejects.
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

const DECODERS: ReadonlyMap<string, (bytes: Uint8Array) => Transform> = new Map<
  string,
  (bytes: Uint8Array) => Transform
>([
  ['gzip', () => zlib.createGunzip(OPTIONS)],
  ['x-gzip', () => zlib.createGunzip(OPTIONS)],
  ['br', () => zlib.createBrotliDecompress(OPTIONS)],
  ['zstd', () => zlib.createZstdDecompress(OPTIONS)],
  ['deflate', (bytes) => (isZlib(bytes) ? zlib.createInflate(OPTIONS) : zlib.createInflateRaw(OPTIONS))],
]);

/** Whether "deflate" is the zlib format that it means (RFC 1950), and not the bare stream that some send (RFC 1951). */
export function isZlib(bytes: Uint8Array): boolean {
  return ((bytes[0] ?? 0) & 0x0f) === 8 && (((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0)) % 31 === 0;
}
