import { promisify } from 'node:util';
import zlib from 'node:zlib';
import type { Duplex } from 'node:stream';

/** What decoding a body came to: its bytes, or why there are none. */
export type Decoding = Uint8Array | 'unknown-coding' | 'damaged' | 'too-large';

/**
 * Decodes a body with the given `Content-Encoding` (RFC 9110 §8.4), up to `maxBytes`: a small body may hold a very
 * large one. Without a coding it is the same object.
 */
export function decodeBody(bytes: Uint8Array, contentEncoding: string | null, maxBytes: number): Decoding {
  const decoder = decoderOf(bytes, contentEncoding);
  if (decoder === undefined) return bytes;
  if (decoder === 'unknown-coding') return decoder;
  try {
    return decoder.decodeAtOnce(bytes, { maxOutputLength: maxBytes });
  } catch (error) {
    return isTooLarge(error) ? 'too-large' : 'damaged';
  }
}

/** The same for a body that may become large: beyond some 500 kB it is decoded in another thread. */
export async function decodeLargeBody(
  bytes: Uint8Array,
  contentEncoding: string | null,
  maxBytes: number,
): Promise<Decoding> {
  const decoder = decoderOf(bytes, contentEncoding);
  if (decoder === undefined) return bytes;
  if (decoder === 'unknown-coding') return decoder;
  if (bytes.length <= AT_ONCE_BYTES) {
    const decoding = decodeBody(bytes, contentEncoding, Math.min(maxBytes, AT_ONCE_BYTES));
    if (decoding !== 'too-large' || maxBytes <= AT_ONCE_BYTES) return decoding;
  }
  try {
    return await decoder.decode(bytes, { maxOutputLength: maxBytes });
  } catch (error) {
    return isTooLarge(error) ? 'too-large' : 'damaged';
  }
}

/** As large as a piece is that is decoded at once. */
const PIECES = { chunkSize: 64 * 1024 } as const;

/** How much of a body is decoded, and how much of that is kept. */
export interface TailLimits {
  readonly keepBytes: number;
  readonly maxBytes: number;
}

/**
 * The end of a body, some `keepBytes` of it at least where it is so long, decoded piece by piece in another thread. Undefined where it
 * has no coding that is known, is damaged, or is larger than `maxBytes`.
 */
export async function decodedTail(
  bytes: Uint8Array,
  contentEncoding: string | null,
  { keepBytes, maxBytes }: TailLimits,
): Promise<Buffer | undefined> {
  const decoder = decoderOf(bytes, contentEncoding);
  if (decoder === undefined || decoder === 'unknown-coding') return undefined;
  const kept: Buffer[] = [];
  let keptBytes = 0;
  let size = 0;
  try {
    for await (const piece of decoder.open(PIECES).end(bytes) as AsyncIterable<Buffer>) {
      size += piece.byteLength;
      if (size > maxBytes) return undefined;
      kept.push(piece);
      keptBytes += piece.byteLength;
      for (
        let [first] = kept;
        first !== undefined && keptBytes - first.byteLength >= keepBytes;
        [first] = kept
      ) {
        keptBytes -= first.byteLength;
        kept.shift();
        free(first);
      }
    }
  } catch {
    return undefined;
  }
  return Buffer.concat(kept);
}

/** The garbage collector hardly counts such memory, so that a hundred megabytes of it would be there before it comes. */
function free({ buffer, byteLength }: Buffer): void {
  if (byteLength === buffer.byteLength && buffer instanceof ArrayBuffer) buffer.transfer(0);
}

/** Up to this size decoding takes a millisecond or two, and a way to another thread and back is not worth it. */
const AT_ONCE_BYTES = 512 * 1024;

/** undefined: the body has no coding. */
function decoderOf(
  bytes: Uint8Array,
  contentEncoding: string | null,
): Decoder | 'unknown-coding' | undefined {
  const coding = contentEncoding?.trim().toLowerCase() ?? '';
  if (coding === '' || coding === 'identity') return undefined;
  return Object.hasOwn(DECODERS, coding) ? DECODERS[coding]?.(bytes) : 'unknown-coding';
}

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
}

/** The header of a body that has been decoded. */
export function withoutCoding(headers: Headers): Headers {
  if (!headers.has('content-encoding')) return headers;
  const plain = new Headers(headers);
  plain.delete('content-encoding');
  return plain;
}

interface Limit {
  readonly maxOutputLength: number;
}

interface Decoder {
  readonly open: (options: typeof PIECES) => Duplex;
  readonly decodeAtOnce: (bytes: Uint8Array, limit: Limit) => Uint8Array;
  readonly decode: (bytes: Uint8Array, limit: Limit) => Promise<Uint8Array>;
}

const GZIP: Decoder = {
  open: zlib.createGunzip,
  decodeAtOnce: zlib.gunzipSync,
  decode: promisify<Uint8Array, Limit, Buffer>(zlib.gunzip),
};
const ZLIB: Decoder = {
  open: zlib.createInflate,
  decodeAtOnce: zlib.inflateSync,
  decode: promisify<Uint8Array, Limit, Buffer>(zlib.inflate),
};
const RAW: Decoder = {
  open: zlib.createInflateRaw,
  decodeAtOnce: zlib.inflateRawSync,
  decode: promisify<Uint8Array, Limit, Buffer>(zlib.inflateRaw),
};
const BROTLI: Decoder = {
  open: zlib.createBrotliDecompress,
  decodeAtOnce: zlib.brotliDecompressSync,
  decode: promisify<Uint8Array, Limit, Buffer>(zlib.brotliDecompress),
};
const ZSTD: Decoder = {
  open: zlib.createZstdDecompress,
  decodeAtOnce: zlib.zstdDecompressSync,
  decode: promisify<Uint8Array, Limit, Buffer>(zlib.zstdDecompress),
};

/** By the name of the coding, and by the bytes where servers disagree about the name. */
const DECODERS: Readonly<Record<string, (bytes: Uint8Array) => Decoder>> = {
  gzip: () => GZIP,
  'x-gzip': () => GZIP,
  deflate: (bytes) => (isZlib(bytes) ? ZLIB : RAW),
  br: () => BROTLI,
  zstd: () => ZSTD,
};

/** "deflate" means the zlib format (RFC 1950); some servers send the bare stream (RFC 1951) all the same. */
export function isZlib(bytes: Uint8Array): boolean {
  return ((bytes[0] ?? 0) & 0x0f) === 8 && (((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0)) % 31 === 0;
}
