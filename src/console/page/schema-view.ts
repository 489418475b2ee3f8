import type { Schema } from '../../openapi/types.ts';
import { el } from './element.ts';
import { inline } from './prose.ts';
import type { ApiReference } from './reference.ts';

/** Deeper than any schema of the document; recursive schemas end there. */
const DEEPEST = 6;

/** The fields of a schema; objects within them can be unfolded. */
export function schemaView(schema: Schema, reference: ApiReference, depth = 0): HTMLElement | undefined {
  const { properties, items, additionalProperties, description } = plain(schema, reference);
  const of = items ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined);
  if (properties === undefined) return of && schemaView(of, reference, depth);
  if (depth > DEEPEST) return undefined;
  const required = new Set(plain(schema, reference).required);
  return el(
    'div',
    { class: 'schema' },
    depth === 0 && description !== undefined && el('p', { class: 'muted' }, ...inline(description)),
    el(
      'dl',
      {},
      ...Object.entries(properties).flatMap(([name, field]) =>
        fieldView({ name, field, isRequired: required.has(name) }, reference, depth),
      ),
    ),
  );
}

interface Field {
  readonly name: string;
  readonly field: Schema;
  readonly isRequired: boolean;
}

function fieldView(
  { name, field, isRequired }: Field,
  reference: ApiReference,
  depth: number,
): HTMLElement[] {
  const resolved = plain(field, reference);
  const inner = schemaView(resolved, reference, depth + 1);
  return [
    el(
      'dt',
      {},
      el('code', {}, name),
      el('span', { class: 'type' }, typeOf(resolved, reference)),
      isRequired && el('span', { class: 'required' }, 'required'),
      resolved.writeOnly === true && el('span', { class: 'note' }, 'never shown'),
    ),
    el(
      'dd',
      {},
      resolved.description !== undefined && el('p', {}, ...inline(resolved.description)),
      ...notesOf(resolved),
      inner && el('details', {}, el('summary', {}, 'Fields'), inner),
    ),
  ];
}

function notesOf({ default: preset, enum: words, examples }: Schema): HTMLElement[] {
  const note = (label: string, values: readonly unknown[]): HTMLElement =>
    el(
      'p',
      { class: 'note' },
      `${label} `,
      ...values.flatMap((value) => [el('code', {}, shown(value)), ' ']),
    );
  return [
    ...(words === undefined ? [] : [note('One of', words)]),
    ...(preset === undefined || preset === null ? [] : [note('Default', [preset])]),
    ...(examples === undefined ? [] : [note('Such as', examples)]),
  ];
}

/** A value as it would be typed in. */
export function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** A schema without its reference and without the `null` that says the same as leaving it out. */
export function plain(schema: Schema, reference: ApiReference): Schema {
  const { anyOf, ...rest } = reference.resolve<Schema>(schema);
  if (anyOf === undefined) return rest;
  const others = anyOf.filter(({ type }) => type !== 'null');
  const [only] = others;
  return others.length === 1 && only !== undefined
    ? { ...reference.resolve<Schema>(only), ...rest }
    : { ...rest, anyOf: others };
}

/** The kind of value in a word or two. */
export function typeOf(schema: Schema, reference: ApiReference): string {
  const { type, anyOf, items, enum: words, const: only, format } = schema;
  if (anyOf !== undefined)
    return [...new Set(anyOf.map((one) => typeOf(plain(one, reference), reference)))].join(' or ');
  if (only !== undefined) return JSON.stringify(only);
  if (type === undefined) return words === undefined ? 'any' : 'text';
  const types = (Array.isArray(type) ? type : [type]).filter((one) => one !== 'null');
  if (types.includes('array')) return `list of ${items ? typeOf(plain(items, reference), reference) : 'any'}`;
  const name = types.map((one) => (one === 'string' ? 'text' : one)).join(' or ');
  if (format === 'binary') return 'file';
  return format === undefined ? name : `${name} (${format})`;
}
