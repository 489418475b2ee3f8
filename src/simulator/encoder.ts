import * as zlib from 'node:zlib';

/** A content coding by its registered name. */
export type Encoding = 'gzip' | 'deflate' | 'br' | 'zstd';

/** Compresses a body incrementally: each call returns what the peer needs to read everything so far. */
export interface Encoder {
  readonly encode: (bytes: Uint8Array) => Promise<Uint8Array>;
  readonly finish: () => Promise<Uint8Array>;
}

interface Codec {
  readonly whole: (bytes: Uint8Array) => Uint8Array;
  readonly open: () => zlib.Gzip | zlib.Deflate | zlib.BrotliCompress | zlib.ZstdCompress;
  /** The kind of flush that makes everything so far readable. */
  readonly flush: number;
}

const CODECS: Readonly<Record<Encoding, Codec>> = {
  gzip: { whole: zlib.gzipSync, open: zlib.createGzip, flush: zlib.constants.Z_SYNC_FLUSH },
  deflate: { whole: zlib.deflateSync, open: zlib.createDeflate, flush: zlib.constants.Z_SYNC_FLUSH },
  br: {
    whole: (bytes) => zlib.brotliCompressSync(bytes, FAST_BROTLI),
    open: () => zlib.createBrotliCompress(FAST_BROTLI),
    flush: zlib.constants.BROTLI_OPERATION_FLUSH,
  },
  zstd: { whole: zlib.zstdCompressSync, open: zlib.createZstdCompress, flush: zlib.constants.ZSTD_e_flush },
};
/** The default quality is the highest and takes seconds for a few megabytes. */
const FAST_BROTLI: zlib.BrotliOptions = { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } };

/** Compresses a body at once. */
export function encodeWhole(bytes: Uint8Array, encoding: Encoding): Uint8Array {
  return CODECS[encoding].whole(bytes);
}

/** Opens a compressed stream. */
export function openEncoder(encoding: Encoding): Encoder {
  const codec = CODECS[encoding];
  const stream = codec.open();
  let made: Buffer[] = [];
  stream.on('data', (bytes: Buffer) => made.push(bytes));
  const collect = (): Buffer => {
    const bytes = Buffer.concat(made);
    made = [];
    return bytes;
  };
  return {
    encode: (bytes) =>
      new Promise((resolve) => {
        stream.write(bytes);
        stream.flush(codec.flush, () => resolve(collect()));
      }),
    finish: () =>
      new Promise((resolve) => {
        stream.once('end', () => resolve(collect()));
        stream.end();
      }),
  };
}
