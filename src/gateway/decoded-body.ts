import { withoutCoding } from '../lib/content-coding.ts';
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
export function decodedBody({ body, headers }: Reply): {
  body: ReadableStream<Uint8Array>;
  headers: Headers;
} {
  const plain = body ?? new ReadableStream<Uint8Array>({ start: (controller) => controller.close() });
  const format = FORMATS[headers.get('content-encoding')?.trim().toLowerCase() ?? ''];
  if (format === undefined) return { body: plain, headers };
  const decoder = new DecompressionStream(format) as ReadableWritablePair<Uint8Array, Uint8Array>;
  return { body: plain.pipeThrough(decoder), headers: withoutCoding(headers) };
}
