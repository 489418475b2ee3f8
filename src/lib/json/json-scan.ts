import { MalformedJson, expect, expectEnd, placeOf } from './json-fault.ts';
import { afterSpace, afterString, afterValue } from './json-value.ts';

/** One member of an object, as offsets into the scanned bytes. Ends are exclusive. */
export interface Member {
  /** The key as JSON reads it, without its escapes. */
  readonly key: string;
  /** Whether the key was written with escapes, which another parser might read otherwise. */
  readonly escaped: boolean;
  readonly type: JsonType;
  readonly valueStart: number;
  readonly valueEnd: number;
}

export type JsonType = 'object' | 'array' | 'string' | 'number' | 'true' | 'false' | 'null';

export type ObjectScan =
  | {
      readonly kind: 'object';
      /** The wanted members, in the order of the bytes; a key that stands twice is there twice. */
      readonly members: readonly Member[];
      /** Just behind the opening brace: where a member may be put in, with a comma unless the object is empty. */
      readonly insertAt: number;
      readonly empty: boolean;
    }
  | { readonly kind: 'not-an-object'; readonly type: JsonType }
  | MalformedScan;

export interface MalformedScan {
  readonly kind: 'malformed';
  /** Where in the bytes; equal to their length where they end too early. */
  readonly offset: number;
  /** Both from 1; the column counts characters. */
  readonly line: number;
  readonly column: number;
  /** A sentence with what was expected, what was found, and where. */
  readonly message: string;
}

/** A key that is wanted may stand this often; beyond it the body is an attack on our memory. */
const MAX_MEMBERS = 100;

/**
 * Finds members of the JSON object (RFC 8259) that the bytes hold, and checks the structure of all of it, without
 * building a value: what is not asked for costs one pass over its quotes and brackets.
 *
 * `wanted` are ASCII names in lower case. They are found in any case, since some parsers (Go's) do not tell "Model" from
 * "model"; `key` says how it was written. Laxer than `JSON.parse` in one thing: what stands inside of strings
 * (control characters, unknown escapes, bad UTF-8) is not looked at, but for the keys that are returned. A byte
 * order mark in front is skipped. Nesting is bounded, and the scan does not recurse.
 */
export function scanObject(bytes: Uint8Array, wanted: readonly string[]): ObjectScan {
  try {
    return scan(bytes, wanted);
  } catch (error) {
    if (!(error instanceof MalformedJson)) throw error;
    return { kind: 'malformed', offset: error.offset, ...placeOf(bytes, error) };
  }
}

function scan(bytes: Uint8Array, wanted: readonly string[]): ObjectScan {
  const start = afterSpace(bytes, afterMark(bytes));
  if (bytes[start] !== OPEN_BRACE) {
    expectEnd(bytes, afterSpace(bytes, afterValue(bytes, start)));
    return { kind: 'not-an-object', type: typeAt(bytes, start) };
  }
  const members: Member[] = [];
  const insertAt = start + 1;
  let pos = afterSpace(bytes, insertAt);
  const empty = bytes[pos] === CLOSE_BRACE;
  while (bytes[pos] !== CLOSE_BRACE) {
    const keyStart = pos;
    expect(bytes, pos, QUOTE, 'a key in quotes');
    const keyEnd = afterString(bytes, pos);
    pos = afterSpace(bytes, keyEnd);
    expect(bytes, pos, COLON, "':'");
    const valueStart = afterSpace(bytes, pos + 1);
    const valueEnd = afterValue(bytes, valueStart);
    const key = wantedKey(bytes, { start: keyStart, end: keyEnd }, wanted);
    if (key !== undefined) {
      if (members.length === MAX_MEMBERS) throw new MalformedJson(keyStart, 'fewer repetitions of a key');
      members.push({
        key,
        escaped: keyEnd - keyStart - 2 !== key.length,
        type: typeAt(bytes, valueStart),
        valueStart,
        valueEnd,
      });
    }
    pos = afterSpace(bytes, valueEnd);
    if (bytes[pos] === CLOSE_BRACE) break;
    expect(bytes, pos, COMMA, "',' or '}'");
    pos = afterSpace(bytes, pos + 1);
    expect(bytes, pos, QUOTE, 'a key in quotes');
  }
  expectEnd(bytes, afterSpace(bytes, pos + 1));
  return { kind: 'object', members, insertAt, empty };
}

