/** A regular expression as it stands in a source file. */
export interface RegexLiteral {
  readonly source: string;
  readonly flags: string;
  readonly line: number;
}

/** Words behind which a slash begins an expression, though they look like names. */
const KEYWORDS = new Set(['return', 'typeof', 'case', 'in', 'of', 'do', 'else', 'void', 'await', 'yield']);

/**
 * The regular expressions of a source file: its literals, and `new RegExp` of a plain or raw text. Comments and texts are
 * passed over; a slash divides where a value stands in front of it.
 */
export function regexLiterals(code: string): RegexLiteral[] {
  const found: RegexLiteral[] = [];
  let at = 0;
  /** The last character that was neither space nor comment, or the last word. */
  let before = '';
  while (at < code.length) {
    const skipped = skip(code, at);
    if (skipped > at) {
      const isText = code[at] !== '/' && !/\s/.test(code[at] ?? '');
      if (isText) before = '"';
      at = skipped;
      continue;
    }
    const word = /[\w$]+/y;
    word.lastIndex = at;
    const name = word.exec(code)?.[0];
    if (name !== undefined) {
      before = name;
      at += name.length;
      continue;
    }
    if (code[at] === '/' && !isValue(before)) {
      const literal = literalAt(code, at);
      if (literal !== undefined) {
        found.push({ ...literal, line: lineOf(code, at) });
        at += literal.source.length + literal.flags.length + 2;
        before = ')';
        continue;
      }
    }
    before = code[at] ?? '';
    at++;
  }
  return found;
}

/** Behind space, a comment or a text that begins here; the same place where none does. Templates are taken as a whole. */
function skip(code: string, at: number): number {
  const char = code[at] ?? '';
  if (/\s/.test(char)) return at + 1;
  if (code.startsWith('//', at)) return endOr(code.indexOf('\n', at), code);
  if (code.startsWith('/*', at)) return endOr(code.indexOf('*/', at), code) + 2;
  if (char !== "'" && char !== '"' && char !== '`') return at;
  let end = at + 1;
  while (end < code.length && code[end] !== char) end += code[end] === '\\' ? 2 : 1;
  return end + 1;
}

function endOr(index: number, code: string): number {
  return index === -1 ? code.length : index;
}

function isValue(before: string): boolean {
  return /^[)\]}"]$/.test(before) || (/^[\w$]+$/.test(before) && !KEYWORDS.has(before));
}

function literalAt(code: string, at: number): { source: string; flags: string } | undefined {
  let isInClass = false;
  for (let end = at + 1; end < code.length && code[end] !== '\n'; end++) {
    const char = code[end];
    if (char === '\\') end++;
    else if (char === '[') isInClass = true;
    else if (char === ']') isInClass = false;
    else if (char === '/' && !isInClass) {
      const flags = /^[a-z]*/.exec(code.slice(end + 1, end + 10))?.[0] ?? '';
      return { source: code.slice(at + 1, end), flags };
    }
  }
  return undefined;
}

function lineOf(code: string, at: number): number {
  return code.slice(0, at).split('\n').length;
}
