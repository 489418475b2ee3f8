import { readMediaType } from './media-type.ts';
import { multipartHeaders, type PartHeaders } from './multipart-headers.ts';

/** The value of one text field, as offsets into the body. */
export interface FormField {
  readonly name: string;
  readonly valueStart: number;
  readonly valueEnd: number;
  /** Where the digits of the part's Content-Length stand, which a value of another size makes wrong; undefined: it has none. */
  readonly lengthSpan: { readonly start: number; readonly end: number } | undefined;
}

export type FormScan =
  | { readonly kind: 'form'; readonly fields: readonly FormField[] }
  | { readonly kind: 'malformed'; readonly message: string };

/** A wanted field may stand this often; beyond it the body is an attack on our memory. */
const MAX_FIELDS = 100;

/** Real forms have some ten parts. */
const MAX_PARTS = 1_000;

const MAX_HEADER_BYTES = 8_192;

/**
 * Finds the text fields of these names in a multipart/form-data body (RFC 7578), every time that they stand there.
 * Files in between are passed over and never looked into. `wanted` are names in lower case; they are found in any case and
 * with brackets behind them, since some frameworks do not tell `Model` or `model[]` from `model`.
 *
 * What two parsers could read differently is refused, because the field that is checked must be the field that the
 * provider sees: lines that do not end in CRLF, the boundary anywhere else than on its own line, padding behind it, folded or
 * repeated headers, a transfer encoding, another character set than UTF-8, a length that is not the part's, a wanted field that
 * comes as a file.
 */
export function scanForm(body: Uint8Array, boundary: string, wanted: readonly string[]): FormScan {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const dashes = Buffer.from(`--${boundary}`);
  const fields: FormField[] = [];
  let contentStart = -1;
  let parts = 0;
  for (let at = bytes.indexOf(dashes); at !== -1; at = bytes.indexOf(dashes, at + dashes.length)) {
    if (at > 0 && !isLineEnd(bytes, at - 2))
      return malformed(`byte ${at}: the boundary must begin a line after CRLF`);
    if (contentStart !== -1) {
      parts += 1;
      if (parts > MAX_PARTS) return malformed(`it has more than ${MAX_PARTS} parts`);
      const problem = readPart(bytes, { start: contentStart, end: at - 2 }, { wanted, fields });
      if (problem !== undefined) return malformed(`the part at byte ${contentStart}: ${problem}`);
    }
    const after = at + dashes.length;
    if (bytes[after] === DASH && bytes[after + 1] === DASH) {
      if (contentStart === -1) return malformed('the form has no parts');
      if (after + 2 < bytes.length && !isLineEnd(bytes, after + 2))
        return malformed(`byte ${after + 2}: the closing boundary must end its line`);
      if (bytes.includes(dashes, after)) return malformed('there are parts after the closing boundary');
      return { kind: 'form', fields };
    }
    if (!isLineEnd(bytes, after))
      return malformed(`byte ${after}: a line with the boundary must end in CRLF`);
    contentStart = after + 2;
  }
  return malformed(contentStart === -1 ? 'the boundary does not occur' : 'the closing boundary is missing');
}

/** What a content type says of a form. */
export interface FormType {
  readonly boundary: string;
  /** The content type that every parser reads in the same way; the same string where it is one already. */
  readonly contentType: string;
}

/**
 * Reads the content type of a form; undefined where it is no form, names no boundary (RFC 2046 §5.1.1), or could be read in two
 * ways. A parameter that is written in quotes is left out of the content type that goes on, since not every parser understands quotes.
 */
export function formTypeOf(contentType: string): FormType | undefined {
  const plain = PLAIN_TYPE.exec(contentType)?.[1];
  if (plain !== undefined) return { boundary: plain, contentType };
  const read = readMediaType(contentType);
  const boundary = read?.parameters.get('boundary')?.value ?? '';
  if (read?.type !== 'multipart/form-data' || !BOUNDARY.test(boundary)) return undefined;
  let safe = `multipart/form-data; boundary=${TOKEN.test(boundary) ? boundary : `"${boundary}"`}`;
  for (const [name, { value }] of read.parameters) {
    // A boundary that is split or encoded (RFC 2231) is another one for some parsers.
    if (name.startsWith('boundary*')) return undefined;
    if (name !== 'boundary' && TOKEN.test(value)) safe += `; ${name}=${value}`;
  }
  return { boundary, contentType: safe };
}

const PLAIN_TYPE = /^multipart\/form-data; boundary=([0-9A-Za-z'+_.-]{1,70})$/i;
const BOUNDARY = /^[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]$/;
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

interface Collector {
  readonly wanted: readonly string[];
  readonly fields: FormField[];
}

/** Notes the part if it is a wanted field; returns what is wrong with it. */
function readPart(
  bytes: Buffer,
  part: { readonly start: number; readonly end: number },
  into: Collector,
): string | undefined {
  // The part may have no content, and then the empty line's CRLF is the one in front of the boundary.
  const blank = bytes.indexOf('\r\n\r\n', part.start, 'latin1');
  if (blank === -1 || blank + 2 > part.end) return 'its headers do not end in an empty line';
  if (blank - part.start > MAX_HEADER_BYTES) return 'its headers are too long';
  const headers = multipartHeaders(bytes.toString('latin1', part.start, blank));
  if (headers.kind === 'malformed') return headers.problem;
  const content = { start: blank + 4, end: part.end };
  const { name, length } = headers;
  // Some parsers read as many bytes as it says, and with them the beginning of the next part.
  if (length !== undefined && length.bytes !== Math.max(0, content.end - content.start))
    return 'its Content-Length is not its length';
  if (!isWanted(name, into.wanted)) return undefined;
  const problem = problemOfWanted(headers, content, into);
  if (problem !== undefined) return problem;
  const lengthSpan = length && { start: part.start + length.start, end: part.start + length.end };
  into.fields.push({ name, valueStart: content.start, valueEnd: content.end, lengthSpan });
  return undefined;
}

/** The names are short, and so is the part of a name that is looked at. */
function isWanted(name: string, wanted: readonly string[]): boolean {
  if (wanted.includes(name)) return true;
  const bracket = name.indexOf('[');
  const plain = (bracket === -1 ? name : name.slice(0, bracket)).trim().toLowerCase();
  return wanted.includes(plain);
}

function problemOfWanted(
  { name, file, encoded }: PartHeaders & { readonly kind: 'headers' },
  content: { readonly start: number; readonly end: number },
  { wanted, fields }: Collector,
): string | undefined {
  if (!wanted.includes(name))
    return `the field "${name.slice(0, 40)}" must be written like ${wanted.map((each) => `"${each}"`).join(' or ')}`;
  if (file || encoded) return `the field "${name}" must be plain text`;
  if (fields.length === MAX_FIELDS) return `the field "${name}" is repeated too often`;
  return content.start > content.end ? 'its content must follow after an empty line' : undefined;
}

function isLineEnd(bytes: Buffer, pos: number): boolean {
  return bytes[pos] === 0x0d && bytes[pos + 1] === 0x0a;
}

function malformed(problem: string): FormScan {
  return { kind: 'malformed', message: `The multipart form cannot be read: ${problem}.` };
}

const DASH = 0x2d;
