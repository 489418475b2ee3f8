import { Unusual } from './unusual.ts';

export interface Quoted {
  readonly value: string;
  /** The offset behind the closing quote. */
  readonly end: number;
}

/** Within one line. JSON has the same escapes as YAML, except for those of YAML alone. */
const DOUBLE = /"(?:[^"\\\n]|\\["\\/bfnrt]|\\u(?![dD])[0-9A-Fa-f]{4})*"/y;
const SINGLE = /'(?:[^'\n]|'')*'/y;

/** The quoted text at an offset. Throws `Unusual` if it does not end in its line, or has an escape that JSON lacks. */
export function quotedAt(text: string, start: number): Quoted {
  const isDouble = text[start] === '"';
  const pattern = isDouble ? DOUBLE : SINGLE;
  pattern.lastIndex = start;
  const [found] = pattern.exec(text) ?? [];
  if (found === undefined) throw new Unusual();
  const value = isDouble ? String(JSON.parse(found)) : found.slice(1, -1).replaceAll("''", "'");
  return { value, end: start + found.length };
}

/** The characters that may begin a text without quotes. Every other one means something to YAML, or might. */
const BEGINNING = /^(?:[A-Za-z0-9_./$(+~\u00c0-\uffff]|-[A-Za-z0-9.])/;

/** Everything that YAML 1.2 reads as a number, and more. */
const NUMBER_LIKE = /^[-+]?(?:0x[\da-f]*|0o\d*|\.inf|\.nan|\d*(?:\.\d*)?(?:e[-+]?\d*)?)$/i;

/** The usual numbers: those for which JavaScript's notation and YAML's are the same, and exact. */
const USUAL_NUMBER = /^-?(?:0|[1-9]\d{0,14})(?:\.\d{1,15})?$/;

const WORDS = new Map<string, boolean | null>([
  ...['null', 'Null', 'NULL', '~'].map((word) => [word, null] as const),
  ...['true', 'True', 'TRUE'].map((word) => [word, true] as const),
  ...['false', 'False', 'FALSE'].map((word) => [word, false] as const),
]);

/** The value of a text without quotes, by the core schema of YAML 1.2. Throws `Unusual` if it may mean something else. */
export function asScalar(text: string): string | number | boolean | null {
  const word = WORDS.get(text);
  if (word !== undefined) return word;
  if (USUAL_NUMBER.test(text)) return Number(text);
  if (!BEGINNING.test(text) || NUMBER_LIKE.test(text)) throw new Unusual();
  if (text.endsWith(':') || text.includes(': ') || text.includes(' #')) throw new Unusual();
  return text;
}
