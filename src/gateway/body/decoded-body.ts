import { isZlib, withoutCoding } from '../../lib/http/content-coding.ts';
import { readerSource } from '../../lib/reader-source.ts';
import type { ByteSource } from '../ports.ts';
import type { Reply } from '../classification.ts';
import { ownValue } from '../../lib/own-value.ts';

type Format = ConstructorParameters<typeof DecompressionStream>[0];

/** The `Content-Encoding` formats that the runtime can decode as a stream. */
const FORMATS: Readonly<Record<string, Format>> = {
  gzip: 'gzip',
  'x-gzip': 'gzip',
  deflate: 'deflate',
  br: 'brotli',
  zstd: 'zstd',
};

/**
 * Decodes the body of an event stream and adjusts the header, since events must be read in passing and error events
 * may be inserted. Complete answers stay compressed.
 */
export function decodedBody(reply: Reply): Reply {
  const { body, headers } = reply;
  const format = ownValue(FORMATS, headers.get('content-encoding')?.trim().toLowerCase() ?? '');
  if (format === undefined || body === null) return reply;
  const reader = format === 'deflate' ? inflated(body) : decoded(streamOf(body), format);
  return { ...reply, body: readerSource(reader), headers: withoutCoding(headers) };
}

function decoded(stream: ReadableStream<Uint8Array>, format: Format): Reader {
  const decoder = new DecompressionStream(format) as ReadableWritablePair<Uint8Array, Uint8Array>;
  return stream.pipeThrough(decoder).getReader();
}

type Reader = Parameters<typeof readerSource>[0];

/** Decodes "deflate". The first bytes tell whether it is raw or in a zlib wrapper. */
function inflated(source: ByteSource): Reader {
  let opened: Promise<Reader> | undefined;
  const open = async (): Promise<Reader> => {
    const first = await startOf(source);
    return decoded(streamOf(source, first), isZlib(first) ? 'deflate' : 'deflate-raw');
  };
  return {
    read: async () => (await (opened ??= open())).read(),
    // Cancelling the source also ends the decoder.
    cancel: () => source.cancel(),
  };
}

/** Reads until the first two bytes have arrived, or all of a shorter body. */
async function startOf(source: ByteSource): Promise<Uint8Array> {
  let start: Uint8Array = new Uint8Array();
  while (start.byteLength < 2) {
    const { value } = await source.read();
    if (value === undefined) break;
    start = Buffer.concat([start, value]);
  }
  return start;
}

function streamOf(source: ByteSource, first?: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      if (first !== undefined && first.byteLength > 0) controller.enqueue(first);
    },
    async pull(controller) {
      const { value } = await source.read();
      if (value === undefined) controller.close();
      else controller.enqueue(value);
    },
    cancel: () => source.cancel(),
  });
}
