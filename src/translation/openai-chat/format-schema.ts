import type { OutputFormat } from '../conversation.ts';
import type { Exchange } from '../exchange.ts';
import { schemaInstruction } from '../instructions.ts';
import type { JsonObject } from '../json.ts';
import { DIALECTS } from '../models/dialects.ts';
import { openAiFormatSchema } from '../schema.ts';

/**
 * The schema of a structured answer for OpenAI's APIs. OpenAI itself accepts only objects, unlike Anthropic and Google.
 * undefined: a sentence of the system text requests the answer.
 */
export function formatSchema(
  { conversation, target, losses }: Exchange,
  format: Extract<OutputFormat, { kind: 'json-schema' }>,
  instructions: string[],
): JsonObject | undefined {
  const isOpenAi = target.api === 'responses' || DIALECTS[target.dialect].openAiFields;
  const isForeign = conversation.api === 'messages' || conversation.api === 'gemini';
  if (!isOpenAi || !isForeign) return format.schema;
  const schema = openAiFormatSchema(format.schema);
  if (schema !== undefined) return schema;
  losses.approximated(format.path, 'OpenAI accepts only objects as structured answers');
  instructions.push(schemaInstruction(format.schema));
  return undefined;
}
