import { emptyFields, PlainFields } from '../lib/http/fields.ts';
import { isFieldName, isSpace, trimmed } from './field.ts';

/** The server's bytes are not an HTTP/1.1 response, or not one that this client asked for. */
export class ProtocolFault extends Error {
  readonly code = 'EHTTP';
}

/** How a body ends (RFC 9112 §6.3): after a number of bytes, with its last chunk, or with the connection. */
export type BodyFraming = number | 'chunked' | 'until-close';

export interface ResponseHead {
  readonly status: number;
  readonly headers: PlainFields;
  /** The end of the body, if the response has one. A fault if it is ambiguous. */
  readonly framing: BodyFraming | ProtocolFault;
  /** Whether the connection persists after the body. */
  readonly staysOpen: boolean;
}

/** Maximum size of a response head. Real ones have a few kilobytes. */
export const MAX_HEAD_BYTES = 128 * 1024;

/** Maximum number of lines in a header or trailer. */
export const MAX_FIELDS = 256;

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: |$)/;

/**
 * Parses a head up to its empty line. Drops white space between a field's name and its colon, as RFC 9112 §5.1
 * requires of proxies, and empty lines before the status line. Both CRLF and LF end a line.
 *
 * @throws ProtocolFault
 */
export function parseResponseHead(text: string): ResponseHead {
  const lines = linesOf(text);
  const [, minor, status] = STATUS_LINE.exec(lines[0] ?? '') ?? [];
  if (status === undefined) throw new ProtocolFault('missing status line');
  const fields = fieldsOf(lines);
  const isOld = minor === '0';
  const framing = framingOf(fields);
  // Having both fields is a smuggling technique, and HTTP/1.0 has no chunked coding (RFC 9112 §6.1).
  const isSure = framing !== 'chunked' || (!isOld && fields['content-length'] === undefined);
  const staysOpen = isSure && framing !== 'until-close' && persists(fields['connection'], isOld);
  return { status: Number(status), headers: new PlainFields(fields), framing, staysOpen };
}

/** The lines of a head without empty ones. Joins folded lines (RFC 9112 §5.2). */
function linesOf(text: string): readonly string[] {
  const lines: string[] = [];
  let count = 0;
  for (let at = 0; at < text.length;) {
    const found = text.indexOf('\n', at);
    const next = found === -1 ? text.length : found;
    const end = text.charCodeAt(next - 1) === CR && next > at ? next - 1 : next;
    // A line that begins with white space continues the previous one.
    if (end > at && isSpace(text.charCodeAt(at)) && lines.length > 1)
      lines.push(`${lines.pop() ?? ''} ${trimmed(text, at, end)}`);
    else if (end > at) lines.push(text.slice(at, end));
    // The status line does not count as a field.
    if (end > at && ++count > MAX_FIELDS + 1) throw new ProtocolFault('the header has too many fields');
    at = next + 1;
  }
  return lines;
}

/** The fields by name in lower case, after the status line. Values of repeated fields are joined by commas. */
function fieldsOf(lines: readonly string[]): Record<string, string> {
  const fields = emptyFields();
  for (let index = 1; index < lines.length; index++) {
    const line = lines[index] ?? '';
    const colon = line.indexOf(':');
    let end = Math.max(0, colon);
    while (end > 0 && isSpace(line.charCodeAt(end - 1))) end -= 1;
    const name = line.slice(0, end).toLowerCase();
    const value = withoutCr(trimmed(line, colon + 1, line.length));
    if (!isFieldName(name) || UNSAFE.test(value)) throw new ProtocolFault('a header field is malformed');
    const before = fields[name];
    fields[name] = before === undefined ? value : `${before}, ${value}`;
  }
  return fields;
}

const CR = 0x0d;

/** Drops superfluous carriage returns at the end of a line. */
function withoutCr(value: string): string {
  let end = value.length;
  while (end > 0 && (value.charCodeAt(end - 1) === CR || isSpace(value.charCodeAt(end - 1)))) end -= 1;
  return end === value.length ? value : value.slice(0, end);
}

/** Characters that end a line or a text elsewhere. */
const UNSAFE = /[\0\r\n]/;

function framingOf(fields: Readonly<Record<string, string>>): BodyFraming | ProtocolFault {
  const coding = fields['transfer-encoding'];
  const length = fields['content-length'];
  // Any other coding or list of codings is rejected.
  if (coding !== undefined)
    return coding.toLowerCase() === 'chunked' ? 'chunked' : new ProtocolFault('unsupported transfer coding');
  return length === undefined ? 'until-close' : lengthOf(length);
}

/** Parses `content-length`. A repeated identical value counts once. */
function lengthOf(field: string): number | ProtocolFault {
  if (/^\d{1,15}$/.test(field)) return Number(field);
  if (!/^\d{1,15}(?:[ \t]*,[ \t]*\d{1,15})*$/.test(field)) return new ProtocolFault('invalid content-length');
  const values = new Set(field.split(',').map(Number));
  const [length = 0] = values;
  return values.size === 1 ? length : new ProtocolFault('conflicting content-length values');
}

/** Whether the connection persists. In HTTP/1.1 it does unless a side says otherwise. */
function persists(connection: string | undefined, isOld: boolean): boolean {
  if (connection === undefined || connection === '') return !isOld;
  const options = connection.toLowerCase().split(',');
  const wanted = isOld ? 'keep-alive' : 'close';
  const isNamed = options.some((option) => option.trim() === wanted);
  return isOld ? isNamed : !isNamed;
}
