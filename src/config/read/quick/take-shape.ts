import { type RuleName, RULES } from '../../schema/rules.ts';
import type { ConfigFile } from '../../schema/schema.ts';
import table from '../../schema/shape-table.json' with { type: 'json' };

/**
 * A part of the configuration's schema. `of`, `key`, `value` and `settings` are indexes in the table. An absent limit
 * means that there is none.
 */
export type Shape =
  | {
      readonly is: 'text';
      readonly min?: number;
      readonly max?: number;
      readonly patterns?: readonly string[];
      readonly rules?: readonly string[];
    }
  | {
      readonly is: 'number';
      readonly isWhole?: boolean;
      readonly min?: number;
      readonly max?: number;
      /** Must be more than this. */
      readonly above?: number;
    }
  | { readonly is: 'flag' }
  | { readonly is: 'choice'; readonly values: readonly unknown[] }
  | { readonly is: 'list'; readonly of: number; readonly min?: number; readonly max?: number }
  | {
      readonly is: 'map';
      readonly key: number;
      readonly value: number;
      readonly rules?: readonly string[];
    }
  | {
      readonly is: 'section';
      readonly settings: Readonly<Record<string, number>>;
      readonly required: readonly string[];
    }
  | { readonly is: 'any'; readonly of: readonly number[] }
  | { readonly is: 'maybe'; readonly of: number };

const TABLE = table as readonly Shape[];

const WRONG = Symbol('wrong');

/**
 * Returns a copy of a value that has the shape of a configuration, in the order of the schema; undefined: it has not, or
 * only the schema can tell. The table is generated from the schema, so this takes neither the schema nor its library:
 * 15 MB of memory and 100 ms at the start of a checkout. A test compares both.
 */
export function takeShape(value: unknown): ConfigFile | undefined {
  const taken = new Taking().take(TABLE.length - 1, value);
  // The table says what the type says.
  return taken === WRONG ? undefined : (taken as ConfigFile);
}

class Taking {
  readonly #patterns = new Map<string, RegExp>();
  /** Copies of lists of objects that may stand in many places, such as the same limits of many keys. */
  readonly #lists = new Map<unknown, readonly [of: number, copy: unknown[]]>();

  take(index: number, value: unknown): unknown {
    const shape = TABLE[index];
    switch (shape?.is) {
      case 'maybe':
        return value === null ? null : this.take(shape.of, value);
      case 'any':
        return this.#first(shape.of, value);
      case 'list':
        return this.#list(shape, value);
      case 'map':
        return this.#map(shape, value);
      case 'section':
        return this.#section(shape, value);
      case undefined:
        return WRONG;
      case 'flag':
      case 'choice':
      case 'number':
      case 'text':
        return this.#isRight(shape, value) ? value : WRONG;
    }
  }

  #isRight(shape: Extract<Shape, { is: 'flag' | 'choice' | 'number' | 'text' }>, value: unknown): boolean {
    switch (shape.is) {
      case 'flag':
        return typeof value === 'boolean';
      case 'choice':
        return shape.values.includes(value);
      case 'number':
        return isNumber(shape, value);
      case 'text':
        return this.#isText(shape, value);
    }
  }

  #first(shapes: readonly number[], value: unknown): unknown {
    for (const index of shapes) {
      const taken = this.take(index, value);
      if (taken !== WRONG) return taken;
    }
    return WRONG;
  }

  #list({ of, min, max }: Extract<Shape, { is: 'list' }>, value: unknown): unknown {
    if (!Array.isArray(value) || !isWithin(value.length, min, max)) return WRONG;
    const [shape, known] = this.#lists.get(value) ?? [];
    if (shape === of) return known;
    const copy: unknown[] = [];
    for (const item of value) {
      const taken = this.take(of, item);
      if (taken === WRONG) return WRONG;
      copy.push(taken);
    }
    if (isObject(value[0])) this.#lists.set(value, [of, copy]);
    return copy;
  }

  #map({ key: keyShape, value: valueShape, rules }: Extract<Shape, { is: 'map' }>, value: unknown): unknown {
    if (!isObject(value)) return WRONG;
    const copy: Record<string, unknown> = {};
    for (const [key, item] of Object.entries(value)) {
      const taken = this.take(valueShape, item);
      if (taken === WRONG || key === '__proto__' || this.take(keyShape, key) === WRONG) return WRONG;
      copy[key] = taken;
    }
    return obeys(copy, rules) ? copy : WRONG;
  }

  #section({ settings, required }: Extract<Shape, { is: 'section' }>, value: unknown): unknown {
    if (!isObject(value)) return WRONG;
    if (required.some((name) => !Object.hasOwn(value, name))) return WRONG;
    if (Object.keys(value).some((name) => !Object.hasOwn(settings, name))) return WRONG;
    const copy: Record<string, unknown> = {};
    for (const [name, index] of Object.entries(settings)) {
      if (!Object.hasOwn(value, name)) continue;
      const taken = this.take(index, value[name]);
      if (taken === WRONG) return WRONG;
      copy[name] = taken;
    }
    return copy;
  }

  #isText({ min, max, patterns = [], rules }: Extract<Shape, { is: 'text' }>, value: unknown): boolean {
    if (typeof value !== 'string' || !isWithin(value.length, min, max)) return false;
    return patterns.every((pattern) => this.#compiled(pattern).test(value)) && obeys(value, rules);
  }

  #compiled(pattern: string): RegExp {
    let compiled = this.#patterns.get(pattern);
    if (compiled === undefined) this.#patterns.set(pattern, (compiled = new RegExp(pattern)));
    return compiled;
  }
}

function isNumber({ isWhole, min, max, above }: Extract<Shape, { is: 'number' }>, value: unknown): boolean {
  if (typeof value !== 'number' || !Number.isFinite(value) || !isWithin(value, min, max)) return false;
  return (above === undefined || value > above) && (isWhole !== true || Number.isSafeInteger(value));
}

function isWithin(value: number, min = -Infinity, max = Infinity): boolean {
  return value >= min && value <= max;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function obeys(value: string | object, rules: readonly string[] = []): boolean {
  // The table names only rules that exist, each for values of its type.
  return rules.every((rule) => RULES[rule as RuleName](value as never));
}
