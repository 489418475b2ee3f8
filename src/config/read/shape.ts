import { z } from 'zod';
import { nearest } from '../../lib/nearest.ts';
import type { Expansion } from './environment.ts';
import { describe, type Finding, formatPath, isSecret, kindOf, type Path } from './problems.ts';
import { type ConfigFile, configSchema } from '../schema/schema.ts';

/**
 * Whether a value has the shape of a configuration. If only independent settings are wrong, `file` is the rest, so that
 * it can be checked in the same run.
 */
export interface ShapeCheck {
  readonly file: ConfigFile | undefined;
  readonly findings: readonly Finding[];
}

type Issue = z.core.$ZodIssue;

/** A configuration is checked too rarely for code to be generated from its schema. */
const ONCE = { jitless: true };

/** Checks the shape of a parsed and expanded configuration. Text from a variable may stand for a number. */
export function checkShape({ value, expanded }: Pick<Expansion, 'value' | 'expanded'>): ShapeCheck {
  const first = configSchema.safeParse(value, ONCE);
  if (first.success) return { file: first.data, findings: [] };
  const converted = convertExpanded(value, first.error.issues, expanded);
  const second = configSchema.safeParse(converted, ONCE);
  if (second.success) return { file: second.data, findings: [] };
  const { issues } = second.error;
  return {
    file: withoutFaults(converted, issues),
    findings: issues.flatMap((issue) => explain(issue, converted, expanded)),
  };
}

/** `port: "${PORT}"` is text after expansion. Where a number or a switch is expected, it is converted. */
function convertExpanded(value: unknown, issues: readonly Issue[], expanded: ReadonlySet<string>): unknown {
  const copy = structuredClone(value);
  for (const { code, path } of issues) {
    const steps = toPath(path);
    const text = valueAt(copy, steps);
    if ((code !== 'invalid_type' && code !== 'invalid_union') || typeof text !== 'string') continue;
    const literal = literalOf(text);
    if (literal === undefined || !expanded.has(formatPath(steps))) continue;
    Object.assign(Object(valueAt(copy, steps.slice(0, -1))), { [steps.at(-1) ?? '']: literal });
  }
  return copy;
}

function literalOf(text: string): number | boolean | null | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return null;
  if (/^-?\d+(\.\d+)?$/.test(trimmed)) return Number(trimmed);
  if (/^(true|false)$/i.test(trimmed)) return trimmed.toLowerCase() === 'true';
  return undefined;
}

/** The file without its unknown and invalid settings, if they can be removed; the top level must be right. */
function withoutFaults(value: unknown, issues: readonly Issue[]): ConfigFile | undefined {
  const rest = structuredClone(value);
  for (const issue of issues) {
    const faults =
      issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
    if (faults.some((path) => path.length < 2)) return undefined;
    for (const path of faults.map(toPath)) {
      const owner = valueAt(rest, path.slice(0, -1));
      if (typeof owner !== 'object' || owner === null || Array.isArray(owner)) return undefined;
      Reflect.deleteProperty(owner, path.at(-1) ?? '');
    }
  }
  const result = configSchema.safeParse(rest, ONCE);
  return result.success ? result.data : undefined;
}

function explain(issue: Issue, value: unknown, expanded: ReadonlySet<string>): Finding[] {
  const path = toPath(issue.path);
  const actual = valueAt(value, path);
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey([...path, key]));
  if (issue.code === 'invalid_key') return [{ path, part: 'key', message: keyMessage(issue) }];
  if (actual === undefined) return [{ path, message: 'is missing' }];
  const isHidden = isSecret(path) || expanded.has(formatPath(path));
  const found = expanded.has(formatPath(path)) ? IN_VARIABLE : describe(actual, path);
  switch (issue.code) {
    case 'invalid_type':
      return [
        {
          path,
          message: `must be ${expectedWords(issue.expected)}`,
          found: safeType(issue.expected, found, actual),
        },
      ];
    case 'invalid_value':
      return [{ path, message: 'is not one of the allowed values', found, ...choices(issue.values, actual) }];
    case 'too_small':
      return [smallFinding(path, issue, found)];
    case 'too_big':
      return [{ path, message: tooBig(issue), found }];
    case 'invalid_format':
    case 'invalid_union':
    case 'not_multiple_of':
    case 'invalid_element':
    case 'custom':
      return [{ path, message: issue.message, ...(!isHidden && { found }) }];
  }
}

