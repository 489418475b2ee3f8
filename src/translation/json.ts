/** A JSON object with unknown members. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** A JSON object that a writer builds. Members that are `undefined` are not written. */
export type JsonTree = Record<string, unknown>;

/** The value as an object; undefined for null, arrays and all other types. */
export function asObject(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : undefined;
}

/** The value as a list; an empty list for all other types. */
export function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function asString(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The value as a finite double. A number of more digits than a double holds is rounded. */
export function asNumber(value: unknown): number | undefined {
  const number = typeof value === 'object' && RAW.isRawJSON(value) ? Number(JSON.stringify(value)) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

/** Whether the text is valid JSON whose outermost value is an object. */
export function isJsonObjectText(text: string): boolean {
  return asObject(parsed(text)) !== undefined;
}

/** The value of a JSON text; undefined if it is malformed. */
export function parsed(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

/**
 * Parses like `JSON.parse`, but preserves numbers that a double cannot hold, such as `12345678901234567890` and `1e400`.
 * Such a number becomes a `JSON.rawJSON` value, which is serialised verbatim. Only texts with 16 consecutive digits or an
 * exponent pay for it. @throws SyntaxError
 */
export function parseJson(text: string): unknown {
  return LONG_NUMBER.test(text) ? JSON.parse(text, keepDigits) : JSON.parse(text);
}

/** Outside strings, one of these characters precedes every number. A match inside a string costs only time. */
const LONG_NUMBER = /[:,[\s-]\d(?:[\d.]{15}|[\d.]{0,14}[eE])/;

function keepDigits(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const source = context?.source;
  if (typeof value !== 'number' || source === undefined) return value;
  const isShort = source.length < 16 && Number.isFinite(value) && value !== 0;
  if (isShort || String(value) === source) return value;
  return Number.isFinite(value) && digitsOf(source) === digitsOf(String(value)) ? value : RAW.rawJSON(source);
}

/** A number's significant digits and the power of ten of the first one: `1.5e-07` and `0.00000015` are the same. */
function digitsOf(source: string): string {
  const [mantissa = '', exponent = '0'] = source.replace(/^-/, '').split(/[eE]/);
  const [whole = '', fraction = ''] = mantissa.split('.');
  const digits = whole + fraction;
  const significant = digits.replace(/^0+/, '');
  const power = Number(exponent) + whole.length - (digits.length - significant.length);
  let end = significant.length;
  while (significant[end - 1] === '0') end--;
  const kept = significant.slice(0, end);
  return kept === '' ? '0' : `${kept}e${power}`;
}

const RAW = JSON as unknown as { rawJSON(text: string): unknown; isRawJSON(value: unknown): boolean };

/** JSON text that is written verbatim, such as a tool call's arguments. */
export class RawJson {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** `JSON.stringify` for trees that may contain {@link RawJson}. Omits members that are undefined. */
export function writeJson(value: unknown): string {
  const out: string[] = [];
  writeValue(value, out);
  return out.join('');
}

function writeValue(value: unknown, out: string[]): void {
  if (typeof value !== 'object' || value === null) out.push(JSON.stringify(value) ?? 'null');
  else if (value instanceof RawJson) out.push(value.text);
  else if (Array.isArray(value)) writeArray(value, out);
  else if (RAW.isRawJSON(value)) out.push(JSON.stringify(value));
  else writeMembers(value as JsonObject, out);
}

function writeArray(values: readonly unknown[], out: string[]): void {
  let before = '[';
  for (const value of values) {
    out.push(before);
    writeValue(value, out);
    before = ',';
  }
  out.push(before === '[' ? '[]' : ']');
}

function writeMembers(object: JsonObject, out: string[]): void {
  let before = '{';
  for (const key of Object.keys(object)) {
    const value = object[key];
    if (value === undefined) continue;
    out.push(before, JSON.stringify(key), ':');
    writeValue(value, out);
    before = ',';
  }
  out.push(before === '{' ? '{}' : '}');
}