/** Whether the first byte, after a byte order mark and white space, opens an object. Nothing else is checked. */
export function seemsObject(bytes: Uint8Array): boolean {
  return bytes[afterSpace(bytes, afterMark(bytes))] === OPEN_BRACE;
}

/** The text of a string's span, quotes included; undefined where it holds what JSON or UTF-8 does not allow. */
export function stringAt(bytes: Uint8Array, start: number, end: number): string | undefined {
  if (isPlain(bytes, start, end)) return Buffer.prototype.latin1Slice.call(bytes, start + 1, end - 1);
  try {
    const text: unknown = JSON.parse(UTF8.decode(bytes.subarray(start, end)));
    return typeof text === 'string' ? text : undefined;
  } catch {
    return undefined;
  }
}

/** The value of a span; undefined where it cannot be parsed. */
export function valueAt(bytes: Uint8Array, start: number, end: number): unknown {
  if (bytes[start] === QUOTE) return stringAt(bytes, start, end);
  try {
    return JSON.parse(UTF8.decode(bytes.subarray(start, end)));
  } catch {
    return undefined;
  }
}

/** Whether a span is a short string of ASCII without escapes, as names and words are: it needs no parser. */
function isPlain(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start > SHORT_BYTES || end - start < 2) return false;
  if (bytes[start] !== QUOTE || bytes[end - 1] !== QUOTE) return false;
  for (let index = start + 1; index < end - 1; index++) {
    const byte = bytes[index] ?? 0;
    if (byte < 0x20 || byte > 0x7e || byte === BACKSLASH || byte === QUOTE) return false;
  }
  return true;
}

const SHORT_BYTES = 128;

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function afterMark(bytes: Uint8Array): number {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/** The key of a span with its quotes, if it is a wanted one. */
function wantedKey(bytes: Uint8Array, span: Span, wanted: readonly string[]): string | undefined {
  const length = span.end - span.start - 2;
  for (const name of wanted) {
    if (length !== name.length) continue;
    if (equals(bytes, span.start + 1, name)) return name;
    if (mayEqual(bytes, span.start + 1, name)) return decodeKey(bytes, span, name);
  }
  if (!hasEscape(bytes, span)) return undefined;
  for (const name of wanted) {
    // An escape makes a character longer, sixfold at most: other lengths need no decoding.
    if (length <= name.length || length > name.length * 6) continue;
    const key = decodeKey(bytes, span, name);
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

/** Bit 5 is the case of an ASCII letter; what else it makes alike is told apart after decoding. */
function mayEqual(bytes: Uint8Array, start: number, name: string): boolean {
  for (let index = 0; index < name.length; index++) {
    if (((bytes[start + index] ?? 0) | 0x20) !== (name.charCodeAt(index) | 0x20)) return false;
  }
  return true;
}

function hasEscape(bytes: Uint8Array, span: Span): boolean {
  for (let index = span.start; index < span.end; index++) {
    if (bytes[index] === BACKSLASH) return true;
  }
  return false;
}

function decodeKey(bytes: Uint8Array, span: Span, name: string): string | undefined {
  const key = stringAt(bytes, span.start, span.end);
  if (key === undefined) throw new MalformedJson(span.start, 'a valid key');
  return key.toLowerCase() === name ? key : undefined;
}

function typeAt(bytes: Uint8Array, start: number): JsonType {
  switch (bytes[start] ?? 0) {
    case OPEN_BRACE:
      return 'object';
    case OPEN_BRACKET:
      return 'array';
    case QUOTE:
      return 'string';
    case LOWER_T:
      return 'true';
    case LOWER_F:
      return 'false';
    case LOWER_N:
      return 'null';
    default:
      return 'number';
  }
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const LOWER_F = 0x66;
const LOWER_N = 0x6e;
const LOWER_T = 0x74;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
