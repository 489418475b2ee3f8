import type { z } from 'zod';
import type { Shape } from '../read/quick/take-shape.ts';
import { RULES } from './rules.ts';
import { configSchema } from './schema.ts';

/** `shape-table.json`, to the byte: the configuration's schema as a table, its root last. */
export function shapeTableText(): string {
  const table = new Table();
  table.indexOf(configSchema);
  return `[\n${table.rows.join(',\n')}\n]\n`;
}

type AnySchema = z.core.$ZodTypes;

/** Returns the library's description of a schema or a check. It is meant for tools like this one. */
// oxlint-disable-next-line no-underscore-dangle
const defOf = <S extends { readonly _zod: { readonly def: unknown } }>({ _zod }: S): S['_zod']['def'] =>
  _zod.def;

/** The rows as JSON. Equal parts of the schema share a row. Throws where the schema has what no row can say. */
class Table {
  readonly rows: string[] = [];

  indexOf(schema: z.core.$ZodType): number {
    const row = JSON.stringify(this.#shapeOf(schema as AnySchema));
    const known = this.rows.indexOf(row);
    return known === -1 ? this.rows.push(row) - 1 : known;
  }

  #shapeOf(schema: AnySchema): Shape {
    const def = defOf(schema);
    if (def.type === 'object') return this.#sectionOf(def);
    if (def.type === 'nullable') return { is: 'maybe', of: this.indexOf(def.innerType) };
    if (def.type === 'union') return { is: 'any', of: def.options.map((option) => this.indexOf(option)) };
    if (def.type === 'boolean') return { is: 'flag' };
    if (def.type === 'enum') return { is: 'choice', values: Object.values(def.entries) };
    if (def.type === 'literal') return { is: 'choice', values: def.values };
    const limits = limitsOf(def.checks);
    if (def.type === 'array') return { is: 'list', of: this.indexOf(def.element), ...limits };
    if (def.type === 'string') return { is: 'text', ...limits };
    if (def.type === 'number') return { is: 'number', ...('format' in def && wholeness(def)), ...limits };
    if (def.type === 'record') {
      const [key, value] = [this.indexOf(def.keyType), this.indexOf(def.valueType)];
      return { is: 'map', key, value, ...limits };
    }
    throw new Error(`no row can say ${def.type}`);
  }

  #sectionOf({ shape, catchall, checks }: z.core.$ZodObjectDef): Shape {
    if (catchall === undefined || defOf(catchall).type !== 'never' || checks !== undefined)
      throw new Error('no row can say an object that is not strict, or has checks');
    const settings = Object.entries(shape).map(([name, field]) => {
      const def = defOf(field as AnySchema);
      const isOptional = def.type === 'optional';
      return { name, isOptional, index: this.indexOf(isOptional ? def.innerType : field) };
    });
    return {
      is: 'section',
      settings: Object.fromEntries(settings.map(({ name, index }) => [name, index])),
      required: settings.filter(({ isOptional }) => !isOptional).map(({ name }) => name),
    };
  }
}

type Check = z.core.$ZodChecks['_zod']['def'] | z.core.$ZodCustomDef;

/** Translates the checks of a schema into the words of a row. */
function limitsOf(checks: readonly z.core.$ZodCheck[] = []): Limits {
  return checks.map((check) => limitOf(defOf(check) as Check)).reduce(both, {});
}

interface Limits {
  readonly isWhole?: boolean;
  readonly min?: number;
  readonly max?: number;
  readonly above?: number;
  readonly patterns?: readonly string[];
  readonly rules?: readonly string[];
}

function limitOf(def: Check): Limits {
  if (def.check === 'min_length') return { min: def.minimum };
  if (def.check === 'max_length') return { max: def.maximum };
  if (def.check === 'greater_than') return { [def.inclusive ? 'min' : 'above']: Number(def.value) };
  if (def.check === 'less_than' && def.inclusive) return { max: Number(def.value) };
  if (def.check === 'number_format') return wholeness(def);
  if (def.check === 'string_format') return { patterns: [patternOf(def)] };
  if (def.check === 'custom') return { rules: [ruleOf(def)] };
  throw new Error(`no row can say ${def.check}`);
}

/** The limits that hold if both hold. */
function both(one: Limits, other: Limits): Limits {
  const all = { ...one, ...other };
  return {
    ...all,
    ...(all.min !== undefined && { min: Math.max(one.min ?? all.min, other.min ?? all.min) }),
    ...(all.max !== undefined && { max: Math.min(one.max ?? all.max, other.max ?? all.max) }),
    ...(all.above !== undefined && { above: Math.max(one.above ?? all.above, other.above ?? all.above) }),
    ...(all.patterns && { patterns: [...(one.patterns ?? []), ...(other.patterns ?? [])] }),
    ...(all.rules && { rules: [...(one.rules ?? []), ...(other.rules ?? [])] }),
  };
}

function wholeness({ format }: { readonly format: unknown }) {
  if (format !== 'safeint') throw new Error(`no row can say numbers of format ${String(format)}`);
  return { isWhole: true };
}

function patternOf({ pattern, format }: { readonly pattern?: RegExp | undefined; readonly format: string }) {
  if (format !== 'regex' || pattern === undefined || pattern.flags !== '')
    throw new Error(`no row can say texts of format ${format} or with ${String(pattern)}`);
  return pattern.source;
}

function ruleOf({ fn }: z.core.$ZodCustomDef): string {
  const found = Object.entries(RULES).find(([, rule]) => rule === fn);
  if (found === undefined) throw new Error('a refinement of the schema is not one of the RULES');
  return found[0];
}
