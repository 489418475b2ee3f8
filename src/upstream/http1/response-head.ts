/** What a server sent is no HTTP/1.1 response, or one that this client did not ask for. */
export class ProtocolFault extends Error {
  readonly code = 'EHTTP';
}

export interface ResponseHead {
  readonly status: number;
  readonly headers: Headers;
}

/** A header may be this long: beyond it something else is sent. */
export const MAX_HEAD_BYTES = 256 * 1024;

/** Where what follows a header begins, or -1. A bare LF ends a line as well (RFC 9112 §2.2). */
export function endOfHead(bytes: Buffer): number {
  const end = bytes.indexOf('\r\n\r\n');
  if (end !== -1) return end + 4;
  const bare = /\n\r?\n/.exec(bytes.toString('latin1', 0, MAX_HEAD_BYTES));
  return bare === null ? -1 : bare.index + bare[0].length;
}

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: |$)/;

/** @throws ProtocolFault */
export function parseHead(text: string): ResponseHead & { readonly isOld: boolean } {
  const [first = '', ...lines] = text.trimEnd().split(/\r?\n/);
  const [, minor, status] = STATUS_LINE.exec(first) ?? [];
  if (status === undefined) throw new ProtocolFault('there is no status line');
  const headers = new Headers();
  for (const line of unfolded(lines)) {
    const colon = line.indexOf(':');
    try {
      headers.append(line.slice(0, Math.max(0, colon)), line.slice(colon + 1));
    } catch {
      throw new ProtocolFault('a header field is malformed');
    }
  }
  return { status: Number(status), headers, isOld: minor === '0' };
}

/** A line that begins with a space goes on with the one before it (RFC 9112 §5.2). */
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
  return line.startsWith(' ') || line.startsWith('\t');
}

/** The same length said twice is one length. */
export function lengthOf(field: string): number {
  const values = new Set(field.split(',').map((value) => value.trim()));
  const [length = ''] = values;
  if (values.size !== 1 || !/^\d{1,15}$/.test(length)) throw new ProtocolFault('the length is no number');
  return Number(length);
}

/** Whether a connection outlives the response; it does in HTTP/1.1, unless one side says otherwise. */
export function staysOpen(headers: Headers, isOld: boolean): boolean {
  const connection = headers.get('connection')?.toLowerCase() ?? '';
  if (connection === '') return !isOld;
  const options = new Set(connection.split(',').map((option) => option.trim()));
  return isOld ? options.has('keep-alive') : !options.has('close');
}
