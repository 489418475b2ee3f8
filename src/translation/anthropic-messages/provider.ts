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

/** POST /v1/messages/count_tokens accepts only the fields that count as input and refuses all others. */
function writeCount(exchange: Exchange): JsonTree {
  const { model, system, messages, tools, tool_choice, thinking } = writeRequest(exchange);
  return { model, system, messages, tools, tool_choice, thinking };
}
