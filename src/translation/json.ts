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

export function asNumber(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
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
 * Parses like `JSON.parse`, but preserves numbers whose digits a double cannot hold. Such a number becomes a
 * `JSON.rawJSON` value, which is serialised verbatim. Only texts with 16 consecutive digits pay for it. @throws
 * SyntaxError
 */
export function parseJson(text: string): unknown {
  return LONG_NUMBER.test(text) ? JSON.parse(text, keepDigits) : JSON.parse(text);
}

/** Outside strings, one of these characters precedes every number. A match inside a string costs only time. */
const LONG_NUMBER = /[:,[\s-]\d[\d.]{15}/;

function keepDigits(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || context?.source === undefined || context.source.length < 16) return value;
  return String(value) === context.source ? value : RAW.rawJSON(context.source);
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
