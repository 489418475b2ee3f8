import { isObject, type Json, type JsonObject } from '../json.ts';

/** Converts snake-case fields to camel case, since Google accepts both. Leaves free-form JSON unchanged. */
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
