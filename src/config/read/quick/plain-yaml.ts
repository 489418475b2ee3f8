import { asScalar, type Quoted, quotedAt } from './plain-scalar.ts';
import { readFlow } from './plain-flow.ts';
import { Unusual } from './unusual.ts';

/** Longer text is not a configuration. This also limits the cost of parsing. */
export const MOST_CHARACTERS = 32_000_000;

/**
 * Reads the YAML that configurations are usually written in, including JSON. Returns undefined for everything else, and
 * for every fault: anchors, tags, block scalars, texts over several lines, merge keys, tabs. `parseSource` reads those.
 * It needs a library that takes 6 MB of memory and 30 ms to load. A test compares both.
 */
export function readPlainYaml(text: string): Readonly<Record<string, unknown>> | undefined {
  if (text.length > MOST_CHARACTERS) return undefined;
  const plain = text.includes('\r\n') ? text.replaceAll('\r\n', '\n') : text;
  if (UNUSUAL.test(plain)) return undefined;
  try {
    return new Blocks(plain).read();
  } catch (error) {
    if (error instanceof Unusual) return undefined;
    throw error;
  }
}

/** Control characters, tabs included, and the other characters that one of the readers may take for space. */
// eslint-disable-next-line no-control-regex
const UNUSUAL = /[\0-\t\v-\x1f\x7f-\xa0\u1680\u2000-\u200f\u2028-\u202f\u205f\u3000\ufeff\ufffe\uffff]/;

/** Real configurations nest about ten levels. */
const MOST_LEVELS = 50;

interface Line {
  /** The column of the first character that is not a space. */
  readonly indent: number;
  /** The offset of that character, and of the end of the line. */
  readonly start: number;
  readonly end: number;
}

/** Reads sections and lists that are written as indented lines. */
class Blocks {
  readonly #text: string;
  readonly #lines: Line[];
  #next = 0;
  #level = 0;

  constructor(text: string) {
    this.#text = text;
    this.#lines = linesOf(text);
  }

