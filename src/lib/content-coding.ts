import zlib from 'node:zlib';

/**
 * The decoded form of a body with the given `Content-Encoding` (RFC 9110 §8.4), or undefined where the coding is not
 * known, the body is damaged, or it would be larger than `maxBytes`: a small body may hold a very large one.
 */
export function decodeBody(
  bytes: Uint8Array,
  contentEncoding: string | null,
  maxBytes: number,
): Uint8Array | undefined {
  const coding = contentEncoding?.trim().toLowerCase() ?? '';
  if (coding === '' || coding === 'identity') return bytes;
  const decode = DECODERS[coding];
  if (decode === undefined) return undefined;
  try {
    return decode(bytes, { maxOutputLength: maxBytes });
  } catch {
    return undefined;
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
