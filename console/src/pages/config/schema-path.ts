/** The part of a JSON schema that completion needs. */
export interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly $ref?: string;
  readonly definitions?: Readonly<Record<string, Schema>>;
}

const ITEM = '[]';

/** The keys above the last line of a YAML text in block style; `[]` stands for an entry of a list. */
export function pathAt(text: string): readonly string[] {
  const lines = text.split('\n');
  const own = lineOf(lines.pop() ?? '');
  const path: string[] = own.isItem ? [ITEM] : [];
  let indent = own.isItem ? own.indent - 2 : own.indent;
  for (const text of lines.toReversed()) {
    const line = lineOf(text);
    if (line.key === undefined && !line.isItem) continue;
    if (line.isItem && line.indent <= indent && path[0] !== ITEM) {
      path.unshift(ITEM);
      indent = line.indent - 2;
    } else if (
      !line.isItem &&
      line.key !== undefined &&
      line.indent < Math.max(indent, path[0] === ITEM ? indent + 1 : 0)
    ) {
      path.unshift(line.key);
      ({ indent } = line);
    }
    if (indent <= 0 && path[0] !== ITEM) break;
  }
  return path;
}

interface Line {
  /** The column of its key, behind the dash of a list. */
  readonly indent: number;
  readonly isItem: boolean;
  readonly key: string | undefined;
}

function lineOf(text: string): Line {
  const [, spaces = '', dash = '', rest = ''] = /^( *)(- *)?(.*)$/.exec(text) ?? [];
  if (rest.startsWith('#')) return { indent: 0, isItem: false, key: undefined };
  const key = /^"?([^":#]+)"?:(?: |$)/.exec(rest)?.[1];
  return { indent: spaces.length + dash.length, isItem: dash !== '', key };
}

/** The schemas that hold at a path. */
export function schemasAt(root: Schema, path: readonly string[]): readonly Schema[] {
  let found = alternatives(root, root);
  for (const step of path)
    found = found.flatMap((schema) => below(schema, step)).flatMap((one) => alternatives(one, root));
  return found;
}

function below(schema: Schema, step: string): readonly Schema[] {
  if (step === ITEM) return schema.items ? [schema.items] : [];
  const own = schema.properties?.[step];
  if (own) return [own];
  return typeof schema.additionalProperties === 'object' ? [schema.additionalProperties] : [];
}

function alternatives(schema: Schema, root: Schema): readonly Schema[] {
  const prefix = '#/definitions/';
  const named = schema.$ref?.startsWith(prefix)
    ? root.definitions?.[schema.$ref.slice(prefix.length)]
    : undefined;
  const more = [
    ...(schema.anyOf ?? []),
    ...(schema.oneOf ?? []),
    ...(schema.allOf ?? []),
    ...(named ? [named] : []),
  ];
  return [schema, ...more.flatMap((one) => alternatives(one, root))];
}

/** A key or a value that fits. */
export interface Fitting {
  readonly label: string;
  readonly isKey: boolean;
  readonly description: string | undefined;
}

/** The completions at the end of a text: the keys of its place, or after a key the values of that key. */
export function fittingAt(root: Schema, text: string): readonly Fitting[] {
  const last = text.slice(text.lastIndexOf('\n') + 1);
  const key = /^ *(?:- *)?"?([^":#]+)"?: +\S*$/.exec(last)?.[1];
  const path = pathAt(text);
  const schemas = schemasAt(root, key === undefined ? path : [...path, key]);
  if (key !== undefined) return valuesOf(schemas);
  return schemas.flatMap(({ properties = {} }) =>
    Object.entries(properties).map(([label, { description }]) => ({ label, isKey: true, description })),
  );
}

function valuesOf(schemas: readonly Schema[]): readonly Fitting[] {
  const values = schemas.flatMap((schema) => [
    ...(schema.enum ?? []),
    ...(schema.const === undefined ? [] : [schema.const]),
    ...([schema.type].flat().includes('boolean') ? [true, false] : []),
  ]);
  return [...new Set(values)].map((value) => ({
    label: String(value),
    isKey: false,
    description: undefined,
  }));
}
