import { withoutCoding } from '../lib/http/content-coding.ts';
import { readerSource } from '../lib/reader-source.ts';
import type { ByteSource } from './ports.ts';
import { NOTHING, prefixed } from './sniffed-body.ts';
import type { Reply } from './verdict.ts';

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
  const reader = format === 'deflate' ? deflateReader(body) : readerOf(body, format);
  return { ...reply, body: readerSource(reader), headers: withoutCoding(headers) };
}

function readerOf(source: ByteSource, format: Format): Reader {
  const decoder = new DecompressionStream(format) as ReadableWritablePair<Uint8Array, Uint8Array>;
  return streamOf(source).pipeThrough(decoder).getReader();
}

interface Reader {
  readonly read: ByteSource['read'];
  readonly cancel: () => Promise<void>;
}

/** "deflate" means the zlib format (RFC 1950); some servers send the bare stream (RFC 1951): the first bytes tell. */
function deflateReader(source: ByteSource): Reader {
  let reader: Promise<Reader> | undefined;
  const open = async (): Promise<Reader> => {
    const { value } = await source.read();
    if (value === undefined) return readerOf(NOTHING, 'deflate');
    return readerOf(prefixed(value, source), isZlib(value) ? 'deflate' : 'deflate-raw');
  };
  return {
    read: async () => (await (reader ??= open())).read(),
    cancel: () => source.cancel(),
  };
}

function isZlib(bytes: Uint8Array): boolean {
  const first = bytes[0] ?? 0;
  return (first & 0x0f) === 8 && (bytes.byteLength < 2 || ((first << 8) | (bytes[1] ?? 0)) % 31 === 0);
}

function streamOf(source: ByteSource): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      const { value } = await source.read();
      if (value === undefined) controller.close();
      else controller.enqueue(value);
    },
    cancel: () => source.cancel(),
  });
}
