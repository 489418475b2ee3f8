import { multipartHeaders } from './multipart-headers.ts';

/** The value of one text field, as offsets into the body. */
export interface FormField {
  readonly name: string;
  readonly valueStart: number;
  readonly valueEnd: number;
}

export type FormScan =
  | { readonly kind: 'form'; readonly fields: readonly FormField[] }
  | { readonly kind: 'malformed'; readonly message: string };

/** A wanted field may stand this often; beyond it the body is an attack on our memory. */
const MAX_FIELDS = 100;

const MAX_HEADER_BYTES = 16_384;

/**
 * Finds the text fields of these names in a multipart/form-data body (RFC 7578), every time that they stand there.
 * Files in between are passed over and never looked into.
 *
 * What two parsers could read differently is refused, because the field that is checked must be the field that the
 * provider sees: lines that do not end in CRLF, the boundary anywhere else than on its own line, folded or repeated
 * headers, a transfer encoding, a wanted field that comes as a file.
 */
export function scanForm(body: Uint8Array, boundary: string, wanted: readonly string[]): FormScan {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const dashes = Buffer.from(`--${boundary}`);
  const fields: FormField[] = [];
  let contentStart = -1;
  for (let at = bytes.indexOf(dashes); at !== -1; at = bytes.indexOf(dashes, at + dashes.length)) {
    if (at > 0 && !isLineEnd(bytes, at - 2))
      return malformed(`byte ${at}: the boundary must begin a line after CRLF`);
    if (contentStart !== -1) {
      const problem = readPart(bytes, { start: contentStart, end: at - 2 }, { wanted, fields });
      if (problem !== undefined) return malformed(`the part at byte ${contentStart}: ${problem}`);
    }
    const after = at + dashes.length;
    if (bytes[after] === DASH && bytes[after + 1] === DASH) {
      if (contentStart === -1) return malformed('the form has no parts');
      if (bytes.includes(dashes, after)) return malformed('there are parts after the closing boundary');
      return { kind: 'form', fields };
    }
    contentStart = afterPadding(bytes, after);
    if (contentStart === -1) return malformed(`byte ${after}: a line with the boundary must end in CRLF`);
  }
  return malformed(contentStart === -1 ? 'the boundary does not occur' : 'the closing boundary is missing');
}

/** The boundary that a content type names; undefined where it is no form, or names none. */
export function boundaryOf(contentType: string): string | undefined {
  const match = /^\s*multipart\/form-data\s*;(.*)$/is.exec(contentType);
  if (match === null) return undefined;
  const named = /(?:^|;)\s*boundary\s*=\s*(?:"([^"\\]+)"|([^\s";]+))\s*(?:;|$)/i.exec(match[1] ?? '');
  return named?.[1] ?? named?.[2];
}

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
  const headers = multipartHeaders(bytes.toString('utf8', part.start, blank));
  if (headers.kind === 'malformed') return headers.problem;
  if (!into.wanted.includes(headers.name)) return undefined;
  if (headers.file || headers.encoded) return `the field "${headers.name}" must be plain text`;
  if (into.fields.length === MAX_FIELDS) return `the field "${headers.name}" is repeated too often`;
  if (blank + 4 > part.end) return 'its content must follow after an empty line';
  into.fields.push({ name: headers.name, valueStart: blank + 4, valueEnd: part.end });
  return undefined;
}

/** Behind the padding that may follow a boundary and the CRLF after it; -1 if there is something else. */
function afterPadding(bytes: Buffer, start: number): number {
  let pos = start;
  while (bytes[pos] === 0x20 || bytes[pos] === 0x09) pos += 1;
  return isLineEnd(bytes, pos) ? pos + 2 : -1;
}

function isLineEnd(bytes: Buffer, pos: number): boolean {
  return bytes[pos] === 0x0d && bytes[pos + 1] === 0x0a;
}

function malformed(problem: string): FormScan {
  return { kind: 'malformed', message: `The multipart form cannot be read: ${problem}.` };
}

const DASH = 0x2d;