  read(): Readonly<Record<string, unknown>> {
    const first = this.#lines[0];
    if (first === undefined) throw new Unusual();
    const value = this.#text[first.start] === '{' ? this.#flow(first.start, -1) : this.#section(first.indent);
    if (this.#next < this.#lines.length || typeof value !== 'object' || value === null) throw new Unusual();
    return value as Readonly<Record<string, unknown>>;
  }

  #section(indent: number): Record<string, unknown> {
    this.#enter();
    const section: Record<string, unknown> = {};
    for (let line = this.#lines[this.#next]; line !== undefined; line = this.#lines[this.#next]) {
      if (line.indent < indent) break;
      if (line.indent > indent) throw new Unusual();
      const { name, after } = keyAt(this.#text, line);
      if (Object.hasOwn(section, name)) throw new Unusual();
      section[name] = this.#valueAt(after, line, indent);
    }
    this.#level--;
    return section;
  }

  #list(indent: number): unknown[] {
    this.#enter();
    const list: unknown[] = [];
    for (let line = this.#lines[this.#next]; line !== undefined; line = this.#lines[this.#next]) {
      if (line.indent < indent || (line.indent === indent && !isEntry(this.#text, line))) break;
      if (line.indent > indent) throw new Unusual();
      list.push(this.#entry(line));
    }
    this.#level--;
    return list;
  }

  /** Reads an entry behind its dash: a list or a section that begins in the same line, or a value. */
  #entry(line: Line): unknown {
    const start = pastSpaces(this.#text, line.start + 1);
    const inner = { indent: line.indent + start - line.start, start, end: line.end };
    if (start < line.end && isEntry(this.#text, inner)) return this.#listIn(inner);
    if (start < line.end && hasKey(this.#text, inner)) {
      this.#lines[this.#next] = inner;
      return this.#section(inner.indent);
    }
    return this.#valueAt(line.start + 1, line, line.indent);
  }

  #listIn(inner: Line): unknown[] {
    this.#lines[this.#next] = inner;
    return this.#list(inner.indent);
  }

  /** The value that begins at an offset of a line, or in the lines below it. */
  #valueAt(offset: number, line: Line, indent: number): unknown {
    const start = pastSpaces(this.#text, offset);
    const first = this.#text[start];
    if (start < line.end && (first === '{' || first === '[')) return this.#flow(start, indent);
    this.#next++;
    if (start < line.end && !isComment(this.#text, start)) return scalarAt(this.#text, start, line.end);
    return this.#below(indent, this.#text[line.start] === '-');
  }

  /** The block below a key or a dash; null: there is none. */
  #below(indent: number, isInList: boolean): unknown {
    const line = this.#lines[this.#next];
    if (line === undefined || line.indent < indent) return null;
    const isList = isEntry(this.#text, line);
    // A list may be as far to the left as the key that it belongs to.
    if (line.indent === indent) return isList && !isInList ? this.#list(indent) : null;
    return isList ? this.#list(line.indent) : this.#section(line.indent);
  }

  #flow(start: number, indent: number): unknown {
    const { value, end } = readFlow(this.#text, start, indent);
    while ((this.#lines[this.#next]?.start ?? Infinity) < end) this.#next++;
    const lineEnd = endOfLine(this.#text, end);
    const rest = pastSpaces(this.#text, end);
    if (rest < lineEnd && !isComment(this.#text, rest)) throw new Unusual();
    return value;
  }

  #enter(): void {
    if (++this.#level > MOST_LEVELS) throw new Unusual();
  }
}

/** The lines with content. Throws at the marks between documents. */
function linesOf(text: string): Line[] {
  const lines: Line[] = [];
  for (let at = 0; at < text.length;) {
    const end = endOfLine(text, at);
    const start = pastSpaces(text, at);
    if (start < end && text[start] !== '#') {
      if (start === at && /^(?:---|\.\.\.|%)/.test(text.slice(at, at + 3))) throw new Unusual();
      lines.push({ indent: start - at, start, end });
    }
    at = end + 1;
  }
  return lines;
}

function endOfLine(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end === -1 ? text.length : end;
}

function pastSpaces(text: string, at: number): number {
  let next = at;
  while (text[next] === ' ') next++;
  return next;
}

/** Whether a dash with a space, or nothing, behind it begins the line. */
function isEntry(text: string, { start, end }: Line): boolean {
  return text[start] === '-' && (start + 1 === end || text[start + 1] === ' ');
}

/** A comment needs a space before it; where it begins a line, its line is left out. */
function isComment(text: string, at: number): boolean {
  return text[at] === '#' && text[at - 1] === ' ';
}

/** Names of settings, models and so on. Words that YAML takes for another type are refused by `asScalar`. */
const KEY = /[A-Za-z_][^\n"'#{}[\],&*!|>%@`]*?:(?= |\n|$)/y;

interface Key {
  readonly name: string;
  /** The offset behind its colon. */
  readonly after: number;
}

function hasKey(text: string, line: Line): boolean {
  return findKey(text, line) !== undefined;
}

function keyAt(text: string, line: Line): Key {
  const key = findKey(text, line);
  if (key === undefined || key.name === '__proto__' || key.name === '<<' || key.name.length > 1_000)
    throw new Unusual();
  return key;
}

function findKey(text: string, { start, end }: Line): Key | undefined {
  if (text[start] === '"' || text[start] === "'") {
    const { value, end: after }: Quoted = quotedAt(text, start);
    const isKey = text[after] === ':' && (after + 1 === end || text[after + 1] === ' ');
    return isKey ? { name: value, after: after + 1 } : undefined;
  }
  KEY.lastIndex = start;
  const [found] = KEY.exec(text) ?? [];
  if (found === undefined) return undefined;
  const name = found.slice(0, -1);
  if (name.endsWith(' ') || typeof asScalar(name) !== 'string') throw new Unusual();
  return { name, after: start + found.length };
}

/** A text, number, switch or null that fills the rest of a line. */
function scalarAt(text: string, start: number, lineEnd: number): unknown {
  if (text[start] === '"' || text[start] === "'") {
    const { value, end } = quotedAt(text, start);
    const rest = pastSpaces(text, end);
    if (rest < lineEnd && !isComment(text, rest)) throw new Unusual();
    return value;
  }
  const rest = text.slice(start, lineEnd);
  const comment = rest.indexOf(' #');
  let end = comment === -1 ? rest.length : comment;
  while (rest[end - 1] === ' ') end--;
  return asScalar(rest.slice(0, end));
}
