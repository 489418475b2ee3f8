import { readMediaType } from './media-type.ts';
import { multipartHeaders, type PartHeaders } from './multipart-headers.ts';

/** The value of one text field, as offsets into the body. */
export interface FormField {
  readonly name: string;
  readonly valueStart: number;
  readonly valueEnd: number;
  /**
   * The digits of the part's Content-Length, which must change with the size of the value; undefined: there is none.
   */
  readonly lengthSpan: { readonly start: number; readonly end: number } | undefined;
}

export type FormScan =
  | { readonly kind: 'form'; readonly fields: readonly FormField[] }
  | { readonly kind: 'malformed'; readonly message: string };

/** A body that repeats a wanted field more often than this is an attack on our memory. */
const MAX_FIELDS = 100;

/** Real forms have about ten parts. */
const MAX_PARTS = 1_000;

const MAX_HEADER_BYTES = 8_192;

/**
 * Finds every occurrence of the wanted text fields in a multipart/form-data body (RFC 7578). Files in between are
 * skipped without a look inside. `wanted` are lower-case names; they match in any case and with trailing brackets,
 * since some frameworks treat `Model` and `model[]` as `model`.
 *
 * Anything that two parsers could read differently is refused, because the checked field must be the field that the
 * provider sees: lines that do not end in CRLF, a boundary elsewhere than on its own line, padding after it, folded or
 * repeated headers, a transfer encoding, a character set other than UTF-8, a wrong length of a part, a wanted field
 * sent as a file.
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

/** The properties of a form's content type. */
export interface FormType {
  readonly boundary: string;
  /** A content type that every parser reads the same way; the original string if it already is one. */
  readonly contentType: string;
}

/**
 * Parses the content type of a form. Returns undefined if it is not a form, has no boundary (RFC 2046 §5.1.1), or is
 * ambiguous. Quoted parameters are dropped from the forwarded content type, since not every parser understands quotes.
 */
export function formTypeOf(contentType: string): FormType | undefined {
  const plain = PLAIN_TYPE.exec(contentType)?.[1];
  if (plain !== undefined) return { boundary: plain, contentType };
  const read = readMediaType(contentType);
  const boundary = read?.parameters.get('boundary')?.value ?? '';
  if (read?.type !== 'multipart/form-data' || !BOUNDARY.test(boundary)) return undefined;
  let safe = `multipart/form-data; boundary=${TOKEN.test(boundary) ? boundary : `"${boundary}"`}`;
  for (const [name, { value }] of read.parameters) {
    // For some parsers, a split or encoded boundary (RFC 2231) is a different one.
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

/** Records the part if it is a wanted field. Returns what is wrong with it. */
function readPart(
  bytes: Buffer,
  part: { readonly start: number; readonly end: number },
  into: Collector,
): string | undefined {
  // If the part is empty, the CRLF of the blank line is also the one before the boundary.
  const blank = bytes.indexOf('\r\n\r\n', part.start, 'latin1');
  if (blank === -1 || blank + 2 > part.end) return 'its headers do not end in an empty line';
  if (blank - part.start > MAX_HEADER_BYTES) return 'its headers are too long';
  const headers = multipartHeaders(bytes.toString('latin1', part.start, blank));
  if (headers.kind === 'malformed') return headers.problem;
  const content = { start: blank + 4, end: part.end };
  const { name, length } = headers;
  // Some parsers trust this length and would read into the next part.
  if (length !== undefined && length.bytes !== Math.max(0, content.end - content.start))
    return 'its Content-Length is not its length';
  if (!isWanted(name, into.wanted)) return undefined;
  const problem = problemOfWanted(headers, content, into);
  if (problem !== undefined) return problem;
  const lengthSpan = length && { start: part.start + length.start, end: part.start + length.end };
  into.fields.push({ name, valueStart: content.start, valueEnd: content.end, lengthSpan });
  return undefined;
}

/** Wanted names are short, so only a short prefix of the name is compared. */
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
