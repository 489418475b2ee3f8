import { type JsonObject, type JsonTree, asArray, asObject, writeJson } from './json.ts';

/** Schemas that nest deeper are kept unchanged. */
const MAX_DEPTH = 100;

/** Keywords whose value is one schema, a list of schemas, or schemas by name. */
const ONE = new Set([
  'items',
  'additionalItems',
  'contains',
  'not',
  'if',
  'then',
  'else',
  'propertyNames',
  'unevaluatedItems',
]);
const MANY = new Set(['anyOf', 'oneOf', 'allOf', 'prefixItems']);
const NAMED = new Set(['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas']);

/** Copies a schema with every nested schema replaced, innermost first. */
function mapSchema(schema: unknown, change: (schema: JsonTree) => JsonTree, depth = 0): unknown {
  const object = asObject(schema);
  if (object === undefined || depth > MAX_DEPTH) return schema;
  const copy: JsonTree = { ...object };
  const inner = (value: unknown) => mapSchema(value, change, depth + 1);
  for (const key of Object.keys(copy)) {
    const value = copy[key];
    if (ONE.has(key)) copy[key] = Array.isArray(value) ? value.map(inner) : inner(value);
    else if (key === 'additionalProperties' || key === 'unevaluatedProperties') copy[key] = inner(value);
    else if (MANY.has(key)) copy[key] = Array.isArray(value) ? value.map(inner) : value;
    else if (NAMED.has(key)) copy[key] = mapMembers(value, inner);
  }
  return change(copy);
}

function mapMembers(value: unknown, inner: (value: unknown) => unknown): unknown {
  const object = asObject(value);
  if (object === undefined) return value;
  return Object.fromEntries(Object.entries(object).map(([name, schema]) => [name, inner(schema)]));
}

/** Visits every schema in a schema, including itself. */
function visitSchema(schema: unknown, visit: (schema: JsonObject) => void): void {
  mapSchema(schema, (found) => {
    visit(found);
    return found;
  });
}

const isObjectSchema = (schema: JsonObject): boolean =>
  schema['type'] === 'object' ||
  asArray(schema['type']).includes('object') ||
  asObject(schema['properties']) !== undefined;

/**
 * Adds what OpenAI requires of a function's parameters: the type, and `properties` to an object without any.
 * Arguments are always an object, so neither changes what is valid.
 */
export function withProperties(schema: JsonObject): JsonObject {
  const typed = withType(schema);
  return typed['type'] === 'object' && typed['properties'] === undefined
    ? { ...typed, properties: {} }
    : typed;
}

/** Gives a tool's schema the type that its arguments have: one without a type, or with several that include it. */
export function withType(schema: JsonObject): JsonObject {
  if (asArray(schema['type']).includes('object')) return { ...schema, type: 'object' };
  return schema['type'] === undefined && !UNIONS.some((key) => schema[key] !== undefined)
    ? { type: 'object', ...schema }
    : schema;
}

const UNIONS = ['anyOf', 'oneOf', 'allOf'];

/** Whether everything that the schema describes is an object. Every other root is refused by tools and by OpenAI. */
export function isObjectRoot(schema: JsonObject): boolean {
  return schema['type'] === 'object' || (schema['type'] === undefined && schema['properties'] !== undefined);
}

/** Whether a tool can have the schema: it describes objects, or does not say what it describes. */
export function isToolSchema(schema: JsonObject): boolean {
  return isObjectRoot(schema) || schema['type'] === undefined;
}

/** The schema of a structured answer with the root that OpenAI requires; undefined: its root is not an object. */
export function openAiFormatSchema(schema: JsonObject): JsonObject | undefined {
  const { $ref: reference, ...rest } = schema;
  const target = typeof reference === 'string' ? asObject(resolved(schema, reference)) : undefined;
  const root = target === undefined ? schema : { ...rest, ...target };
  return isObjectRoot(root) ? withType(root) : undefined;
}

/** Whether OpenAI accepts the schema with `strict: true`: every object is closed and requires all its properties. */
export function isStrictSchema(schema: JsonObject): boolean {
  let strict = true;
  visitSchema(schema, (found) => {
    if (!isObjectSchema(found)) return;
    const required = asArray(found['required']);
    const names = Object.keys(asObject(found['properties']) ?? {});
    if (found['additionalProperties'] !== false || !names.every((name) => required.includes(name)))
      strict = false;
  });
  return strict;
}

/**
 * Adapts a tool schema to Anthropic, which accepts no union at the top level. `note` then belongs at the end of the
 * description.
 */
export function anthropicToolSchema(schema: JsonObject | undefined): {
  schema: JsonObject;
  note: string | undefined;
} {
  if (schema === undefined) return { schema: { type: 'object', properties: {} }, note: undefined };
  if (!UNIONS.some((key) => schema[key] !== undefined)) return { schema: withType(schema), note: undefined };
  return { schema: { type: 'object' }, note: `\n\nThe input must match: ${writeJson(schema)}` };
}

/** Keywords that the decoders of Anthropic and Bedrock refuse. They are stated in the description instead. */
const TOLD = new Set([
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'pattern',
  'minItems',
  'maxItems',
  'uniqueItems',
  'minProperties',
  'maxProperties',
  'not',
]);
const FORMATS = new Set([
  'date-time',
  'time',
  'date',
  'duration',
  'email',
  'hostname',
  'uri',
  'ipv4',
  'ipv6',
  'uuid',
]);
const MAX_OPTIONAL = 10;

