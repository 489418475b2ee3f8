import { z } from 'zod';
import { configSchema } from './schema.ts';

type JsonNode = Readonly<Record<string, unknown>>;

/** `config.schema.json`, to the byte. */
export function configSchemaText(): string {
  return `${JSON.stringify(configJsonSchema(), null, 2)}\n`;
}

/** The configuration as JSON Schema, in the draft that every editor supports. */
export function configJsonSchema(): JsonNode {
  const { $schema, ...schema } = z.toJSONSchema(configSchema, { io: 'input', target: 'draft-7' });
  return { $schema, ...Object(forEditors(schema)), definitions: { variable: VARIABLE } };
}

/** A reference: `${VAR}` or `${VAR:-default}`. Without a description, which editors would show for the setting. */
const VARIABLE = { type: 'string', pattern: '\\$\\{.+\\}' };
const VARIABLE_REF = { $ref: '#/definitions/variable' };

/**
 * Adapts the schema to editors: numbers, switches and formatted texts may be references, which an editor sees as text.
 * Nested alternatives are flattened, so that messages name the right one.
 */
function forEditors(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(forEditors);
  if (!isNode(node)) return node;
  const inner = mapValues(node, (value, key) => {
    if (isLiteral(key)) return value;
    return key === 'properties' && isNode(value) ? mapValues(value, forEditors) : forEditors(value);
  });
  const { title, description, default: fallback, examples, writeOnly, ...constraint } = inner;
  const notes = { title, description, default: fallback, examples, writeOnly };
  const said = Object.fromEntries(Object.entries(notes).filter(([, value]) => value !== undefined));
  const alternatives = mergeNull(flatten(constraint));
  const [only] = alternatives;
  return { ...said, ...(alternatives.length === 1 ? only : { anyOf: alternatives }) };
}

function mapValues(node: JsonNode, edit: (value: unknown, key: string) => unknown): JsonNode {
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, edit(value, key)]));
}

/** The alternatives of a constraint, flattened and without duplicates. */
function flatten({ anyOf, ...rest }: JsonNode): JsonNode[] {
  if (!Array.isArray(anyOf)) return isConstrained(rest) ? [rest, VARIABLE_REF] : [rest];
  const all = anyOf.filter(isNode).flatMap((node) => ('anyOf' in node ? flatten(node) : [node]));
  return [...new Map(all.map((node) => [JSON.stringify(node), node])).values()];
}

/** Turns `null` into one of the types of another alternative, if that can have types. */
function mergeNull(alternatives: readonly JsonNode[]): readonly JsonNode[] {
  const others = alternatives.filter(({ type }) => type !== 'null');
  const host = others.find(
    (node) => typeof node['type'] === 'string' && !('enum' in node) && !('const' in node),
  );
  if (host === undefined || others.length === alternatives.length) return alternatives;
  return others.map((node) => (node === host ? { ...node, type: [node['type'], 'null'] } : node));
}

function isLiteral(key: string): boolean {
  return ['default', 'examples', 'enum', 'required', 'propertyNames', 'const'].includes(key);
}

function isConstrained(node: JsonNode): boolean {
  const types = Array.isArray(node['type']) ? node['type'] : [node['type']];
  if (types.some((type) => type === 'number' || type === 'integer' || type === 'boolean')) return true;
  return types.includes('string') && ['enum', 'pattern', 'const'].some((key) => key in node);
}

function isNode(value: unknown): value is JsonNode {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
