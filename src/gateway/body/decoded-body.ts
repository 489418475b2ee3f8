import { isZlib, withoutCoding } from '../../lib/http/content-coding.ts';
import { readerSource } from '../../lib/reader-source.ts';
import type { ByteSource } from '../ports.ts';
import type { Reply } from '../classification.ts';

type Format = ConstructorParameters<typeof DecompressionStream>[0];

/** What `Content-Encoding` calls the formats that the runtime can decode as they come. */
const FORMATS: Readonly<Record<string, Format>> = {
  gzip: 'gzip',
  'x-gzip': 'gzip',
  deflate: 'deflate',
  br: 'brotli',
  zstd: 'zstd',
};

/**
 * The body of a stream of events without its compression, and a header that says so: events have to be read as they
 * pass, and an error must be told among them. Complete answers keep theirs.
 */
export function decodedBody(reply: Reply): Reply {
  const { body, headers } = reply;
  const format = FORMATS[headers.get('content-encoding')?.trim().toLowerCase() ?? ''];
  if (format === undefined || body === null) return reply;
  const reader = format === 'deflate' ? inflated(body) : decoded(streamOf(body), format);
  return { ...reply, body: readerSource(reader), headers: withoutCoding(headers) };
}

function decoded(stream: ReadableStream<Uint8Array>, format: Format): Reader {
  const decoder = new DecompressionStream(format) as ReadableWritablePair<Uint8Array, Uint8Array>;
  return stream.pipeThrough(decoder).getReader();
}

type Reader = Parameters<typeof readerSource>[0];

/** Which kind of "deflate" it is, its first bytes tell. */
function inflated(source: ByteSource): Reader {
  let opened: Promise<Reader> | undefined;
  const open = async (): Promise<Reader> => {
    const first = await startOf(source);
    return decoded(streamOf(source, first), isZlib(first) ? 'deflate' : 'deflate-raw');
  };
  return {
    read: async () => (await (opened ??= open())).read(),
    // What is being decoded ends with its source.
    cancel: () => source.cancel(),
  };
}

/** The first two bytes and what came with them, or all of a shorter body. */
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
