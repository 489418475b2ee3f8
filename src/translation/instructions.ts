import { type JsonObject, writeJson } from './json.ts';

/** What the system text says where a provider cannot be told so otherwise (6.6, 4.6). */
export const JSON_INSTRUCTION = 'Answer with one JSON object and nothing else.';

export function schemaInstruction(schema: JsonObject): string {
  return `${JSON_INSTRUCTION} It must match this JSON Schema:\n${writeJson(schema)}`;
}

export function callInstruction(name: string | undefined): string {
  return name === undefined ? 'Call one of the tools.' : `Call the tool ${name}.`;
}
