import { type JsonObject, writeJson } from './json.ts';
import { isToolSchema } from './schema.ts';

/** System-text instructions for targets without a parameter for structured output or a forced tool. */
export const JSON_INSTRUCTION = 'Answer with one JSON object and nothing else.';
const VALUE_INSTRUCTION = 'Answer with one JSON value and nothing else.';

export function schemaInstruction(schema: JsonObject): string {
  const request = isToolSchema(schema) ? JSON_INSTRUCTION : VALUE_INSTRUCTION;
  return `${request} It must match this JSON Schema:\n${writeJson(schema)}`;
}

export function callInstruction(name: string | undefined): string {
  return name === undefined ? 'Call one of the tools.' : `Call the tool ${name}.`;
}
