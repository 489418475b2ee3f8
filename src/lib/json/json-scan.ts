import { MalformedJson, expect, expectEnd, placeOf } from './json-fault.ts';
import { wantedKey } from './json-key.ts';
import { type Mark, valueStart } from './json-marks.ts';
import { stringAt, UTF8 } from './json-string.ts';
import { afterSpace, afterString, createCursor, passValue, type ValueCursor } from './json-value.ts';

/** A member of an object, as offsets into the scanned bytes. Ends are exclusive. */
export interface Member {
  /** The decoded key. */
  readonly key: string;
  /** Whether the key was written with escapes, which another parser might read differently. */
  readonly escaped: boolean;
  readonly type: JsonType;
  readonly valueStart: number;
  readonly valueEnd: number;
}

export type JsonType = 'object' | 'array' | 'string' | 'number' | 'true' | 'false' | 'null';

export type ObjectScan =
  | {
      readonly kind: 'object';
      /** The wanted members in byte order. A key that occurs twice is listed twice. */
      readonly members: readonly Member[];
      /**
       * The offset after the opening brace, where a member may be inserted, with a comma unless the object is empty.
       */
      readonly insertAt: number;
      readonly empty: boolean;
    }
  | { readonly kind: 'not-an-object'; readonly type: JsonType }
  | MalformedScan;

export interface MalformedScan {
  readonly kind: 'malformed';
  /** Byte offset; equal to the length if the input ends too early. */
  readonly offset: number;
  /** Both count from 1; the column counts characters. */
  readonly line: number;
  readonly column: number;
  /** A sentence that says what was expected, what was found, and where. */
  readonly message: string;
}

/** A body that repeats a wanted key more often than this is an attack on our memory. */
const MAX_MEMBERS = 100;

/**
 * Finds members of a JSON object (RFC 8259) and checks the structure of the whole body without building values. Members
 * that are not wanted cost one pass over their quotes and brackets.
 *
 * `wanted` are lower-case ASCII names. They match in any case, since some parsers (Go's) treat "Model" as "model";
 * `key` holds the original spelling. The scan is laxer than `JSON.parse` in one respect: it does not check the contents
 * of strings (control characters, unknown escapes, invalid UTF-8), except for the returned keys. A leading byte order
 * mark is skipped. Nesting is bounded, and the scan does not recurse.
 */
export function scanObject(bytes: Uint8Array, wanted: readonly string[]): ObjectScan {
  begin(SHARED_WALK, bytes, wanted);
  const scan = advance(SHARED_WALK, Infinity) ?? UNREACHABLE;
  // Nothing else would release a large body.
  SHARED_WALK.bytes = NOTHING;
  return scan;
}

/**
 * Like `scanObject`, one slice at a time, so that a large body does not block the event loop. Each call of the returned
 * function scans about `sliceBytes` more and returns undefined until the scan is done.
 */
export function scanObjectInSlices(
  bytes: Uint8Array,
  wanted: readonly string[],
  sliceBytes: number,
): () => ObjectScan | undefined {
  const walk = newWalk();
  begin(walk, bytes, wanted);
  return () => advance(walk, walk.cursor.pos + sliceBytes);
}

/** A scan without a bound always finishes. */
const UNREACHABLE: ObjectScan = { kind: 'malformed', offset: 0, line: 1, column: 1, message: '' };

/** The state of one scan. */
interface Walk {
  bytes: Uint8Array;
  wanted: readonly string[];
  /** The position, at a value or within it. */
  readonly cursor: ValueCursor;
  members: Member[];
  /** The offset of the object; -1: nothing was scanned yet. */
  start: number;
  /** The start of the member whose value is being scanned. */
  keyStart: number;
  keyEnd: number;
  valueStart: number;
}

const NOTHING = new Uint8Array();

function newWalk(): Walk {
  const cursor = createCursor();
  return {
    bytes: NOTHING,
    wanted: [],
    cursor,
    members: [],
    start: -1,
    keyStart: 0,
    keyEnd: 0,
    valueStart: 0,
  };
}

/** For scans that run to completion: no two of them overlap. */
const SHARED_WALK = newWalk();

function begin(walk: Walk, bytes: Uint8Array, wanted: readonly string[]): void {
  walk.cursor.pos = 0;
  walk.cursor.depth = 0;
  walk.bytes = bytes;
  walk.wanted = wanted;
  walk.members = [];
  walk.start = -1;
}

/** Scans up to the offset `until` or slightly further. Returns undefined if there is more to scan. */
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

/** Moves the cursor to the value whose key is at `pos`. */
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

/** Records the member that ends at the cursor, if it is a wanted one. */
function noteMember({ bytes, wanted, cursor, members, keyStart, keyEnd, valueStart }: Walk): void {
  const key = wantedKey(bytes, keyStart, keyEnd, wanted);
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

/** Whether the first byte after a byte order mark and white space opens an object. Nothing else is checked. */
export function seemsObject(bytes: Uint8Array): boolean {
  return bytes[afterSpace(bytes, afterMark(bytes))] === OPEN_BRACE;
}

/** The parsed value of a span; undefined if it cannot be parsed. */
export function valueAt(bytes: Uint8Array, start: number, end: number): unknown {
  if (bytes[start] === QUOTE) return stringAt(bytes, start, end);
  try {
    const isWhole = start === 0 && end === bytes.length;
    return JSON.parse(UTF8.decode(isWhole ? bytes : bytes.subarray(start, end)));
  } catch {
    return undefined;
  }
}

/**
 * The value behind the last occurrence of a key, found without scanning what is before it. Returns undefined if there is
 * none, or if it is an object or a list of more than 64 KiB.
 */
export function lastValueOf(bytes: Uint8Array, key: Mark): unknown {
  const at = Buffer.prototype.lastIndexOf.call(bytes, key.bytes);
  const start = at === -1 ? -1 : valueStart(bytes, at + key.bytes.length);
  if (start === -1) return undefined;
  const cursor = createCursor();
  cursor.pos = start;
  try {
    return passValue(bytes, cursor, start + MOST_VALUE_BYTES) ? valueAt(bytes, start, cursor.pos) : undefined;
  } catch (error) {
    if (error instanceof MalformedJson) return undefined;
    throw error;
  }
}

const MOST_VALUE_BYTES = 64 * 1024;

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
