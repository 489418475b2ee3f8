import { MalformedJson, expect } from './json-fault.ts';
import { closingQuote } from './json-quote.ts';

/** Real bodies nest a few levels. Deeper nesting than this is an attack on a parser's stack. */
const MAX_DEPTH = 10_000;

/** The state of the scan of a value. It begins with a depth of 0. */
export interface ValueCursor {
  pos: number;
  /** The number of open containers. */
  depth: number;
  /** By depth, 1 for each open container that is an object. */
  readonly isObject: Uint8Array;
}

/** A cursor of its own, for a scan that may pause while others run. */
export function createCursor(): ValueCursor {
  return { pos: 0, depth: 0, isObject: new Uint8Array(MAX_DEPTH + 1) };
}

/** The offset of the first byte that is not white space. */
export function afterSpace(bytes: Uint8Array, start: number): number {
  let pos = start;
  while (pos < bytes.length) {
    const byte = bytes[pos];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return pos;
    pos += 1;
  }
  return pos;
}

/**
 * The offset after the string whose opening quote is at `pos`.
 *
 * Checking single bytes is fastest for short strings, which most are. `indexOf` costs as much as about 40 single bytes
 * but then passes over kilobytes, so it takes over if the end is not near. In text full of quotes, such as code,
 * `indexOf` would stop too often.
 */
export function afterString(bytes: Uint8Array, pos: number): number {
  let at = pos + 1;
  const near = Math.min(at + NEAR_BYTES, bytes.length);
  while (at < near) {
    const byte = bytes[at];
    if (byte === QUOTE) return at + 1;
    at += byte === BACKSLASH ? 2 : 1;
  }
  let quote = bytes.indexOf(QUOTE, at);
  if (quote !== -1 && (slashesBefore(bytes, quote, at) & 1) === 1) quote = closingQuote(bytes, quote + 1);
  if (quote === -1) throw new MalformedJson(bytes.length, "the closing '\"' of a string");
  return quote + 1;
}

const NEAR_BYTES = 48;

/** The number of backslashes right before an offset. After an odd number, a quote is part of the text. */
export function slashesBefore(bytes: Uint8Array, at: number, from: number): number {
  let first = at;
  while (first > from && bytes[first - 1] === BACKSLASH) first -= 1;
  return at - first;
}

/**
 * Moves the cursor past the JSON value at its position and checks the value's structure. Returns false if it reaches
 * the offset `until` within a container; the next call goes on from there.
 */
export function passValue(bytes: Uint8Array, cursor: ValueCursor, until: number): boolean {
  const { isObject } = cursor;
  let { depth, pos } = cursor;
  for (;;) {
    const byte = bytes[pos];
    if (pos >= until && depth > 0) {
      cursor.depth = depth;
      cursor.pos = pos;
      return false;
    }
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      if (depth === MAX_DEPTH) throw new MalformedJson(pos, `at most ${MAX_DEPTH} levels of nesting`);
      depth += 1;
      isObject[depth] = byte === OPEN_BRACE ? 1 : 0;
      pos = afterSpace(bytes, pos + 1);
      // In ASCII, each closing bracket is its opening bracket plus two.
      const empty = bytes[pos] === byte + 2;
      if (!empty && byte === OPEN_BRACE) pos = afterKey(bytes, pos);
      if (!empty) continue;
      depth -= 1;
      pos += 1;
    } else {
      pos = afterScalar(bytes, pos);
    }
    for (;;) {
      if (depth === 0) {
        cursor.depth = 0;
        cursor.pos = pos;
        return true;
      }
      pos = afterSpace(bytes, pos);
      const next = bytes[pos];
      if (next === COMMA) break;
      if (next !== (isObject[depth] === 1 ? CLOSE_BRACE : CLOSE_BRACKET)) {
        throw unclosed(pos, isObject[depth] === 1);
      }
      depth -= 1;
      pos += 1;
    }
    pos = afterComma(bytes, pos, isObject[depth] === 1);
  }
}

function unclosed(pos: number, isObject: boolean): MalformedJson {
  return new MalformedJson(pos, isObject ? "',' or '}'" : "',' or ']'");
}

/** Skips a comma and what precedes the next value: white space, a key, or integers. */
function afterComma(bytes: Uint8Array, comma: number, isObject: boolean): number {
  const pos = afterSpace(bytes, comma + 1);
  return isObject ? afterKey(bytes, pos) : afterSpace(bytes, afterIntegers(bytes, pos));
}

/**
 * Skips integers that are followed directly by a comma. Prompts are sent as lists of tokens, with up to hundreds of
 * thousands of them.
 */
function afterIntegers(bytes: Uint8Array, start: number): number {
  let from = start;
  for (let pos = start; ; pos++) {
    const byte = bytes[pos] ?? 0;
    if (byte >= ZERO && byte <= NINE) continue;
    const hasLeadingZero = bytes[from] === ZERO && pos - from > 1;
    if (byte !== COMMA || pos === from || hasLeadingZero) return from;
    from = pos + 1;
  }
}

/** The offset of the value after a key and its colon. */
function afterKey(bytes: Uint8Array, pos: number): number {
  expect(bytes, pos, QUOTE, 'a key in quotes');
  const colon = afterSpace(bytes, afterString(bytes, pos));
  expect(bytes, colon, COLON, "':'");
  return afterSpace(bytes, colon + 1);
}

function afterScalar(bytes: Uint8Array, pos: number): number {
  switch (bytes[pos] ?? 0) {
    case QUOTE:
      return afterString(bytes, pos);
    case 0x74:
      return afterWord(bytes, pos, 'true');
    case 0x66:
      return afterWord(bytes, pos, 'false');
    case 0x6e:
      return afterWord(bytes, pos, 'null');
    default:
      return afterNumber(bytes, pos);
  }
}

function afterWord(bytes: Uint8Array, start: number, word: string): number {
  for (let index = 0; index < word.length; index++) {
    if (bytes[start + index] !== word.charCodeAt(index)) throw new MalformedJson(start + index, `'${word}'`);
  }
  return start + word.length;
}

/** RFC 8259 §6: no leading zeros, and digits on both sides of the decimal point. */
function afterNumber(bytes: Uint8Array, start: number): number {
  let pos = bytes[start] === MINUS ? start + 1 : start;
  if (bytes[pos] === ZERO) pos += 1;
  else pos = afterDigits(bytes, pos, pos === start ? 'a value' : 'a digit');
  if (bytes[pos] === POINT) pos = afterDigits(bytes, pos + 1, 'a digit');
  if (bytes[pos] === 0x65 || bytes[pos] === 0x45) {
    const sign = bytes[pos + 1];
    pos = afterDigits(bytes, sign === MINUS || sign === PLUS ? pos + 2 : pos + 1, 'a digit');
  }
  return pos;
}

function afterDigits(bytes: Uint8Array, start: number, expected: string): number {
  let pos = start;
  while (pos < bytes.length) {
    const byte = bytes[pos] ?? 0;
    if (byte < ZERO || byte > NINE) break;
    pos += 1;
  }
  if (pos === start) throw new MalformedJson(pos, expected);
  return pos;
}

const QUOTE = 0x22;
const PLUS = 0x2b;
const COMMA = 0x2c;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
