import { apiPath, type AzurePath } from '../lib/api-path.ts';
import { emptyFields, PlainFields } from '../lib/http/fields.ts';
import { isFieldName, trimmed } from './field.ts';

/** The head of a plain, well-formed request. */
export interface RequestHead {
  readonly method: 'GET' | 'POST';
  /** Normalised by `apiPath`. */
  readonly path: string;
  readonly azure: AzurePath | undefined;
  /** The query with its question mark, or ''. */
  readonly search: string;
  readonly headers: PlainFields;
  /** 0 for a GET. */
  readonly contentLength: number;
  /** Whether the client closes the connection after the answer. */
  readonly isLast: boolean;
}

/** Longer heads, and heads with more fields, are not plain. */
export const MOST_HEAD_BYTES = 16 * 1024;
const MOST_FIELDS = 99;

/**
 * Parses the head of a request (RFC 9112), without its last empty line. Returns undefined unless it is a POST with a
 * declared length, or a GET without one, whose meaning no parser could dispute.
 *
 * @param text in latin1
 */
export function parseRequestHead(text: string): RequestHead | undefined {
  const lineEnd = endOfLine(text, 0);
  const [, verb, target, search = ''] = REQUEST_LINE.exec(text.slice(0, lineEnd)) ?? [];
  const fields = target === undefined ? undefined : fieldsOf(text, lineEnd + 2);
  if (target === undefined || fields === undefined) return undefined;
  const method = verb === 'GET' ? 'GET' : 'POST';
  const { shared, length } = fields;
  const connection = shared['connection']?.toLowerCase() ?? 'keep-alive';
  const isLast = connection === 'close';
  const isFramed = method === 'GET' ? length === undefined : length !== undefined && LENGTH.test(length);
  if (shared['host'] === undefined || !isFramed || !(isLast || connection === 'keep-alive')) return undefined;
  const { path, azure } = apiPath(target);
  const headers = new PlainFields(shared, length);
  return { method, path, azure, search, headers, contentLength: Number(length ?? 0), isLast };
}

interface RequestFields {
  /** The fields by name in lower case, without the declared length. */
  readonly shared: Readonly<Record<string, string>>;
  /** The declared length. */
  readonly length: string | undefined;
}

/** Returns undefined unless all fields are plain. */
function fieldsOf(text: string, from: number): RequestFields | undefined {
  const shared = emptyFields();
  let length: string | undefined;
  let count = 0;
  for (let at = from; at < text.length; count++) {
    const end = endOfLine(text, at);
    const colon = text.indexOf(':', at);
    if (colon === -1 || colon > end || count === MOST_FIELDS) return undefined;
    const name = text.slice(at, colon).toLowerCase();
    const isLength = name === 'content-length';
    const isFirst = isLength ? length === undefined : shared[name] === undefined;
    if (!isFirst || !isFieldName(name) || UNUSUAL.has(name) || !isVisible(text, colon + 1, end))
      return undefined;
    const value = trimmed(text, colon + 1, end);
    if (isLength) length = value;
    else shared[name] = value;
    at = end + 2;
  }
  return { shared, length };
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\r\n', from);
  return end === -1 ? text.length : end;
}

/** Whether the characters from `from` to `to` are visible ASCII, spaces and tabs. */
function isVisible(text: string, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    const code = text.charCodeAt(at);
    if ((code < 0x20 && code !== 0x09) || code > 0x7e) return false;
  }
  return true;
}

/** The target is in origin form. No part of it needs decoding, and no segment is empty or begins with a dot. */
const REQUEST_LINE = /^(GET|POST) ((?:\/[A-Za-z0-9_][A-Za-z0-9_.:-]*)+)(\?[A-Za-z0-9_=&.-]*)? HTTP\/1\.1$/;

const LENGTH = /^\d{1,12}$/;

/** Fields that change the framing, the protocol or who may read the answer, and names that objects give a meaning. */
const UNUSUAL: ReadonlySet<string> = new Set([
  '__proto__',
  'constructor',
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
