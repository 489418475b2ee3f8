import { sha256Hex } from '../lib/sha256.ts';

/** One file of the page with its headers. */
export interface DocsFile {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array<ArrayBuffer>;
}

/** A text with the headers that all files of the page share. */
export function docsFile(
  type: string,
  body: DocsFile['body'],
  headers: Readonly<Record<string, string>> = {},
): DocsFile {
  return {
    body,
    headers: {
      'content-type': type,
      etag: `"${typeof body === 'string' ? sha256Hex(body).slice(0, 16) : Bun.hash(body).toString(16)}"`,
      'cache-control': 'no-cache',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
      ...headers,
    },
  };
}
