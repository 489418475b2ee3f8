import type { Json, JsonObject } from './revision.ts';

/** The value at a path such as `value.token` or `value.0.secret`; undefined: there is none. */
export function fieldAt(fields: JsonObject, path: string): Json | undefined {
  return path.split('.').reduce<Json | undefined>(inner, fields);
}

function inner(node: Json | undefined, step: string): Json | undefined {
  if (Array.isArray(node)) return (node as readonly Json[])[Number(step)];
  return isObject(node) && Object.hasOwn(node, step) ? node[step] : undefined;
}

/** The paths of the fields that a path names in which `*` stands for each entry of a list, such as `value.*.secret`. */
export function pathsLike(fields: JsonObject, pattern: string): string[] {
  const star = pattern.indexOf('*');
  if (star === -1) return fieldAt(fields, pattern) === undefined ? [] : [pattern];
  const list = fieldAt(fields, pattern.slice(0, star - 1));
  if (!Array.isArray(list)) return [];
  return list.flatMap((_, index) =>
    pathsLike(fields, `${pattern.slice(0, star)}${index}${pattern.slice(star + 1)}`),
  );
}

/** A copy with the field at the path set, or removed (undefined). An entry of a list must exist. */
export function setField(fields: JsonObject, path: string, value: Json | undefined): JsonObject {
  const [step = '', ...rest] = path.split('.');
  const set = rest.length === 0 ? value : setInside(fields[step], rest.join('.'), value);
  const { [step]: _, ...others } = fields;
  return set === undefined ? others : { ...others, [step]: set };
}

function setInside(node: Json | undefined, path: string, value: Json | undefined): Json {
  if (!Array.isArray(node)) return setField(isObject(node) ? node : {}, path, value);
  const [index = '', ...rest] = path.split('.');
  return (node as readonly Json[]).map((entry, at) =>
    at === Number(index) ? setInside(entry, rest.join('.'), value) : entry,
  );
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
