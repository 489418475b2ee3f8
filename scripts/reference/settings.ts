import { configJsonSchema } from '../../src/config/schema/json-schema.ts';

/** A setting of the configuration file, as its schema describes it. */
export interface Setting {
  /** The path from the top of the file: a name, `[]` for a list entry, `*` for a name that the user chooses. */
  readonly path: readonly string[];
  readonly description: string;
  /** Undefined without a default. */
  readonly default: unknown;
  readonly example: unknown;
  readonly isRequired: boolean;
  readonly isSecret: boolean;
  /** The allowed values, without the variables that may replace them. */
  readonly alternatives: readonly SchemaNode[];
}

/** A part of a JSON Schema. */
export interface SchemaNode {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly writeOnly?: boolean;
  readonly enum?: readonly string[];
  readonly const?: string;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly anyOf?: readonly SchemaNode[];
  readonly items?: SchemaNode;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: boolean | SchemaNode;
  readonly required?: readonly string[];
  readonly $ref?: string;
}

/** Every setting, in the order of the schema. */
export function listSettings(): Setting[] {
  return settingsIn(configJsonSchema(), []);
}

/** A path as people write it: `providers[].weight`, `models.<name>.routes`. */
export function writePath(path: readonly string[]): string {
  return path
    .map((step) => (step === '[]' ? step : `.${step === '*' ? '<name>' : step}`))
    .join('')
    .replace(/^\./, '');
}

function settingsIn(section: SchemaNode, at: readonly string[]): Setting[] {
  return Object.entries(section.properties ?? {}).flatMap(([name, node]) => {
    const path = [...at, name];
    return [settingOf(node, path, section.required?.includes(name) ?? false), ...inside(node, path)];
  });
}

function settingOf(node: SchemaNode, path: readonly string[], isRequired: boolean): Setting {
  const all = node.anyOf ?? [node];
  const alternatives = all.filter(({ $ref, type }) => $ref === undefined && type !== 'null');
  return {
    path,
    description: node.description ?? '',
    default: node.default,
    example: node.examples?.[0],
    isRequired,
    isSecret: node.writeOnly ?? false,
    alternatives,
  };
}

/** The settings in a section, in each entry of a list, or under each name. */
function inside(node: SchemaNode, path: readonly string[]): Setting[] {
  const { items, additionalProperties: named } = node;
  if (items !== undefined) return settingsIn(items, [...path, '[]']);
  if (typeof named === 'object') return settingsIn(named, [...path, '*']);
  return settingsIn(node, path);
}

/** The types of a setting's values; `null`, an empty value, is none of them. */
export function typesOf(alternatives: readonly SchemaNode[]): string[] {
  return alternatives.flatMap(({ type = [] }) => type).filter((type) => type !== 'null');
}
