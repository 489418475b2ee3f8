import { copyOfFields, type Fields } from './fields.ts';
import type { Duplex } from 'node:stream';
import { nodeModules } from '../node-modules.ts';

/** The decoded bytes, or why decoding failed. */
export type Decoding = Uint8Array | 'unknown-coding' | 'damaged' | 'too-large';

/**
 * Decodes a body with the given `Content-Encoding` (RFC 9110 §8.4) up to `maxBytes`, since a small body may decode to a
 * very large one. Returns the same object if there is no coding.
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

/** Like `decodeBody`, for bodies that may become large: bodies above about 500 kB are decoded in another thread. */
export function decodeLargeBody(
  bytes: Uint8Array,
  contentEncoding: string | null,
  maxBytes: number,
): Decoding | Promise<Decoding> {
  return contentEncoding === null ? bytes : decodedLargeBody(bytes, contentEncoding, maxBytes);
}

async function decodedLargeBody(
  bytes: Uint8Array,
  contentEncoding: string,
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

/** The chunk size of the decoder. */
const PIECES = { chunkSize: 64 * 1024 } as const;

/** How much of a body to decode, and how much of the result to keep. */
export interface TailLimits {
  readonly keepBytes: number;
  readonly maxBytes: number;
}

/**
 * Decodes a body piece by piece in another thread and keeps its end: at least `keepBytes`, if it is that long. Returns
 * undefined if the coding is unknown, the data is damaged, or the result is larger than `maxBytes`.
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

/**
 * Opens a decoder that works piece by piece in another thread. It is given all bytes, the first of which, `start`, tell the
 * two forms of "deflate" apart. Returns undefined without a coding.
 */
export function openDecoder(
  start: Uint8Array,
  contentEncoding: string | null,
): Duplex | 'unknown-coding' | undefined {
  const decoder = decoderOf(start, contentEncoding);
  return typeof decoder === 'object' ? decoder.open(PIECES) : decoder;
}

/** The garbage collector barely counts such memory: hundreds of megabytes would pile up before it ran. */
function free({ buffer, byteLength }: Buffer): void {
  if (byteLength === buffer.byteLength && buffer instanceof ArrayBuffer) buffer.transfer(0);
}

/** Up to this size decoding takes a millisecond or two, so another thread is not worth the round trip. */
const AT_ONCE_BYTES = 512 * 1024;

/** undefined: the body has no coding. */
function decoderOf(
  bytes: Uint8Array,
  contentEncoding: string | null,
): Decoder | 'unknown-coding' | undefined {
  const coding = codingOf(contentEncoding);
  if (coding === undefined) return undefined;
  return Object.hasOwn(DECODERS, coding) ? DECODERS[coding]?.(bytes) : 'unknown-coding';
}

/** The name of the coding in lower case; undefined: there is none. */
export function codingOf(contentEncoding: string | null): string | undefined {
  const coding = contentEncoding?.trim().toLowerCase() ?? '';
  return coding === '' || coding === 'identity' ? undefined : coding;
}

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
}

/** Headers that match a body after decoding. */
export function withoutCoding(headers: Fields): Fields {
  if (!headers.has('content-encoding')) return headers;
  const plain = copyOfFields(headers);
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

const { zlib } = nodeModules;

const GZIP: Decoder = {
  open: (options) => zlib().createGunzip(options),
  decodeAtOnce: (bytes, limit) => zlib().gunzipSync(bytes, limit),
  decode: (bytes, limit) => inThread(zlib().gunzip, bytes, limit),
};
const ZLIB: Decoder = {
  open: (options) => zlib().createInflate(options),
  decodeAtOnce: (bytes, limit) => zlib().inflateSync(bytes, limit),
  decode: (bytes, limit) => inThread(zlib().inflate, bytes, limit),
};
const RAW: Decoder = {
  open: (options) => zlib().createInflateRaw(options),
  decodeAtOnce: (bytes, limit) => zlib().inflateRawSync(bytes, limit),
  decode: (bytes, limit) => inThread(zlib().inflateRaw, bytes, limit),
};
const BROTLI: Decoder = {
  open: (options) => zlib().createBrotliDecompress(options),
  decodeAtOnce: (bytes, limit) => zlib().brotliDecompressSync(bytes, limit),
  decode: (bytes, limit) => inThread(zlib().brotliDecompress, bytes, limit),
};
const ZSTD: Decoder = {
  open: (options) => zlib().createZstdDecompress(options),
  decodeAtOnce: (bytes, limit) => zlib().zstdDecompressSync(bytes, limit),
  decode: (bytes, limit) => inThread(zlib().zstdDecompress, bytes, limit),
};

type Decode = (bytes: Uint8Array, limit: Limit, done: (error: Error | null, decoded: Buffer) => void) => void;

function inThread(decode: Decode, bytes: Uint8Array, limit: Limit): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    decode(bytes, limit, (error, decoded) => {
      if (error) reject(error);
      else resolve(decoded);
    });
  });
}

/** Decoders by the name of the coding. They also look at the bytes where servers disagree about the name. */
const DECODERS: Readonly<Record<string, (bytes: Uint8Array) => Decoder>> = {
  gzip: () => GZIP,
  'x-gzip': () => GZIP,
  deflate: (bytes) => (isZlib(bytes) ? ZLIB : RAW),
  br: () => BROTLI,
  zstd: () => ZSTD,
};

/** Whether "deflate" data is in the zlib format (RFC 1950). Some servers send the raw stream instead (RFC 1951). */
export function isZlib(bytes: Uint8Array): boolean {
  return ((bytes[0] ?? 0) & 0x0f) === 8 && (((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0)) % 31 === 0;
}
