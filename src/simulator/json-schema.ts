import { isObject, type Json, type JsonObject, listOf, objectOf, positiveOf, stringOf } from './json.ts';

/** The properties of an object that are filled in. */
export type Properties = 'all' | 'required';

/** Recursive schemas end at this depth. */
const MAX_DEPTH = 12;

/**
 * A value that matches a JSON schema, as far as the schema is simple: types, enums, properties, items, unions,
 * references.
 */
export function fitSchema(schema: Json | undefined, properties: Properties = 'all'): Json {
  const root = objectOf(schema);
  return fit(root, { root, properties, depth: 0, name: '' });
}

interface Context {
  readonly root: JsonObject;
  readonly properties: Properties;
  readonly depth: number;
  /** The name of the property that contains the value. */
  readonly name: string;
}

/** Tool properties that agents run as commands. Their values must be harmless. */
const COMMAND = /^(?:commands?|cmd)$/;

function fit(schema: JsonObject, context: Context): Json {
  const inner = { ...context, depth: context.depth + 1 };
  const reference = stringOf(schema['$ref']);
  if (context.depth > MAX_DEPTH) return null;
  if (reference !== undefined) return fit(resolve(reference, context.root), inner);
  if (schema['const'] !== undefined) return schema['const'];
  const [option] = [...listOf(schema['enum'])];
  if (option !== undefined) return option;
  const [variant] = [...listOf(schema['anyOf']), ...listOf(schema['oneOf'])];
  if (isObject(variant)) return fit(variant, inner);
  const parts = listOf(schema['allOf']).filter(isObject);
  if (parts.length > 0) return Object.assign({}, ...parts.map((part) => fit(part, inner))) as JsonObject;
  return fitType(schema, inner);
}

function fitType(schema: JsonObject, context: Context): Json {
  switch (typeOf(schema)) {
    case 'object':
      return fitObject(schema, context);
    case 'array': {
      if (COMMAND.test(context.name) && typeOf(objectOf(schema['items'])) === 'string')
        return ['echo', 'hi-from-tool'];
      const count = Math.min(positiveOf(schema['minItems']) ?? 1, 100);
      return Array.from({ length: count }, () => fit(objectOf(schema['items']), context));
    }
    case 'string':
      return COMMAND.test(context.name) ? 'echo hi-from-tool' : fitString(schema);
    case 'integer':
    case 'number':
      return fitNumber(schema);
    case 'boolean':
      return true;
    default:
      return null;
  }
}

function typeOf(schema: JsonObject): string {
  const { type } = schema;
  const named = Array.isArray(type) ? stringOf(listOf(type)[0]) : stringOf(type);
  // Gemini writes types in upper case.
  return named?.toLowerCase() ?? (schema['properties'] === undefined ? 'string' : 'object');
}

function fitObject(schema: JsonObject, context: Context): JsonObject {
  const required = listOf(schema['required']);
  const entries = Object.entries(objectOf(schema['properties'])).filter(
    // Beyond half of the maximum depth only required properties are filled in, so that a recursive schema ends.
    ([name]) => (context.properties === 'all' && context.depth < MAX_DEPTH / 2) || required.includes(name),
  );
  return Object.fromEntries(
    entries.map(([name, property]) => [name, fit(objectOf(property), { ...context, name })]),
  );
}

const FORMATS: Readonly<Record<string, string>> = {
  date: '2026-01-01',
  time: '12:00:00Z',
  'date-time': '2026-01-01T12:00:00Z',
  email: 'mock@example.com',
  uuid: '00000000-0000-4000-8000-000000000000',
  uri: 'https://example.com/',
};

function fitString(schema: JsonObject): string {
  const formatted = FORMATS[stringOf(schema['format']) ?? ''];
  if (formatted !== undefined) return formatted;
  const text = 'mock'.padEnd(Math.min(positiveOf(schema['minLength']) ?? 0, 10_000), '-');
  return text.slice(0, positiveOf(schema['maxLength']) ?? text.length);
}

function fitNumber(schema: JsonObject): number {
  const { minimum, exclusiveMinimum, maximum } = schema;
  if (typeof exclusiveMinimum === 'number') return Math.floor(exclusiveMinimum) + 1;
  if (typeof minimum === 'number') return Math.ceil(minimum);
  return typeof maximum === 'number' ? Math.min(1, Math.floor(maximum)) : 1;
}

function resolve(reference: string, root: JsonObject): JsonObject {
  if (!reference.startsWith('#')) return {};
  const path = reference.slice(1).split('/').filter(Boolean);
  return objectOf(path.reduce<Json | undefined>((value, key) => objectOf(value)[key], root));
}
