import { isObject, type Json, type JsonObject } from '../json.ts';

/** A path in a body. */
export type Path = readonly (string | number)[];

/** The kind of error. `unknown` is an extra field; `detail` names the expected value or the broken rule. */
export type Problem = 'missing' | 'unknown' | 'type' | 'value' | 'rule';

/** A body that an API does not accept. Each API words the error differently. */
export class Misfit extends Error {
  readonly problem: Problem;
  readonly path: Path;
  readonly detail: string;

  constructor(problem: Problem, path: Path, detail = '') {
    super(`${path.join('.')}: ${problem} ${detail}`);
    this.problem = problem;
    this.path = path;
    this.detail = detail;
  }
}

/** Throws `Misfit` for a value that does not match. */
export type Shape = (value: Json, path: Path) => void;

export type Fields = Readonly<Record<string, Shape>>;

/** An object with exactly these fields. */
export function object(required: Fields, optional: Fields = {}): Shape {
  return (value, path) => {
    if (!isObject(value)) throw new Misfit('type', path, 'an object');
    for (const name of Object.keys(required)) {
      if (value[name] === undefined) throw new Misfit('missing', [...path, name]);
    }
    for (const [name, field] of Object.entries(value)) {
      const shape = Object.hasOwn(required, name)
        ? required[name]
        : Object.hasOwn(optional, name)
          ? optional[name]
          : undefined;
      if (shape === undefined) throw new Misfit('unknown', [...path, name]);
      if (field !== undefined) shape(field, [...path, name]);
    }
  };
}

/** A list with at least `min` elements of this shape. */
export function list(item: Shape, min = 0): Shape {
  return (value, path) => {
    if (!Array.isArray(value)) throw new Misfit('type', path, 'an array');
    if (value.length < min) throw new Misfit('rule', path, `must have at least ${min}`);
    (value as readonly Json[]).forEach((one, index) => item(one, [...path, index]));
  };
}

/** One of these strings. */
export function oneOf(...words: readonly string[]): Shape {
  return (value, path) => {
    if (typeof value !== 'string') throw new Misfit('type', path, 'a string');
    if (!words.includes(value)) throw new Misfit('value', path, words.map((word) => `'${word}'`).join(', '));
  };
}

/** A string that matches a regular expression. */
export function pattern(expression: RegExp): Shape {
  return (value, path) => {
    text(value, path);
    if (typeof value === 'string' && !expression.test(value))
      throw new Misfit('value', path, `the pattern ${expression.source}`);
  };
}

/** A number between two bounds, inclusive. */
export function between(min: number, max: number): Shape {
  return (value, path) => {
    number(value, path);
    if (Number(value) < min || Number(value) > max) throw new Misfit('value', path, `${min} to ${max}`);
  };
}

/** The shape named by the value of a field; `fallback` if the field is absent. */
export function byField(field: string, shapes: Fields, fallback?: string): Shape {
  return (value, path) => {
    if (!isObject(value)) throw new Misfit('type', path, 'an object');
    const kind = value[field] ?? fallback;
    if (kind === undefined) throw new Misfit('missing', [...path, field]);
    const shape = typeof kind === 'string' && Object.hasOwn(shapes, kind) ? shapes[kind] : undefined;
    if (shape === undefined) throw new Misfit('value', [...path, field], Object.keys(shapes).join(', '));
    shape(value, path);
  };
}

/** An object with exactly one of these fields, and optionally others from `beside`. */
export function union(members: Fields, beside: Fields = {}): Shape {
  return (value, path) => {
    object({}, { ...members, ...beside })(value, path);
    const count = Object.keys(members).filter((name) => (value as JsonObject)[name] !== undefined).length;
    if (count !== 1)
      throw new Misfit('rule', path, `must have exactly one of ${Object.keys(members).join(', ')}`);
  };
}

/** A string, or a value of another shape. */
export function textOr(other: Shape): Shape {
  return (value, path) => {
    if (typeof value !== 'string') other(value, path);
  };
}

/** Null, or a value of another shape. */
export function nullable(other: Shape): Shape {
  return (value, path) => {
    if (value !== null) other(value, path);
  };
}

export const text = typed('string', 'a string');
export const number = typed('number', 'a number');
export const flag = typed('boolean', 'a boolean');

/** An integer of at least 0. */
export const integer: Shape = (value, path) => {
  if (!Number.isInteger(value) || Number(value) < 0) throw new Misfit('type', path, 'an integer');
};

/** A non-empty string. */
export const someText: Shape = (value, path) => {
  text(value, path);
  if (value === '') throw new Misfit('rule', path, 'must not be empty');
};

export const anything: Shape = () => undefined;

/** Any object. */
export const anyObject: Shape = (value, path) => {
  if (!isObject(value)) throw new Misfit('type', path, 'an object');
};

function typed(type: 'string' | 'number' | 'boolean', words: string): Shape {
  return (value, path) => {
    // oxlint-disable-next-line valid-typeof -- the types are the three above
    if (typeof value !== type) throw new Misfit('type', path, words);
  };
}