function tooBig({ maximum, origin }: Extract<Issue, { code: 'too_big' }>): string {
  return `must be at most ${maximum}${origin === 'string' ? ' characters' : ''}`;
}

/** A variable's value is not logged: it may be a secret in the wrong place. */
const IN_VARIABLE = 'something else in its environment variable or file';

function unknownKey(path: Path): Finding {
  const known = keysAllowedAt(path.slice(0, -1));
  const suggestion = nearest(String(path.at(-1)), known) ?? SYNONYMS.get(String(path.at(-1)).toLowerCase());
  return {
    path,
    part: 'key',
    message: 'unknown setting',
    allowed: known,
    ...(suggestion !== undefined && known.includes(suggestion) && { suggestion }),
  };
}

/** Names of the same settings in other programs. */
const SYNONYMS = new Map([
  ['base_url', 'api_base'],
  ['baseurl', 'api_base'],
  ['endpoint', 'api_base'],
  ['type', 'provider_type'],
  ['mapping', 'model_mapping'],
  ['models', 'model_mapping'],
  ['rps', 'requests_per_second'],
  ['burst', 'burst_size'],
  ['cooldown', 'cooldown_seconds'],
  ['insecure', 'verify_ssl'],
  ['file', 'general_file'],
]);

/** The names that a section may contain, according to the schema. */
function keysAllowedAt(path: Path): string[] {
  let schema: unknown = configSchema;
  for (const step of path) schema = schemaOf(unwrap(schema), step);
  const section = unwrap(schema);
  return section instanceof z.ZodObject ? Object.keys(section.shape) : [];
}

function unwrap(schema: unknown): unknown {
  let inner = schema;
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodNullable) inner = inner.unwrap();
  return inner;
}

function schemaOf(schema: unknown, step: string | number): unknown {
  if (schema instanceof z.ZodObject) return schema.shape[step];
  if (schema instanceof z.ZodArray) return schema.element;
  return schema instanceof z.ZodRecord ? schema.valueType : undefined;
}

function keyMessage(issue: Extract<Issue, { code: 'invalid_key' }>): string {
  const [inner] = issue.issues;
  return inner?.code === 'too_small' ? 'has an empty name' : (inner?.message ?? 'is not a valid name here');
}

/** Text in place of a section or a list may be a misplaced secret. */
function safeType(expected: string, found: string, actual: unknown): string {
  return expected === 'object' || expected === 'array' || expected === 'record' ? kindOf(actual) : found;
}

function expectedWords(expected: string): string {
  switch (expected) {
    case 'string':
      return 'text (in quotes, if it looks like a number)';
    case 'int':
      return 'a whole number';
    case 'number':
      return 'a number';
    case 'boolean':
      return 'true or false';
    case 'array':
      return 'a list';
    default:
      return 'a section of settings';
  }
}

function choices(values: readonly unknown[], actual: unknown): Pick<Finding, 'allowed' | 'suggestion'> {
  const allowed = values.map(String);
  const suggestion = nearest(String(actual), allowed);
  return { allowed, ...(suggestion !== undefined && { suggestion }) };
}

function smallFinding(path: Path, issue: Extract<Issue, { code: 'too_small' }>, found: string): Finding {
  if (issue.origin === 'string') return { path, message: 'must not be empty' };
  if (issue.origin === 'array') return { path, message: 'must have at least one entry' };
  return { path, message: `must be ${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}`, found };
}

function toPath(path: readonly PropertyKey[]): (string | number)[] {
  return path.map((step) => (typeof step === 'symbol' ? String(step) : step));
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((node, step) => {
    if (typeof node !== 'object' || node === null || !Object.hasOwn(node, step)) return undefined;
    return (node as Readonly<Record<string | number, unknown>>)[step];
  }, value);
}
