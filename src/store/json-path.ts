import type { Json, JsonObject } from './revision.ts';

/** The value at a path such as `value.token`; undefined: there is none. */
export function fieldAt(fields: JsonObject, path: string): Json | undefined {
  return path.split('.').reduce<Json | undefined>((node, step) => {
    return isObject(node) && Object.hasOwn(node, step) ? node[step] : undefined;
  }, fields);
}

/** A copy with the field at the path set, or removed (undefined). */
export function setField(fields: JsonObject, path: string, value: Json | undefined): JsonObject {
  const [step = '', ...rest] = path.split('.');
  if (rest.length > 0) {
    const inner = fields[step];
    return { ...fields, [step]: setField(isObject(inner) ? inner : {}, rest.join('.'), value) };
  }
  const { [step]: _, ...others } = fields;
  return value === undefined ? others : { ...others, [step]: value };
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