/**
 * Adapts the schema of a structured answer to Anthropic and Bedrock, and reports whether it changed. undefined: there
 * is no native form, because the schema refers to itself, has an open object, or has more optional properties than
 * their grammar compiler accepts.
 */
export function anthropicFormatSchema(
  schema: JsonObject,
): { schema: JsonObject; changed: boolean } | undefined {
  let optional = 0;
  let open = false;
  visitSchema(schema, (found) => {
    if (!isObjectSchema(found)) return;
    const properties = asObject(found['properties']);
    const required = asArray(found['required']);
    optional += Object.keys(properties ?? {}).filter((name) => !required.includes(name)).length;
    const additional = found['additionalProperties'];
    if (additional !== false && (additional !== undefined || properties === undefined)) open = true;
  });
  if (open || optional > MAX_OPTIONAL || refersToItself(schema)) return undefined;
  const written = asObject(mapSchema(schema, narrowed)) ?? schema;
  return { schema: written, changed: writeJson(written) !== writeJson(schema) };
}

function narrowed(schema: JsonTree): JsonTree {
  const kept: JsonTree = {};
  const told: string[] = [];
  for (const [key, value] of Object.entries(schema)) {
    const refused = key === 'format' ? !FORMATS.has(String(value)) : TOLD.has(key);
    if (refused) told.push(`${key}: ${typeof value === 'string' ? value : writeJson(value)}`);
    else if (key === 'oneOf' && schema['anyOf'] === undefined) kept['anyOf'] = value;
    else kept[key] = value;
  }
  if (told.length > 0) {
    const description = typeof kept['description'] === 'string' ? `${kept['description']}\n` : '';
    kept['description'] = description + told.join('; ');
  }
  if (isObjectSchema(schema)) kept['additionalProperties'] = false;
  return kept;
}

/** Whether the schema's references form a cycle. */
function refersToItself(root: JsonObject): boolean {
  const done = new Set<string>();
  const circular = (schema: unknown, path: readonly string[]): boolean => {
    const references: string[] = [];
    visitSchema(schema, (found) => {
      if (typeof found['$ref'] === 'string') references.push(found['$ref']);
    });
    return references.some((reference) => {
      if (path.includes(reference) || path.length > MAX_DEPTH) return true;
      if (done.has(reference)) return false;
      const circle = circular(resolved(root, reference), [...path, reference]);
      done.add(reference);
      return circle;
    });
  };
  return circular(withoutDefinitions(root), ['#']);
}

/** The root without its definitions, which count only where something refers to them. */
function withoutDefinitions(root: JsonObject): JsonObject {
  const { $defs: _defs, definitions: _definitions, ...rest } = root;
  return rest;
}

/** The target of a reference within the document. */
function resolved(root: JsonObject, reference: string): unknown {
  if (!reference.startsWith('#/')) return reference === '#' ? withoutDefinitions(root) : undefined;
  let value: unknown = root;
  for (const step of reference.slice(2).split('/')) {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~');
    value = Array.isArray(value) ? value[Number(key)] : asObject(value)?.[key];
  }
  return value;
}

/** The object with these members first. */
function inOrder(object: JsonObject, names: readonly unknown[]): JsonObject {
  const first = names.flatMap((name) =>
    typeof name === 'string' && Object.hasOwn(object, name) ? [[name, object[name]] as const] : [],
  );
  return first.length === 0 ? object : { ...Object.fromEntries(first), ...object };
}

/** Gemini's `responseJsonSchema` does not support `const`, so it becomes an `enum` with one value. */
export function withoutConst(schema: JsonObject): JsonObject {
  const changed = mapSchema(schema, (found) => {
    if (!('const' in found)) return found;
    const { const: only, ...rest } = found;
    return { ...rest, enum: [only] };
  });
  return asObject(changed) ?? schema;
}

/** Keywords whose numbers Google writes as strings, as JSON does for 64-bit integers (protobuf). */
const COUNTS = ['maxItems', 'minItems', 'maxLength', 'minLength', 'maxProperties', 'minProperties'];

/**
 * Converts the OpenAPI subset that Gemini clients send to JSON Schema: upper-case types, `nullable`, `format: enum`,
 * counts as strings, and `propertyOrdering`, which is the order of the properties itself.
 */
export function fromOpenApi(schema: JsonObject): JsonObject {
  const changed = mapSchema(schema, (found) => {
    const { nullable, type, propertyOrdering, ...rest } = found;
    for (const key of COUNTS)
      if (typeof rest[key] === 'string' && /^\d{1,15}$/.test(rest[key])) rest[key] = Number(rest[key]);
    const properties = asObject(rest['properties']);
    if (properties !== undefined) rest['properties'] = inOrder(properties, asArray(propertyOrdering));
    const lowered = typeof type === 'string' ? type.toLowerCase() : type;
    if (rest['format'] === 'enum') delete rest['format'];
    if (lowered === undefined) return rest;
    return { type: nullable === true && typeof lowered === 'string' ? [lowered, 'null'] : lowered, ...rest };
  });
  return asObject(changed) ?? schema;
}
