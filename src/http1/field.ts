/** Whether every character of `text` may be part of a field's name (RFC 9110 §5.6.2). */
export function isFieldName(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code > 0x7f || IS_TOKEN[code] !== 1) return false;
  }
  return text.length > 0;
}

/** HTTP white space is space and tab only (RFC 9110 §5.6.3). JavaScript's `trim` removes more. */
export function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** Returns the part of `text` from `from` to `to` without white space around it. */
export function trimmed(text: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && isSpace(text.charCodeAt(start))) start += 1;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

const IS_TOKEN = tokenTable();

function tokenTable(): Uint8Array {
  const table = new Uint8Array(0x80);
  const letters = 'abcdefghijklmnopqrstuvwxyz';
  const tokens = `${letters}${letters.toUpperCase()}0123456789!#$%&'*+-.^_\`|~`;
  for (const character of tokens) table[character.charCodeAt(0)] = 1;
  return table;
}
