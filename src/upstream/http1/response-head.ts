/** The server's bytes are not an HTTP/1.1 response, or not one that this client asked for. */
export class ProtocolFault extends Error {
  readonly code = 'EHTTP';
}

export interface ResponseHead {
  readonly status: number;
  readonly headers: Headers;
}

/** Maximum size of a response head. Real ones have a few kilobytes. */
export const MAX_HEAD_BYTES = 128 * 1024;

/** Maximum number of lines in a header or trailer. The runtime's cost per field grows with the number of fields. */
export const MAX_FIELDS = 256;

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: |$)/;

/**
 * Parses a head up to its empty line. Drops white space between a field's name and its colon, as RFC 9112 §5.1
 * requires of proxies, and empty lines before the status line.
 *
 * @throws ProtocolFault
 */
export function parseHead(text: string): ResponseHead & { readonly isOld: boolean } {
  const lines = text.split(/\r?\n/).filter((line) => line !== '');
  const [first = '', ...fields] = lines;
  const [, minor, status] = STATUS_LINE.exec(first) ?? [];
  if (status === undefined) throw new ProtocolFault('missing status line');
  const headers = new Headers();
  for (const line of unfolded(fields)) {
    const colon = line.indexOf(':');
    try {
      headers.append(nameOf(line, colon), line.slice(colon + 1));
    } catch {
      throw new ProtocolFault('a header field is malformed');
    }
  }
  return { status: Number(status), headers, isOld: minor === '0' };
}

function nameOf(line: string, colon: number): string {
  let end = Math.max(0, colon);
  while (end > 0 && isSpace(line[end - 1])) end -= 1;
  return line.slice(0, end);
}

/** Joins folded lines: a line that begins with white space continues the previous one (RFC 9112 §5.2). */
function unfolded(lines: readonly string[]): readonly string[] {
  if (!lines.some(isFolded)) return lines;
  const whole: string[] = [];
  for (const line of lines) {
    const last = whole.length - 1;
    if (isFolded(line) && last >= 0) whole[last] = `${whole[last]} ${line.trim()}`;
    else whole.push(line);
  }
  return whole;
}

function isFolded(line: string): boolean {
  return isSpace(line[0]);
}

/** HTTP white space is space and tab only (RFC 9110 §5.6.3). JavaScript's `trim` removes more. */
function isSpace(character: string | undefined): boolean {
  return character === ' ' || character === '\t';
}

/** Parses `content-length`. A repeated identical value counts once. */
export function lengthOf(field: string): number {
  if (/^\d{1,15}$/.test(field)) return Number(field);
  if (!/^\d{1,15}(?:[ \t]*,[ \t]*\d{1,15})*$/.test(field)) throw new ProtocolFault('invalid content-length');
  const values = new Set(field.split(',').map(Number));
  const [length = 0] = values;
  if (values.size !== 1) throw new ProtocolFault('conflicting content-length values');
  return length;
}

/** Whether the connection persists after the response. In HTTP/1.1 it does unless a side says otherwise. */
export function staysOpen(headers: Headers, isOld: boolean): boolean {
  const connection = headers.get('connection')?.toLowerCase() ?? '';
  if (connection === '') return !isOld;
  const options = new Set(connection.split(',').map((option) => option.trim()));
  return isOld ? options.has('keep-alive') : !options.has('close');
}
