import type { JsonObject } from '../json.ts';

/**
 * The object with its own keys in camel case. Google's services also accept `max_output_tokens` for `maxOutputTokens`.
 */
export function camelKeys(object: JsonObject): JsonObject {
  const keys = Object.keys(object);
  if (!keys.some((key) => key.includes('_', 1))) return object;
  const changed: Record<string, unknown> = {};
  for (const key of keys) changed[camel(key)] ??= object[key];
  return changed;
}

function camel(key: string): string {
  return key.replaceAll(/(?<=[a-z0-9])_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
