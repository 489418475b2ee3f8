import { MalformedJson } from './json-fault.ts';
import { stringAt } from './json-string.ts';

interface Span {
  readonly start: number;
  readonly end: number;
}

/** The key from `start` to `end`, with its quotes, if it is one of the wanted keys. */
export function wantedKey(
  bytes: Uint8Array,
  start: number,
  end: number,
  wanted: readonly string[],
): string | undefined {
  const length = end - start - 2;
  for (const name of wanted) {
    if (length !== name.length) continue;
    if (equals(bytes, start + 1, name)) return name;
    if (mayEqual(bytes, start + 1, name)) return decodeKey(bytes, { start, end }, name);
  }
  if (!hasEscape(bytes, start, end)) return undefined;
  for (const name of wanted) {
    // An escape makes a character at most six times as long, so a key of another length needs no decoding.
    if (length <= name.length || length > name.length * 6) continue;
    const key = decodeKey(bytes, { start, end }, name);
    if (key !== undefined) return key;
  }
  return undefined;
}

function equals(bytes: Uint8Array, start: number, name: string): boolean {
  for (let index = 0; index < name.length; index++) {
    if (bytes[start + index] !== name.charCodeAt(index)) return false;
  }
  return true;
}

/**
 * Compares with bit 5 masked out, which is the case of ASCII letters. The other characters that this conflates are told
 * apart after decoding.
 */
function mayEqual(bytes: Uint8Array, start: number, name: string): boolean {
  for (let index = 0; index < name.length; index++) {
    if (((bytes[start + index] ?? 0) | 0x20) !== (name.charCodeAt(index) | 0x20)) return false;
  }
  return true;
}

function hasEscape(bytes: Uint8Array, start: number, end: number): boolean {
  for (let index = start; index < end; index++) {
    if (bytes[index] === BACKSLASH) return true;
  }
  return false;
}

function decodeKey(bytes: Uint8Array, span: Span, name: string): string | undefined {
  if (!spells(bytes, span, name)) return undefined;
  const key = stringAt(bytes, span.start, span.end);
  if (key === undefined) throw new MalformedJson(span.start, 'a valid key');
  return key.toLowerCase() === name ? key : undefined;
}

/** Whether a key equals this name in any case, decoding escapes on the way. Stops at the first difference. */
function spells(bytes: Uint8Array, { start, end }: Span, name: string): boolean {
  let pos = start + 1;
  for (let index = 0; index < name.length; index++) {
    if (pos >= end - 1) return false;
    let code = bytes[pos] ?? 0;
    if (code === BACKSLASH) {
      const escape = bytes[pos + 1] ?? 0;
      code = escape === LOWER_U ? hexAt(bytes, pos + 2) : (ESCAPES.get(escape) ?? Number.NaN);
      if (Number.isNaN(code)) throw new MalformedJson(start, 'a valid key');
      pos += escape === LOWER_U ? 6 : 2;
    } else {
      pos += 1;
    }
    const lower = code >= 0x41 && code <= 0x5a ? code + 0x20 : code;
    if (lower !== name.charCodeAt(index)) return false;
  }
  return pos === end - 1;
}

/** The value of four hexadecimal digits; NaN if there is any other character among them. */
function hexAt(bytes: Uint8Array, start: number): number {
  let code = 0;
  for (let index = start; index < start + 4; index++) code = code * 16 + hexDigit(bytes[index] ?? 0);
  return code;
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = (byte | 0x20) - 0x61;
  return letter >= 0 && letter < 6 ? letter + 10 : Number.NaN;
}

/** RFC 8259 §7: the character after a backslash, and the character that it stands for. */
const ESCAPES: ReadonlyMap<number, number> = new Map([
  [0x22, 0x22],
  [0x5c, 0x5c],
  [0x2f, 0x2f],
  [0x62, 0x08],
  [0x66, 0x0c],
  [0x6e, 0x0a],
  [0x72, 0x0d],
  [0x74, 0x09],
]);

const BACKSLASH = 0x5c;
const LOWER_U = 0x75;
