import { isKnownEndpoint } from '../../gateway/endpoint.ts';

/** The head of a plain, well-formed request to one of the gateway's endpoints. */
export interface RequestHead {
  readonly path: string;
  /** The query with its question mark, or ''. */
  readonly search: string;
  readonly headers: Headers;
  readonly contentLength: number;
  /** Whether the client closes the connection after the answer. */
  readonly isLast: boolean;
}

/** Longer heads, and heads with more fields, are handed over. */
export const MOST_HEAD_BYTES = 16 * 1024;
const MOST_FIELDS = 99;

/**
 * Parses the head of a request (RFC 9112), without its last empty line. Returns undefined unless it is a POST with a
 * declared length whose meaning no parser could dispute: everything else is for the runtime's server.
 *
 * @param text in latin1
 */
export function parseRequestHead(text: string): RequestHead | undefined {
  const [line = '', ...lines] = text.split('\r\n');
  const [, path = '', search = ''] = REQUEST_LINE.exec(line) ?? [];
  if (!isKnownEndpoint(path)) return undefined;
  const fields = lines.length > MOST_FIELDS ? undefined : fieldsOf(lines);
  const length = fields?.['content-length'] ?? '';
  const connection = fields?.['connection']?.toLowerCase() ?? 'keep-alive';
  if (fields?.['host'] === undefined || !LENGTH.test(length) || !CONNECTION.test(connection))
    return undefined;
  const isLast = connection === 'close';
  return { path, search, headers: new Headers(fields), contentLength: Number(length), isLast };
}

/** The fields by name in lower case; undefined unless all of them are plain. */
function fieldsOf(lines: readonly string[]): Record<string, string> | undefined {
  const fields: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon)).toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (!NAME.test(name) || !VALUE.test(value) || name in fields || UNUSUAL.has(name)) return undefined;
    fields[name] = value;
  }
  return fields;
}

/** The target is in origin form, and no part of it needs decoding. */
const REQUEST_LINE = /^POST (\/v1\/[a-z_/]+)(\?[A-Za-z0-9_=&.-]*)? HTTP\/1\.1$/;

/** RFC 9110 §5.6.2. */
const NAME = /^[a-z0-9!#$%&'*+.^_`|~-]+$/;

/** Visible ASCII, space and tab. */
const VALUE = /^[\t\x20-\x7e]*$/;

const CONNECTION = /^(?:close|keep-alive)$/;

const LENGTH = /^\d{1,12}$/;

/**
 * Fields that change the framing, the protocol or who may read the answer. `__proto__` would not become a member of the
 * fields.
 */
const UNUSUAL: ReadonlySet<string> = new Set([
  '__proto__',
  'access-control-request-method',
  'content-encoding',
  'expect',
  'http2-settings',
  'origin',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
