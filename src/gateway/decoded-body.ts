import { withoutCoding } from '../lib/http/content-coding.ts';
import { readerSource } from '../lib/reader-source.ts';
import type { ByteSource } from './ports.ts';
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
export function decodedBody({ body, headers }: Reply): { source: ByteSource; headers: Headers } {
  const source = body ?? NOTHING;
  const format = FORMATS[headers.get('content-encoding')?.trim().toLowerCase() ?? ''];
  if (format === undefined) return { source, headers };
  const decoder = new DecompressionStream(format) as ReadableWritablePair<Uint8Array, Uint8Array>;
  const decoded = streamOf(source).pipeThrough(decoder).getReader();
  return { source: readerSource(decoded), headers: withoutCoding(headers) };
}

const NOTHING: ByteSource = {
  read: () => Promise.resolve({ done: true }),
  pour: () => Promise.resolve('end'),
  cancel: () => Promise.resolve(),
};

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
