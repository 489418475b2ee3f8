import { z } from 'zod';
import { configSchema } from './schema.ts';

type JsonNode = Record<string, unknown>;

/** The configuration as JSON Schema (2020-12), for editors and for people. */
export function configJsonSchema(): JsonNode {
  const { $schema, ...schema } = z.toJSONSchema(configSchema, { io: 'input' });
  return { $schema, ...Object(admitVariables(schema)), $defs: { variable: VARIABLE } };
}

const VARIABLE = {
  description: 'A value from the environment: ${VAR} or ${VAR:-default}.',
  type: 'string',
  pattern: '\\$\\{.+\\}',
};

/** Numbers, switches and texts of a certain form may be variables, which an editor knows only as text. */
function admitVariables(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(admitVariables);
  if (!isNode(node)) return node;
  const inner = Object.fromEntries(
    Object.entries(node).map(([key, value]) => [key, isLiteral(key) ? value : admitVariables(value)]),
  );
  if (!isConstrained(node)) return inner;
  const { title, description, default: fallback, examples, writeOnly, ...constraint } = inner;
  const notes = { title, description, default: fallback, examples, writeOnly };
  const said = Object.fromEntries(Object.entries(notes).filter(([, value]) => value !== undefined));
  return { ...said, anyOf: [constraint, { $ref: '#/$defs/variable' }] };
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
