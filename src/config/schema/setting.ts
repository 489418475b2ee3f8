import { z } from 'zod';
import { RULES } from './rules.ts';

/** The documentation of a setting: plain words, with the unit and the behaviour if it is left out. */
export interface SettingDoc {
  readonly description: string;
  /** undefined: there is no default to show. */
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  /** A secret, which no problem shows. The name is JSON Schema's. */
  readonly writeOnly?: true;
}

/** A setting that may be left out. An empty value (`key:` followed by nothing) counts as left out. */
export function optional<T extends z.ZodType>(schema: T, doc: SettingDoc) {
  const setting = z.optional(nullable(schema));
  // The method `meta` would make a copy. Every object of a schema costs memory and time at each start.
  z.globalRegistry.add(setting, { ...doc });
  return setting;
}

const nullables = new WeakMap<z.ZodType, z.ZodNullable>();

/** The same schema gives the same nullable one. */
function nullable<T extends z.ZodType>(schema: T): z.ZodNullable<T> {
  const known = nullables.get(schema);
  if (known !== undefined) return known as z.ZodNullable<T>;
  const made = z.nullable(schema);
  nullables.set(schema, made);
  return made;
}

/** Returns the schema that `make` makes at the first call, for all who need the same. */
export function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

/** A switch. */
export const flag = once(() => z.boolean());

/** A text that is not empty. */
export const text = once(() => z.string().min(1));

/** Seconds, possibly fractional. The longest timer of the runtime is 2^31 ms, or 24 days. */
export const seconds = once(() => z.number().min(0).max(2_000_000));

/** A name for people and metrics: not empty, without control characters. */
export const nameText = once(() =>
  z.string().min(1).max(200).refine(RULES.hasNoControlCharacter, 'must not contain control characters'),
);

/** A credential. It goes into an HTTP header, so surrounding spaces and line breaks are never intended. */
export const secretText = once(() =>
  z
    .string()
    .regex(/^[\x21-\x7e]*$/, 'must be printable ASCII without spaces, since it travels in an HTTP header'),
);
