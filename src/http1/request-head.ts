import { emptyFields, PlainFields } from '../lib/http/fields.ts';
import { isFieldName, trimmed } from './field.ts';

/** The head of a plain, well-formed request. */
export interface RequestHead {
  readonly path: string;
  /** The query with its question mark, or ''. */
  readonly search: string;
  readonly headers: PlainFields;
  readonly contentLength: number;
  /** Whether the client closes the connection after the answer. */
  readonly isLast: boolean;
}

/** Longer heads, and heads with more fields, are not plain. */
export const MOST_HEAD_BYTES = 16 * 1024;
const MOST_FIELDS = 99;

/**
 * Parses the head of a request (RFC 9112), without its last empty line. Returns undefined unless it is a POST with a
 * declared length whose meaning no parser could dispute.
 *
 * @param text in latin1
 */
export function parseRequestHead(text: string): RequestHead | undefined {
  const lineEnd = endOfLine(text, 0);
  const [, path, search = ''] = REQUEST_LINE.exec(text.slice(0, lineEnd)) ?? [];
  const fields = path === undefined ? undefined : fieldsOf(text, lineEnd + 2);
  if (path === undefined || fields?.['host'] === undefined) return undefined;
  const contentLength = lengthIn(fields['content-length']);
  const connection = fields['connection']?.toLowerCase() ?? 'keep-alive';
  const isLast = connection === 'close';
  if (contentLength === -1 || (!isLast && connection !== 'keep-alive')) return undefined;
  return { path, search, headers: new PlainFields(fields), contentLength, isLast };
}

/** The fields by name in lower case; undefined unless all of them are plain. */
function fieldsOf(text: string, from: number): Record<string, string> | undefined {
  const fields = emptyFields();
  let count = 0;
  for (let at = from; at < text.length; count++) {
    const end = endOfLine(text, at);
    const colon = text.indexOf(':', at);
    if (colon === -1 || colon > end || count === MOST_FIELDS) return undefined;
    const name = text.slice(at, colon).toLowerCase();
    const isUsual = isFieldName(name) && fields[name] === undefined && !UNUSUAL.has(name);
    if (!isUsual || !isVisible(text, colon + 1, end)) return undefined;
    fields[name] = trimmed(text, colon + 1, end);
    at = end + 2;
  }
  return fields;
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

/** The declared length, or -1. */
function lengthIn(value: string | undefined): number {
  return value !== undefined && LENGTH.test(value) ? Number(value) : -1;
}

/** The target is in origin form, and no part of it needs decoding. */
const REQUEST_LINE = /^POST (\/v1\/[a-z_/]+)(\?[A-Za-z0-9_=&.-]*)? HTTP\/1\.1$/;

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
