import { readMediaType, readParameters } from './media-type.ts';

export type PartHeaders =
  | {
      readonly kind: 'headers';
      /** The field's name without quotes. */
      readonly name: string;
      /** Whether the part has a file name. */
      readonly file: boolean;
      /** Whether a transfer encoding or a character set changes the meaning of the bytes. */
      readonly encoded: boolean;
      /** The part's Content-Length; undefined: it has none. */
      readonly length: PartLength | undefined;
    }
  | { readonly kind: 'malformed'; readonly problem: string };

/** The Content-Length of a part. RFC 7578 does not define it, but some clients send it. */
export interface PartLength {
  readonly bytes: number;
  /** The offset of its digits, in characters from the beginning of the headers. */
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
}

/** More lines than this are an attack on our time. */
const MAX_LINES = 32;

/** Parses the header lines of one part of a form (RFC 7578 §4.2). Anything ambiguous is malformed. */
export function multipartHeaders(text: string): PartHeaders {
  const lines = text.split('\r\n', MAX_LINES + 1);
  if (lines.length > MAX_LINES) return malformed('it has too many headers');
  const seen = new Map<string, string>();
  let length: PartLength | undefined;
  let at = 0;
  for (const line of lines) {
    // Some parsers end a line at a lone CR or LF.
    const match = /^([!#$%&'*+.^_`|~0-9a-z-]+):([^\r\n\0]*)$/i.exec(line);
    if (match === null) return malformed('it has a broken header line');
    const name = (match[1] ?? '').toLowerCase();
    if (READ.has(name)) {
      if (seen.has(name)) return malformed(`it has two ${match[1]} headers`);
      seen.set(name, (match[2] ?? '').trim());
    }
    if (name === 'content-length') {
      length = readLength(line, at);
      if (length === undefined) return malformed('its Content-Length is not a number');
    }
    at += line.length + 2;
  }
  const disposition = seen.get('content-disposition');
  if (disposition === undefined) return malformed('it has no Content-Disposition header');
  return readDisposition(disposition, { encoded: isEncoded(seen), length });
}

/** The headers that determine how a part is read. */
const READ: ReadonlySet<string> = new Set([
  'content-disposition',
  'content-length',
  'content-transfer-encoding',
  'content-type',
]);

function readLength(line: string, lineStart: number): PartLength | undefined {
  const digits = /^[^:]*:[\t ]*(\d{1,15})[\t ]*$/.exec(line)?.[1];
  if (digits === undefined) return undefined;
  const start = lineStart + line.lastIndexOf(digits);
  return { bytes: Number(digits), start, end: start + digits.length };
}

function isEncoded(headers: ReadonlyMap<string, string>): boolean {
  const transfer = headers.get('content-transfer-encoding');
  if (transfer !== undefined && !/^(?:7bit|8bit|binary)$/i.test(transfer)) return true;
  const type = headers.get('content-type');
  if (type === undefined) return false;
  const charset = readMediaType(type)?.parameters.get('charset')?.value;
  return charset === undefined ? /charset/i.test(type) : !/^(?:utf-?8|us-ascii)$/i.test(charset);
}

function readDisposition(
  value: string,
  rest: { readonly encoded: boolean; readonly length: PartLength | undefined },
): PartHeaders {
  const kind = /^form-data(?=[ \t]*(?:;|$))/i.exec(value);
  if (kind === null) return malformed('its Content-Disposition is not form-data');
  const parameters = readParameters(value, kind[0].length);
  if (parameters === undefined) return malformed('its Content-Disposition cannot be read');
  let file = false;
  for (const key of parameters.keys()) {
    if (key.startsWith('name*')) return malformed('it encodes its name');
    if (key.startsWith('filename')) file = true;
  }
  const name = parameters.get('name');
  if (name === undefined) return malformed('it has no name');
  if (name.isEscaped) return malformed('its name holds a backslash');
  return { kind: 'headers', name: name.value, file, ...rest };
}

function malformed(problem: string): PartHeaders {
  return { kind: 'malformed', problem };
}
