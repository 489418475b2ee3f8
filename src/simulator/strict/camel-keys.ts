import { isObject, type Json, type JsonObject } from '../json.ts';

/** Google takes its fields in snake case too. Free JSON stays as it is. */
export function camelKeys(object: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(object).map(([key, value]) => [
      camel(key),
      FREE.has(camel(key)) ? value : camelValue(value),
    ]),
  );
}

const FREE = new Set([
  'args',
  'response',
  'parametersJsonSchema',
  'responseJsonSchema',
  'labels',
  'properties',
]);

function camelValue(value: Json | undefined): Json | undefined {
  if (isObject(value)) return camelKeys(value);
  return Array.isArray(value) ? (value as readonly Json[]).map((one) => camelValue(one) ?? null) : value;
}

function camel(key: string): string {
  return key.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
