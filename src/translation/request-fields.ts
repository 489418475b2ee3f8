import type { CacheMark, OnlyField, Placed } from './conversation.ts';
import { asNumber, asObject, type JsonObject, parseJson } from './json.ts';
import { InvalidBody } from './sides.ts';

/** Bodies that nest deeper are refused. */
const MAX_NESTING = 512;
/** The maximum number of turns and parts of a request. */
const MAX_TURNS = 100_000;
const MAX_PARTS = 1_000_000;

/** Parses the body. @throws InvalidBody if it is not a JSON object, or nests too deeply. */
export function readBody(text: string): JsonObject {
  let body: JsonObject | undefined;
  try {
    body = asObject(parseJson(text));
  } catch {
    throw new InvalidBody('', 'the body is not valid JSON');
  }
  if (body === undefined) throw new InvalidBody('', 'the body is not a JSON object');
  if (nestsDeeper(body, MAX_NESTING))
    throw new InvalidBody('', `the body nests deeper than ${MAX_NESTING} levels`);
  return body;
}

function nestsDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  for (const inner of Array.isArray(value) ? value : Object.values(value)) {
    if (typeof inner === 'object' && nestsDeeper(inner, levels - 1)) return true;
  }
  return false;
}

/** The list of turns in a body. @throws InvalidBody */
export function turnList(value: unknown, path: string): readonly JsonObject[] {
  if (!Array.isArray(value)) throw new InvalidBody(path, 'expected a list');
  if (value.length > MAX_TURNS) throw new InvalidBody(path, `more than ${MAX_TURNS} turns`);
  let parts = 0;
  return value.map((item, index) => {
    const turn = objectAt(item, `${path}[${index}]`);
    parts += Array.isArray(turn['content']) ? turn['content'].length : 1;
    if (parts > MAX_PARTS) throw new InvalidBody(path, `more than ${MAX_PARTS} parts`);
    return turn;
  });
}

/** @throws InvalidBody */
export function objectAt(value: unknown, path: string): JsonObject {
  const object = asObject(value);
  if (object === undefined) throw new InvalidBody(path, 'expected an object');
  return object;
}

/**
 * The members of an object, which a reader takes one by one. Members that were not taken are reported at the end. A
 * member of the wrong type counts as not taken, and null as missing.
 */
export class Fields {
  readonly #object: JsonObject;
  readonly #prefix: string;
  readonly #taken = new Set<string>();

  /** `path` prefixes the names: '' for the body itself. */
  constructor(object: JsonObject, path = '') {
    this.#object = object;
    this.#prefix = path === '' ? '' : `${path}.`;
  }

  /** Takes a value of any type; undefined for null. */
  any(name: string): unknown {
    this.#taken.add(name);
    return this.#object[name] ?? undefined;
  }

  object(name: string): JsonObject | undefined {
    return this.#take(name, asObject(this.#object[name]));
  }

  list(name: string): readonly unknown[] | undefined {
    const value = this.#object[name];
    return this.#take(name, Array.isArray(value) ? (value as readonly unknown[]) : undefined);
  }

  string(name: string): string | undefined {
    const value = this.#object[name];
    return this.#take(name, typeof value === 'string' ? value : undefined);
  }

  /** Takes a number. One of more digits than a double holds, as PHP writes them, is rounded. */
  number(name: string): number | undefined {
    return this.#take(name, asNumber(this.#object[name]));
  }

  boolean(name: string): boolean | undefined {
    const value = this.#object[name];
    return this.#take(name, typeof value === 'boolean' ? value : undefined);
  }

  /** Takes a number with its path for losses. */
  placedNumber(name: string): Placed<number> | undefined {
    return this.#placed(name, this.number(name));
  }

  placedString(name: string): Placed<string> | undefined {
    return this.#placed(name, this.string(name));
  }

  placedBoolean(name: string): Placed<boolean> | undefined {
    return this.#placed(name, this.boolean(name));
  }

  placedObject(name: string): Placed<JsonObject> | undefined {
    return this.#placed(name, this.object(name));
  }

  /** The members not taken, in order. Each is a loss of tuning. */
  rest(why = 'the other API has no such field'): readonly OnlyField[] {
    const left: OnlyField[] = [];
    for (const name of Object.keys(this.#object)) {
      const value = this.#object[name];
      if (this.#taken.has(name) || value === null || value === undefined) continue;
      left.push({ path: this.#prefix + name, class: 'tuning', why, value });
    }
    return left;
  }

  #take<Value>(name: string, value: Value | undefined): Value | undefined {
    if (value !== undefined) this.#taken.add(name);
    return value;
  }

  #placed<Value>(name: string, value: Value | undefined): Placed<Value> | undefined {
    return value === undefined ? undefined : { value, path: this.#prefix + name };
  }
}

/** A field with a value that no reader knows. Empty if the field is absent. */
export function unknownValue(
  path: string,
  value: unknown,
  lossClass: OnlyField['class'] = 'tuning',
): readonly OnlyField[] {
  if (value === undefined || value === null) return [];
  return [{ path, class: lossClass, why: 'the value is unknown', value }];
}

/** Reads Anthropic's `cache_control`, which clients of other APIs send too, and OpenAI's `prompt_cache_breakpoint`. */
export function cacheMark(object: JsonObject): CacheMark | undefined {
  const control = asObject(object['cache_control']);
  if (control !== undefined) return { ttl: control['ttl'] === '1h' ? '1h' : undefined };
  const breakpoint = asObject(object['prompt_cache_breakpoint']);
  return breakpoint === undefined ? undefined : { ttl: breakpoint['ttl'] === '12h' ? '1h' : undefined };
}
