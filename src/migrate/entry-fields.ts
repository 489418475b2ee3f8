import type { Json, JsonObject } from '../store/revision.ts';

/** The fields of an entry in the file: `enabled` becomes `is_enabled`, and unset fields are dropped. */
export function fieldsOf({ enabled, ...entry }: Record<string, unknown>): JsonObject {
  return asJson({ ...entry, is_enabled: enabled }) as JsonObject;
}

/** Removes null and undefined at any depth. */
export function asJson(value: unknown): Json {
  return JSON.parse(
    JSON.stringify(value, (_, inner: unknown) => (inner === null ? undefined : inner)),
  ) as Json;
}
