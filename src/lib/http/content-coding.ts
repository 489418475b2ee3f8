import zlib from 'node:zlib';

/** What decoding a body came to: its bytes, or why there are none. */
export type Decoding = Uint8Array | 'unknown-coding' | 'damaged' | 'too-large';

/**
 * Decodes a body with the given `Content-Encoding` (RFC 9110 §8.4), up to `maxBytes`: a small body may hold a very
 * large one. Without a coding it is the same object.
 */
export function decodeBody(bytes: Uint8Array, contentEncoding: string | null, maxBytes: number): Decoding {
  const coding = contentEncoding?.trim().toLowerCase() ?? '';
  if (coding === '' || coding === 'identity') return bytes;
  const decode = DECODERS[coding];
  if (decode === undefined) return 'unknown-coding';
  try {
    return decode(bytes, { maxOutputLength: maxBytes });
  } catch (error) {
    const isTooLarge = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
    return isTooLarge ? 'too-large' : 'damaged';
  }
}

/** The header of a body that has been decoded. */
export function withoutCoding(headers: Headers): Headers {
  if (!headers.has('content-encoding')) return headers;
  const plain = new Headers(headers);
  plain.delete('content-encoding');
  return plain;
}

type Decode = (bytes: Uint8Array, options: { maxOutputLength: number }) => Uint8Array;

const DECODERS: Readonly<Record<string, Decode>> = {
  gzip: zlib.gunzipSync,
  'x-gzip': zlib.gunzipSync,
  deflate: inflate,
  br: zlib.brotliDecompressSync,
  zstd: zlib.zstdDecompressSync,
};

/** "deflate" means the zlib format (RFC 1950); some servers send the bare stream (RFC 1951) all the same. */
function inflate(bytes: Uint8Array, options: { maxOutputLength: number }): Uint8Array {
  const isZlib = ((bytes[0] ?? 0) & 0x0f) === 8 && (((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0)) % 31 === 0;
  return isZlib ? zlib.inflateSync(bytes, options) : zlib.inflateRawSync(bytes, options);
}
