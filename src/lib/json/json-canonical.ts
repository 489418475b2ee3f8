/** Deeper bodies have no canonical form. Real ones nest a few levels. */
const MAX_DEPTH = 100;

/**
 * Writes a JSON text with the members of each object sorted and without white space, one character a byte. Keys and
 * values stay as they were written: `1` and `1.0` are two values. Returns undefined if the text is not JSON, or nests
 * too deep.
 */
export function canonicalJson(body: Uint8Array): string | undefined {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1');
  const reader: Reader = { text, pos: 0 };
  const value = valueOf(reader, 0);
  skipSpace(reader);
  return value !== undefined && reader.pos === text.length ? value : undefined;
}

interface Reader {
  readonly text: string;
  pos: number;
}

function valueOf(reader: Reader, depth: number): string | undefined {
  skipSpace(reader);
  switch (reader.text.charAt(reader.pos)) {
    case '{':
      return depth < MAX_DEPTH ? objectOf(reader, depth + 1) : undefined;
    case '[':
      return depth < MAX_DEPTH ? arrayOf(reader, depth + 1) : undefined;
    case '"':
      return stringOf(reader);
    default:
      return literalOf(reader);
  }
}

function objectOf(reader: Reader, depth: number): string | undefined {
  const members: (readonly [key: string, value: string])[] = [];
  reader.pos += 1;
  if (passes(reader, '}')) return '{}';
  do {
    skipSpace(reader);
    const key = stringOf(reader);
    if (key === undefined || !passes(reader, ':')) return undefined;
    const value = valueOf(reader, depth);
    if (value === undefined) return undefined;
    members.push([key, value]);
  } while (passes(reader, ','));
  if (!passes(reader, '}')) return undefined;
  // The sort is stable, so a repeated member keeps its order.
  members.sort(([a], [b]) => (a < b ? -1 : Number(a > b)));
  return `{${members.map(([key, value]) => `${key}:${value}`).join(',')}}`;
}

function arrayOf(reader: Reader, depth: number): string | undefined {
  const items: string[] = [];
  reader.pos += 1;
  if (passes(reader, ']')) return '[]';
  do {
    const item = valueOf(reader, depth);
    if (item === undefined) return undefined;
    items.push(item);
  } while (passes(reader, ','));
  return passes(reader, ']') ? `[${items.join(',')}]` : undefined;
}

function stringOf(reader: Reader): string | undefined {
  const { text, pos } = reader;
  if (text[pos] !== '"') return undefined;
  let end = text.indexOf('"', pos + 1);
  while (end !== -1 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  if (end === -1) return undefined;
  reader.pos = end + 1;
  return text.slice(pos, end + 1);
}

/** Whether an odd number of backslashes precedes. The quote that begins the string ends the search. */
function isEscaped(text: string, at: number): boolean {
  let start = at;
  while (text[start - 1] === '\\') start -= 1;
  return (at - start) % 2 === 1;
}

const LITERAL = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)/y;

function literalOf(reader: Reader): string | undefined {
  LITERAL.lastIndex = reader.pos;
  const [literal] = LITERAL.exec(reader.text) ?? [];
  reader.pos += literal?.length ?? 0;
  return literal;
}

function passes(reader: Reader, mark: string): boolean {
  skipSpace(reader);
  if (reader.text[reader.pos] !== mark) return false;
  reader.pos += 1;
  return true;
}

function skipSpace(reader: Reader): void {
  const { text } = reader;
  for (;;) {
    const code = text.charCodeAt(reader.pos);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
    reader.pos += 1;
  }
}
