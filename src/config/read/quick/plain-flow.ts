import { asScalar, quotedAt } from './plain-scalar.ts';
import { Unusual } from './unusual.ts';

interface Read {
  readonly value: unknown;
  /** The offset behind it. */
  readonly end: number;
}

/** Real configurations nest about ten levels. */
const MOST_LEVELS = 50;

/**
 * Reads a section in braces, or a list in brackets, that begins at an offset of the text. Its lines are further to the
 * right than `indent`.
 */
export function readFlow(text: string, start: number, indent: number): Read {
  const flow = new Flow(text, start, indent);
  const value = flow.value(0);
  return { value, end: flow.at };
}

/** Characters of a text without quotes between brackets. A colon belongs to it unless a space or an end follows. */
const PLAIN = /(?:[^\n"'#{}[\],&*!|>%@`: ]|:(?=[^\s,[\]{}])| (?=[^\n"'#{}[\],&*!|>%@`: ]))+/y;

class Flow {
  at: number;
  readonly #text: string;
  readonly #indent: number;

  constructor(text: string, start: number, indent: number) {
    this.#text = text;
    this.at = start;
    this.#indent = indent;
  }

  value(level: number): unknown {
    if (level > MOST_LEVELS) throw new Unusual();
    const first = this.#text[this.at];
    if (first === '{') return this.#section(level);
    if (first === '[') return this.#list(level);
    return this.#scalar();
  }

  #section(level: number): Record<string, unknown> {
    const section: Record<string, unknown> = {};
    this.at++;
    for (this.#skip(); this.#text[this.at] !== '}';) {
      const isQuoted = this.#isQuote();
      const start = this.at;
      const name = this.#scalar();
      if (typeof name !== 'string' || name === '__proto__' || name === '<<') throw new Unusual();
      if (Object.hasOwn(section, name) || this.at - start > 1_000) throw new Unusual();
      // Behind a quote, a colon needs no space.
      if (this.#text[this.at++] !== ':' || (!isQuoted && !this.#isSpace())) throw new Unusual();
      this.#skip();
      section[name] = this.value(level + 1);
      this.#separate('}');
    }
    this.at++;
    return section;
  }

  #list(level: number): unknown[] {
    const list: unknown[] = [];
    this.at++;
    for (this.#skip(); this.#text[this.at] !== ']';) {
      list.push(this.value(level + 1));
      this.#separate(']');
    }
    this.at++;
    return list;
  }

  #scalar(): string | number | boolean | null {
    if (this.#isQuote()) {
      const { value, end } = quotedAt(this.#text, this.at);
      this.at = end;
      return value;
    }
    PLAIN.lastIndex = this.at;
    const [found] = PLAIN.exec(this.#text) ?? [];
    if (found === undefined) throw new Unusual();
    this.at += found.length;
    return asScalar(found);
  }

  /** A comma, or the end. A comma may stand before the end. */
  #separate(end: '}' | ']'): void {
    this.#skip();
    if (this.#text[this.at] === end) return;
    if (this.#text[this.at++] !== ',') throw new Unusual();
    this.#skip();
  }

  #isQuote(): boolean {
    return this.#text[this.at] === '"' || this.#text[this.at] === "'";
  }

  #isSpace(): boolean {
    return this.#text[this.at] === ' ' || this.#text[this.at] === '\n';
  }

  /** Skips space, ends of lines and comments. Throws `Unusual` where a line is too far to the left. */
  #skip(): void {
    while (this.#isSpace() || this.#text[this.at] === '#') {
      if (this.#text[this.at] === '#') this.#skipComment();
      else if (this.#text[this.at++] === '\n') this.#checkIndent();
    }
  }

  #skipComment(): void {
    const before = this.#text[this.at - 1];
    if (before !== ' ' && before !== '\n') throw new Unusual();
    const end = this.#text.indexOf('\n', this.at);
    if (end === -1) throw new Unusual();
    this.at = end;
  }

  #checkIndent(): void {
    const lineStart = this.at;
    while (this.#text[this.at] === ' ') this.at++;
    const first = this.#text[this.at];
    const isEmpty = first === '\n' || first === '#';
    if (!isEmpty && this.at - lineStart <= this.#indent) throw new Unusual();
  }
}
