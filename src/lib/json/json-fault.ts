/** Reports where bytes stop being JSON and what was expected there. Thrown and caught within the scanner. */
export class MalformedJson extends Error {
  readonly offset: number;
  readonly expected: string;

  constructor(offset: number, expected: string) {
    super(expected);
    this.offset = offset;
    this.expected = expected;
  }
}

/** Throws `MalformedJson` unless this byte is at `pos`. */
export function expect(bytes: Uint8Array, pos: number, byte: number, expected: string): void {
  if (bytes[pos] !== byte) throw new MalformedJson(pos, expected);
}

/** Throws `MalformedJson` unless the bytes end at `pos`. */
export function expectEnd(bytes: Uint8Array, pos: number): void {
  if (pos < bytes.length) throw new MalformedJson(pos, 'the end');
}

/** Line and column (from 1, in characters) of a syntax error, and a sentence about it. */
export function placeOf(
  bytes: Uint8Array,
  fault: MalformedJson,
): { readonly line: number; readonly column: number; readonly message: string } {
  const offset = Math.min(fault.offset, bytes.length);
  const { line, column } = position(bytes, offset);
  const found = offset >= bytes.length ? 'the end of the data' : describe(bytes, offset);
  const where = `at line ${line}, column ${column} (byte ${offset})`;
  return { line, column, message: `expected ${fault.expected} but found ${found} ${where}` };
}

function position(bytes: Uint8Array, offset: number): { line: number; column: number } {
  let line = 1;
  let lineStart = 0;
  // A search per line would cost far more if the lines are short.
  for (let index = 0; index < offset; index++) {
    if (bytes[index] !== LINE_FEED) continue;
    line += 1;
    lineStart = index + 1;
  }
  return { line, column: 1 + characters(bytes, lineStart, offset) };
}

function characters(bytes: Uint8Array, start: number, end: number): number {
  let count = 0;
  for (let index = start; index < end; index++) {
    if (!isContinuation(bytes[index])) count += 1;
  }
  return count;
}

function describe(bytes: Uint8Array, offset: number): string {
  let end = offset + 1;
  while (end < offset + 4 && isContinuation(bytes[end])) end += 1;
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(offset, end));
  const byte = bytes[offset] ?? 0;
  if (byte < 0x20 || byte === 0x7f || text.includes('\uFFFD'))
    return `byte 0x${byte.toString(16).padStart(2, '0')}`;
  return `'${text}'`;
}

/** Whether a byte continues a UTF-8 character (RFC 3629). */
function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

const LINE_FEED = 0x0a;
