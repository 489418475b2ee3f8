import { z } from 'zod';
import type { Schema } from './types.ts';

/** The schemas of an OpenAPI document, generated from those that check input and output. */
export interface OpenApiSchemas {
  /** Schemas with an id, by that id. Filled by `of`. */
  readonly components: Record<string, Schema>;
  /**
   * The schema as JSON Schema, or a reference to it if it has an id. `input`: what is accepted; `output`: what is
   * returned.
   */
  readonly of: (schema: z.ZodType, io: 'input' | 'output') => Schema;
}

export function createOpenApiSchemas(): OpenApiSchemas {
  const components: Record<string, Schema> = {};
  return {
    components,
    of(schema, io) {
      const { $schema: _, $defs = {}, id, ...root } = z.toJSONSchema(schema, { io, override: tidy });
      for (const [name, definition] of Object.entries($defs)) components[name] = referring(definition);
      if (typeof id !== 'string') return referring(root);
      components[id] = referring(root);
      return { $ref: `#/components/schemas/${id}` };
    },
  };
}

/**
 * Removes what means nothing to readers: the bounds of safe integers, the patterns behind formats, and examples with a variable,
 * which only configuration files expand.
 */
function tidy({ jsonSchema: node }: { jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  if (node.minimum === Number.MIN_SAFE_INTEGER) delete node.minimum;
  if (node.maximum === Number.MAX_SAFE_INTEGER) delete node.maximum;
  if (node.format !== undefined) delete node.pattern;
  if (JSON.stringify(node.examples ?? []).includes('${')) delete node.examples;
}

/** The same schema with references into the document. */
function referring({ id: _, ...schema }: z.core.JSONSchema.BaseSchema): Schema {
  const text = JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/');
  return JSON.parse(text) as Schema;
}
