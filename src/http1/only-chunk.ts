import { hexDigit } from './response-reader.ts';

export const NOT_ONE_CHUNK = -1;

const CR = 0x0d;
const LF = 0x0a;
const DIGIT_0 = 0x30;

/** Larger chunks are rare, and arrive in several pieces. */
const MOST_DIGITS = 6;

/**
 * Returns where the data begins if the bytes are exactly one chunk (RFC 9112 §7.1) without extensions, in the form in
 * which this gateway would write it; otherwise `NOT_ONE_CHUNK`. The last chunk, which has no data, is not one.
 */
export function startOfOnlyChunk(bytes: Uint8Array): number {
  let size = 0;
  let at = 0;
  for (let digit = hexDigit(bytes[at]); digit >= 0 && at <= MOST_DIGITS; digit = hexDigit(bytes[++at]))
    size = size * 16 + digit;
  if (at === 0 || at > MOST_DIGITS || bytes[0] === DIGIT_0) return NOT_ONE_CHUNK;
  const start = at + 2;
  const end = start + size;
  if (bytes.byteLength !== end + 2 || bytes[at] !== CR || bytes[at + 1] !== LF) return NOT_ONE_CHUNK;
  return bytes[end] === CR && bytes[end + 1] === LF ? start : NOT_ONE_CHUNK;
}
