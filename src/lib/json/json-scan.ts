import { MalformedJson, expect, expectEnd, placeOf } from './json-fault.ts';
import { wantedKey } from './json-key.ts';
import { stringAt, UTF8 } from './json-string.ts';
import { afterSpace, afterString, createCursor, passValue, type ValueCursor } from './json-value.ts';

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
  return advance(newWalk(bytes, wanted, SHARED_CURSOR), Infinity) ?? UNREACHABLE;
}

/**
 * The same a slice at a time, for bytes so many that nothing else should wait until all are scanned. Each call of the function
 * that is returned scans about `sliceBytes` more; it returns undefined until the scan is done.
 */
export function scanObjectInSlices(
  bytes: Uint8Array,
  wanted: readonly string[],
  sliceBytes: number,
): () => ObjectScan | undefined {
  const walk = newWalk(bytes, wanted, createCursor());
  return () => advance(walk, walk.cursor.pos + sliceBytes);
}

/** For scans that run to their end at once: there is no second one at the same time. */
const SHARED_CURSOR = createCursor();

/** A scan without a bound always comes to an end. */
const UNREACHABLE: ObjectScan = { kind: 'malformed', offset: 0, line: 1, column: 1, message: '' };

/** The scan of one object. */
interface Walk {
  readonly bytes: Uint8Array;
  readonly wanted: readonly string[];
  /** On a value, or within it. */
  readonly cursor: ValueCursor;
  readonly members: Member[];
  /** Where the object begins; -1: nothing was looked at yet. */
  start: number;
  /** Of the member whose value the cursor is on. */
  keyStart: number;
  keyEnd: number;
  valueStart: number;
}

function newWalk(bytes: Uint8Array, wanted: readonly string[], cursor: ValueCursor): Walk {
  cursor.pos = 0;
  cursor.depth = 0;
  return { bytes, wanted, cursor, members: [], start: -1, keyStart: 0, keyEnd: 0, valueStart: 0 };
}

/** Goes on up to the offset `until` or a little further; undefined: there is more. */
function advance(walk: Walk, until: number): ObjectScan | undefined {
  try {
    return walkOn(walk, until);
  } catch (error) {
    if (!(error instanceof MalformedJson)) throw error;
    return { kind: 'malformed', offset: error.offset, ...placeOf(walk.bytes, error) };
  }
}

function walkOn(walk: Walk, until: number): ObjectScan | undefined {
  const { bytes, cursor } = walk;
  if (walk.start === -1) {
    walk.start = afterSpace(bytes, afterMark(bytes));
    cursor.pos = walk.start;
    if (bytes[walk.start] === OPEN_BRACE) {
      const first = afterSpace(bytes, walk.start + 1);
      if (bytes[first] === CLOSE_BRACE) return objectOf(walk, first);
      passKey(walk, first);
    }
  }
  for (;;) {
    if (!passValue(bytes, cursor, until)) return undefined;
    if (bytes[walk.start] !== OPEN_BRACE) {
      expectEnd(bytes, afterSpace(bytes, cursor.pos));
      return { kind: 'not-an-object', type: typeAt(bytes, walk.start) };
    }
    noteMember(walk);
    const pos = afterSpace(bytes, cursor.pos);
    if (bytes[pos] === CLOSE_BRACE) return objectOf(walk, pos);
    expect(bytes, pos, COMMA, "',' or '}'");
    passKey(walk, afterSpace(bytes, pos + 1));
    if (cursor.pos >= until) return undefined;
  }
}

/** Puts the cursor on the value whose key stands at `pos`. */
function passKey(walk: Walk, pos: number): void {
  const { bytes, cursor } = walk;
  expect(bytes, pos, QUOTE, 'a key in quotes');
  walk.keyStart = pos;
  walk.keyEnd = afterString(bytes, pos);
  const colon = afterSpace(bytes, walk.keyEnd);
  expect(bytes, colon, COLON, "':'");
  walk.valueStart = afterSpace(bytes, colon + 1);
  cursor.pos = walk.valueStart;
}

/** Keeps the member that ends at the cursor, if it is a wanted one. */
function noteMember({ bytes, wanted, cursor, members, keyStart, keyEnd, valueStart }: Walk): void {
  const key = wantedKey(bytes, { start: keyStart, end: keyEnd }, wanted);
  if (key === undefined) return;
  if (members.length === MAX_MEMBERS) throw new MalformedJson(keyStart, 'fewer repetitions of a key');
  const escaped = keyEnd - keyStart - 2 !== key.length;
  members.push({ key, escaped, type: typeAt(bytes, valueStart), valueStart, valueEnd: cursor.pos });
}

function objectOf({ bytes, start, members }: Walk, closedAt: number): ObjectScan {
  expectEnd(bytes, afterSpace(bytes, closedAt + 1));
  const insertAt = start + 1;
  return { kind: 'object', members, insertAt, empty: afterSpace(bytes, insertAt) === closedAt };
}

/** Whether the first byte, after a byte order mark and white space, opens an object. Nothing else is checked. */
export function seemsObject(bytes: Uint8Array): boolean {
  return bytes[afterSpace(bytes, afterMark(bytes))] === OPEN_BRACE;
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

function afterMark(bytes: Uint8Array): number {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
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
const LOWER_F = 0x66;
const LOWER_N = 0x6e;
const LOWER_T = 0x74;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
