import { asNumber, asObject, type JsonTree, parsed } from '../json.ts';
import type { Exchange } from '../exchange.ts';
import type { ProviderSide } from '../sides.ts';
import { readAnswer } from './read-answer.ts';
import { createStreamReader } from './read-stream.ts';
import { writeRequest } from './write-request.ts';

export const anthropicMessagesProvider: ProviderSide = {
  writeRequest,
  readAnswer,
  createStreamReader,
  writeCount,
  readCount: (text) => asNumber(asObject(parsed(text))?.['input_tokens']),
};

/**
 * POST /v1/messages/count_tokens accepts only the fields that count as input and refuses all others. A schema for the
 * answer counts; the clouds' older copies of the API do not take it there.
 */
function writeCount(exchange: Exchange): JsonTree {
  const { model, system, messages, tools, tool_choice, thinking, output_config } = writeRequest(exchange);
  const counted = { model, system, messages, tools, tool_choice, thinking };
  const format = asObject(output_config)?.['format'];
  return format === undefined || exchange.target.carriage !== undefined
    ? counted
    : { ...counted, output_config: { format } };
}
