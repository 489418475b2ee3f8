import type { JsonObject } from '../store/revision.ts';
import { asText, type Report } from './litellm-values.ts';

/** The environment that LiteLLM would have. */
export interface Variables {
  /** undefined: it is not set, or its value is unknown here. */
  readonly valueOf: (name: string) => string | undefined;
  readonly isSet: (name: string) => boolean;
}

/** Why an entry is left out, and because of which setting. */
export class NotUnderstood extends Error {
  /** Below the entry; empty: the entry itself. */
  readonly setting: string;

  constructor(setting: string, reason: string) {
    super(reason);
    this.name = 'NotUnderstood';
    this.setting = setting;
  }
}

/** The prefix of a variable's name. */
export const VARIABLE = 'os.environ/';

/** A text, or the value of the variable that it names; undefined: it is missing. Throws `NotUnderstood`. */
export function textOf(params: JsonObject, name: string, env: Variables): string | undefined {
  const value = params[name];
  if (value === undefined || value === null) return undefined;
  const text = asText(value);
  if (text === undefined) throw new NotUnderstood(name, 'is not a text');
  if (text.includes('${')) throw new NotUnderstood(name, 'has a ${, which LiteLLM does not expand');
  if (!text.startsWith(VARIABLE)) return text;
  const variable = text.slice(VARIABLE.length);
  const found = env.valueOf(variable);
  if (found) return found;
  throw new NotUnderstood(name, `the environment variable ${variable} is not set`);
}

/** A number; undefined: it is missing, or is none, which is reported. */
export function numberOf(params: JsonObject, name: string, report: Report): number | undefined {
  const value = params[name];
  if (typeof value === 'number') return value;
  if (value !== undefined && value !== null) report(name, 'is not a number');
  return undefined;
}
