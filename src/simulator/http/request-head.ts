/** One header field as it was written. */
export type Header = readonly [name: string, value: string];

/** The head of a request, checked. */
export interface RequestHead {
  readonly method: string;
  /** As it was sent, query included. */
  readonly target: string;
  readonly path: string;
  readonly rawHeaders: readonly Header[];
  /** By lower-case name; a repeated field's values are joined with a comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly framing: BodyFraming;
  /** Whether the connection may carry another request after this one. */
  readonly keepAlive: boolean;
  /** Whether the client understands chunked responses: HTTP/1.1. */
  readonly chunkedAllowed: boolean;
}

export type BodyFraming = { readonly kind: 'length'; readonly bytes: number } | { readonly kind: 'chunked' };

/** A request that is not valid HTTP/1.1. */
export class InvalidRequest extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const REQUEST_LINE = /^([!#$%&'*+.^_`|~\w-]+) (\S+) HTTP\/1\.([01])$/;
const TOKEN = /^[!#$%&'*+.^_`|~\w-]+$/;
/** NUL and line ends inside a value are how requests are smuggled. */
// oxlint-disable-next-line no-control-regex -- these are the characters that must not be there
const BAD_VALUE = /[\0\r\n]/;

/** Parses the lines before the empty one (RFC 9112 §2–§6). Throws `InvalidRequest`. */
export function parseRequestHead(bytes: Buffer): RequestHead {
  const lines = bytes.toString('latin1').split('\r\n');
  const match = REQUEST_LINE.exec(lines[0] ?? '');
  if (match === null) throw new InvalidRequest(400, 'The request line is not valid.');
  const [, method = '', target = '', minor] = match;
  const rawHeaders: Header[] = [];
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  for (let index = 1; index < lines.length; index++) {
    const [name, value] = parseField(lines[index] ?? '');
    rawHeaders.push([name, value]);
    const key = name.toLowerCase();
    const before = headers[key];
    headers[key] = before === undefined ? value : `${before}, ${value}`;
  }
  const query = target.indexOf('?');
  const connection = headers['connection']?.toLowerCase() ?? '';
  return {
    method,
    target,
    path: query < 0 ? target : target.slice(0, query),
    rawHeaders,
    headers,
    framing: framingOf(headers),
    keepAlive: minor === '1' ? !connection.includes('close') : connection.includes('keep-alive'),
    chunkedAllowed: minor === '1',
  };
}

function parseField(line: string): Header {
  const colon = line.indexOf(':');
  const name = line.slice(0, Math.max(0, colon));
  const value = line.slice(colon + 1).trim();
  if (!TOKEN.test(name) || BAD_VALUE.test(value))
    throw new InvalidRequest(400, 'A header field is not valid.');
  return [name, value];
}

/** RFC 9112 §6.3: refuses a request with both framings or with two lengths. */
function framingOf(headers: Readonly<Record<string, string>>): BodyFraming {
  const coding = headers['transfer-encoding'];
  const length = headers['content-length'];
  if (coding !== undefined) {
    if (length !== undefined)
      throw new InvalidRequest(400, 'Content-Length and Transfer-Encoding exclude each other.');
    if (coding.toLowerCase() !== 'chunked')
      throw new InvalidRequest(501, 'Only the transfer coding chunked is known.');
    return { kind: 'chunked' };
  }
  if (length === undefined) return { kind: 'length', bytes: 0 };
  if (!/^\d{1,15}$/.test(length)) throw new InvalidRequest(400, 'Content-Length is not a number.');
  return { kind: 'length', bytes: Number(length) };
}
