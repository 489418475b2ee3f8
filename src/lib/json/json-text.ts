import { MalformedJson } from './json-fault.ts';
import { charactersOf, find, type Mark, valueStart } from './json-marks.ts';
import { stringAt } from './json-string.ts';
import { afterString } from './json-value.ts';

/** The beginning of a text, with the length of all of it. */
export interface TextSample {
  readonly sample: string;
  /** The length of the whole text in characters. */
  readonly chars: number;
}

/** The size of a sample from which the tokens of the whole text can be extrapolated. */
const SAMPLE_CHARS = 32_768;

/** Beyond this number of strings, the size of the rest is extrapolated. */
const MAX_STRINGS = 10_000;

/** Characters of a string are counted up to this size; beyond it they are extrapolated. */
const MAX_COUNTED_BYTES = 65_536;

/** The same for all strings of a key. Counting takes many times as long as finding the ends of the strings. */
const MAX_COUNTED_OF_KEY = 1024 * 1024;

/**
 * The text in all string values of these keys, in the order of the keys. The work is bounded, whatever the size of the
 * input.
 */
export function textUnderKeys(bytes: Uint8Array, keys: readonly Mark[]): TextSample {
  const text: Collected = { sample: '', chars: 0 };
  for (const key of keys) collect(bytes, key, text);
  return text;
}

interface Collected {
  sample: string;
  chars: number;
}

function collect(bytes: Uint8Array, key: Mark, text: Collected): void {
  const before = text.chars;
  let strings = 0;
  let size = 0;
  for (let at = find(bytes, key, 0); at !== -1; at = find(bytes, key, at)) {
    at += key.bytes.length;
    const start = valueStart(bytes, at);
    if (start === -1 || bytes[start] !== QUOTE) continue;
    if (strings === MAX_STRINGS) {
      text.chars = before + Math.round(((text.chars - before) * bytes.length) / at);
      return;
    }
    strings += 1;
    at = endOfString(bytes, start);
    const isCounted = size < MAX_COUNTED_OF_KEY;
    text.chars += isCounted
      ? charactersIn(bytes, start + 1, at)
      : Math.round(((text.chars - before) * (at - start - 1)) / size);
    size += at - start - 1;
    if (text.sample.length < SAMPLE_CHARS) text.sample += beginningOf(bytes, start, at);
  }
}

function endOfString(bytes: Uint8Array, start: number): number {
  try {
    return afterString(bytes, start);
  } catch (error) {
    if (error instanceof MalformedJson) return bytes.length;
    throw error;
  }
}

function charactersIn(bytes: Uint8Array, start: number, end: number): number {
  const size = end - start;
  if (size <= MAX_COUNTED_BYTES) return charactersOf(bytes, start, end);
  return Math.round((charactersOf(bytes, start, start + MAX_COUNTED_BYTES) * size) / MAX_COUNTED_BYTES);
}

/** The text of a string up to a bound; '' if it cannot be decoded. */
function beginningOf(bytes: Uint8Array, start: number, end: number): string {
  if (end - start <= MAX_COUNTED_BYTES) return stringAt(bytes, start, end) ?? '';
  const cut = Buffer.from(bytes.subarray(start, start + MAX_COUNTED_BYTES));
  // The cut may split an escape or a character; their remaining bytes, six at most, are dropped.
  for (let last = cut.length - 1; last > cut.length - 8; last--) {
    cut[last] = QUOTE;
    const text = stringAt(cut, 0, last + 1);
    if (text !== undefined) return text;
  }
  return '';
}

const QUOTE = 0x22;
