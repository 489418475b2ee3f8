/**
 * The source texts of all values at one kind of place.
 *
 * `pattern` is a path of keys, with `*` for every element of a list, or for a value in place of a list: `['messages', '*', 'content', '*', 'input']`. The
 * result leaves out null, and is keyed by the indices that the stars matched, joined by `.`: `3.0` is `messages[3].content[0].input`. `text`
 * must be valid JSON; it is not validated again. Linear in the length of the text.
 */
export function sourceSlices(text: string, pattern: readonly string[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  walk({ text, pattern, found }, afterSpace(text, 0), 0, '');
  return found;
}

interface Walk {
  readonly text: string;
  readonly pattern: readonly string[];
  readonly found: Map<string, string>;
}

function keyOf(quoted: string): string {
  return quoted.includes('\\') ? (JSON.parse(quoted) as string) : quoted.slice(1, -1);
}

/**
 * Walks the value at `start`, whose place matches the first `depth` steps of the pattern. Returns the offset after it.
 */
function walk(to: Walk, start: number, depth: number, key: string): number {
  const { text, pattern } = to;
  const step = pattern[depth];
  if (step === undefined) {
    const end = afterValue(text, start);
    const slice = text.slice(start, end);
    if (slice !== 'null') to.found.set(key, slice);
    return end;
  }
  const open = text.charCodeAt(start);
  if (step === '*' && open === OPEN_BRACE) return walk(to, start, depth + 1, indexed(key, 0));
  if (step === '*' ? open !== OPEN_BRACKET : open !== OPEN_BRACE) return afterValue(text, start);
  let pos = afterSpace(text, start + 1);
  for (let index = 0; text.charCodeAt(pos) !== open + 2; index++) {
    let matches = true;
    if (step !== '*') {
      const end = afterString(text, pos);
      matches = keyOf(text.slice(pos, end)) === step;
      pos = afterSpace(text, afterSpace(text, end) + 1);
    }
    const inner = step === '*' ? indexed(key, index) : key;
    pos = afterSpace(text, matches ? walk(to, pos, depth + 1, inner) : afterValue(text, pos));
    if (text.charCodeAt(pos) === COMMA) pos = afterSpace(text, pos + 1);
    if (pos >= text.length) return pos;
  }
  return pos + 1;
}

function indexed(key: string, index: number): string {
  return key === '' ? String(index) : `${key}.${index}`;
}

/** The offset after the value that begins at `start`. */
function afterValue(text: string, start: number): number {
  let depth = 0;
  let pos = start;
  while (pos < text.length) {
    const code = text.charCodeAt(pos);
    if (code === QUOTE) {
      pos = afterString(text, pos);
      if (depth === 0) return pos;
      continue;
    }
    const ends = code === CLOSE_BRACE || code === CLOSE_BRACKET;
    if (depth === 0 && pos > start && (ends || code === COMMA || code <= SPACE)) return pos;
    if (code === OPEN_BRACE || code === OPEN_BRACKET) depth += 1;
    pos += 1;
    if (ends && --depth === 0) return pos;
  }
  return pos;
}

function afterString(text: string, start: number): number {
  let pos = start + 1;
  for (;;) {
    const quote = text.indexOf('"', pos);
    if (quote === -1) return text.length;
    let slashes = 0;
    while (text.charCodeAt(quote - 1 - slashes) === BACKSLASH && quote - 1 - slashes >= pos) slashes += 1;
    if ((slashes & 1) === 0) return quote + 1;
    pos = quote + 1;
  }
}

/** The offset of the first character that is not white space. */
export function afterSpace(text: string, start: number): number {
  let pos = start;
  while (text.charCodeAt(pos) <= SPACE) pos += 1;
  return pos;
}

const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
