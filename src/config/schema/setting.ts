import { z } from 'zod';

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
  return schema.nullish().meta({ ...doc });
}

/** Seconds, possibly fractional. The longest timer of the runtime is 2^31 ms, or 24 days. */
export function seconds() {
  return z.number().min(0).max(2_000_000);
}

/** A name for people and metrics: not empty, without control characters. */
export function nameText() {
  return z
    .string()
    .min(1)
    .max(200)
    .refine((text) => !/\p{Cc}/u.test(text), 'must not contain control characters');
}

/** A credential. It goes into an HTTP header, so surrounding spaces and line breaks are never intended. */
export function secretText() {
  return z
    .string()
    .regex(/^[\x21-\x7e]*$/, 'must be printable ASCII without spaces, since it travels in an HTTP header');
}
