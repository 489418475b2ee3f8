import { z } from 'zod';

/** What a setting is called upon to explain: in plain words, with its unit, and what holds when it is left out. */
export interface SettingDoc {
  readonly description: string;
  /** undefined: there is no default to name. */
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  /** A secret: never shown in a problem. JSON Schema's own word for it. */
  readonly writeOnly?: true;
}

/** A setting that may be left out. An empty value (`key:` with nothing behind it) counts as left out. */
export function optional<T extends z.ZodType>(schema: T, doc: SettingDoc) {
  return schema.nullish().meta({ ...doc });
}

/** A number of seconds, fractions allowed. The longest timer that the runtime knows is 2^31 ms: 24 days. */
export function seconds() {
  return z.number().min(0).max(2_000_000);
}

/** A name that people and metrics read: not empty, without control characters. */
export function nameText() {
  return z
    .string()
    .min(1)
    .max(200)
    .refine((text) => !/\p{Cc}/u.test(text), 'must not contain control characters');
}

/** A credential: goes into an HTTP header, so that neither spaces around it nor line breaks within it can be meant. */
export function secretText() {
  return z
    .string()
    .regex(/^[\x21-\x7e]*$/, 'must be printable ASCII without spaces, since it travels in an HTTP header');
}
