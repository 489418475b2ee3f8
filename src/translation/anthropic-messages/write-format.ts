import type { Exchange } from '../exchange.ts';
import { JSON_INSTRUCTION, schemaInstruction } from '../instructions.ts';
import { JSON_TOOL } from '../json-tool.ts';
import type { JsonTree } from '../json.ts';
import type { ClaudeFamily } from '../models/claude.ts';
import { anthropicFormatSchema, anthropicToolSchema, isToolSchema } from '../schema.ts';
import type { WrittenTools } from './write-tools.ts';

export interface WrittenFormat {
  /** `output_config.format`. */
  readonly format: JsonTree | undefined;
  /** Replaces the request's tools, of which there are none: the tool whose input is the answer. */
  readonly tools: WrittenTools | undefined;
}

export interface FormatManner {
  readonly family: ClaudeFamily;
  readonly instructions: string[];
  readonly tools: WrittenTools;
  readonly isThinking: boolean;
}

const NOTHING: WrittenFormat = { format: undefined, tools: undefined };

/**
 * Writes structured output natively if the model supports it, otherwise with a forced tool, otherwise with a sentence
 * in the system text.
 */
export function writeFormat(exchange: Exchange, manner: FormatManner): WrittenFormat {
  const { conversation, losses } = exchange;
  const { format } = conversation.output;
  const { family, instructions, tools, isThinking } = manner;
  if (format.kind === 'text') return NOTHING;
  if (format.kind === 'json') {
    losses.approximated(format.path, 'a sentence in the system text requests it');
    instructions.push(JSON_INSTRUCTION);
    return NOTHING;
  }
  const native = family.json ? anthropicFormatSchema(format.schema) : undefined;
  if (native !== undefined) {
    if (native.changed)
      losses.approximated(format.schemaPath, 'the model accepts only a subset of JSON Schema');
    return { ...NOTHING, format: { type: 'json_schema', schema: native.schema } };
  }
  losses.approximated(format.path, 'the model does not support structured output for this schema');
  if (tools.tools !== undefined || isThinking || !family.forcedTools || !isToolSchema(format.schema)) {
    instructions.push(schemaInstruction(format.schema));
    return NOTHING;
  }
  exchange.jsonTool = true;
  const { schema, note } = anthropicToolSchema(format.schema);
  const tool = {
    name: JSON_TOOL.name,
    description: JSON_TOOL.description + (note ?? ''),
    input_schema: schema,
  };
  return { ...NOTHING, tools: { tools: [tool], tool_choice: { type: 'tool', name: JSON_TOOL.name } } };
}
