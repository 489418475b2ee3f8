/**
 * A byte pattern to search for in JSON without parsing it. This is sound because a quote inside a string is escaped:
 * `"usage":` with bare quotes can only be a key.
 */
export interface Mark {
  readonly bytes: Buffer;
}

/** Prepares a pattern for repeated searches. A key or a string is given with its quotes. */
export function markOf(text: string): Mark {
  return { bytes: Buffer.from(text) };
}

/** Whether the pattern occurs at all. */
export function occurs(bytes: Uint8Array, mark: Mark): boolean {
  return find(bytes, mark, 0) !== -1;
}

/** Whether this key occurs with any value but null. */
export function hasValue(bytes: Uint8Array, key: Mark): boolean {
  for (let at = find(bytes, key, 0); at !== -1; at = find(bytes, key, at)) {
    at += key.bytes.length;
    const value = valueStart(bytes, at);
    if (value !== -1 && bytes[value] !== LOWER_N) return true;
  }
  return false;
}

/** Whether this string occurs as a value, or as a key with any value but null. */
export function hasWord(bytes: Uint8Array, word: Mark): boolean {
  for (let at = find(bytes, word, 0); at !== -1; at = find(bytes, word, at)) {
    at += word.bytes.length;
    const value = valueStart(bytes, at);
    if (value === -1 || bytes[value] !== LOWER_N) return true;
  }
  return false;
}

/** The last integer value of this key; undefined: there is none. */
export function lastNumberOf(bytes: Uint8Array, key: Mark): number | undefined {
  const at = Buffer.prototype.lastIndexOf.call(bytes, key.bytes);
  if (at === -1) return undefined;
  let pos = valueStart(bytes, at + key.bytes.length);
  if (pos === -1) return undefined;
  let number: number | undefined;
  for (let byte = bytes[pos]; byte !== undefined && byte >= DIGIT_0 && byte <= DIGIT_9; byte = bytes[++pos]) {
    number = (number ?? 0) * 10 + byte - DIGIT_0;
  }
  return number;
}

/** The number of characters in all string values of this key. An escape counts as one. */
export function countCharacters(bytes: Uint8Array, key: Mark): number {
  let count = 0;
  for (let at = find(bytes, key, 0); at !== -1; at = find(bytes, key, at)) {
    at += key.bytes.length;
    const value = valueStart(bytes, at);
    if (value !== -1 && bytes[value] === QUOTE) count += charactersOf(bytes, value + 1);
  }
  return count;
}

/** Native search: about 0.1 µs a call, then about 20 GB/s. Bun accepts any byte array as `this`. */
export function find(bytes: Uint8Array, mark: Mark, from: number): number {
  return Buffer.prototype.indexOf.call(bytes, mark.bytes, from);
}

/** The offset after the colon that makes a string a key; -1: there is no colon. */
export function valueStart(bytes: Uint8Array, behindKey: number): number {
  let pos = afterSpace(bytes, behindKey);
  if (bytes[pos] !== COLON) return -1;
  pos = afterSpace(bytes, pos + 1);
  return pos < bytes.length ? pos : -1;
}

function afterSpace(bytes: Uint8Array, start: number): number {
  let pos = start;
  while (pos < bytes.length && (bytes[pos] ?? 0) <= 0x20) pos += 1;
  return pos;
}

/** Counts characters up to the closing quote. UTF-8 continuation bytes belong to the character before them. */
export function charactersOf(bytes: Uint8Array, start: number, end = bytes.length): number {
  let count = 0;
  let pos = start;
  while (pos < end) {
    const byte = bytes[pos] ?? 0;
    if (byte === QUOTE) break;
    if (byte === BACKSLASH) pos += bytes[pos + 1] === LOWER_U ? 5 : 1;
    if ((byte & 0xc0) !== 0x80) count += 1;
    pos += 1;
  }
  return count;
}

const QUOTE = 0x22;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const LOWER_N = 0x6e;
const LOWER_U = 0x75;
