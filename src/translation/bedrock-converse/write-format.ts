import type { Exchange } from '../exchange.ts';
import { JSON_INSTRUCTION, schemaInstruction } from '../instructions.ts';
import { JSON_TOOL } from '../json-tool.ts';
import { type JsonTree, writeJson } from '../json.ts';
import { anthropicFormatSchema, isToolSchema } from '../schema.ts';
import type { ConverseFamily } from './families.ts';
import type { ToolConfig } from './write-tools.ts';

export interface WrittenFormat {
  readonly outputConfig?: JsonTree;
  /** Replaces the request's tools, of which there are none: the tool whose input is the answer. */
  readonly toolConfig?: ToolConfig;
}

interface FormatManner {
  readonly tools: ToolConfig | 'none' | undefined;
  readonly instructions: string[];
  readonly isThinking: boolean;
}

/**
 * Writes structured output natively if the model supports it, otherwise with a forced tool, otherwise with a sentence
 * in the system text.
 */
export function writeFormat(
  exchange: Exchange,
  family: ConverseFamily,
  { tools, instructions, isThinking }: FormatManner,
): WrittenFormat {
  const { conversation, losses } = exchange;
  const { format } = conversation.output;
  if (format.kind === 'text') return {};
  if (format.kind === 'json') {
    losses.approximated(format.path, 'a sentence in the system text requests it');
    instructions.push(JSON_INSTRUCTION);
    return {};
  }
  const native = family.json === 'native' ? anthropicFormatSchema(format.schema) : undefined;
  if (native !== undefined) {
    if (native.changed)
      losses.approximated(format.schemaPath, 'the service accepts only a subset of JSON Schema');
    const jsonSchema = { schema: writeJson(native.schema), name: format.name ?? 'output' };
    return { outputConfig: { textFormat: { type: 'json_schema', structure: { jsonSchema } } } };
  }
  losses.approximated(format.path, 'the model does not support structured output for this schema');
  const takesForce = family.claude?.forcedTools ?? true;
  const takesTool = family.json === 'tool' && takesForce && isToolSchema(format.schema);
  if (!takesTool || tools !== undefined || isThinking) {
    instructions.push(schemaInstruction(format.schema));
    return {};
  }
  exchange.jsonTool = true;
  const { name, description } = JSON_TOOL;
  const toolSpec = { name, description, inputSchema: { json: format.schema } };
  return { toolConfig: { tools: [{ toolSpec }], toolChoice: { tool: { name } } } };
}
