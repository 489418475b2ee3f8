import type { Exchange } from '../exchange.ts';
import { asNumber, asObject, type JsonTree, parsed } from '../json.ts';
import type { ProviderSide } from '../sides.ts';
import { readAnswer } from './read-answer.ts';
import { createStreamReader } from './read-stream.ts';
import { writeRequest } from './write-request.ts';

export const openAiResponsesProvider: ProviderSide = {
  writeRequest,
  readAnswer,
  createStreamReader,
  writeCount,
  readCount: (text) => asNumber(asObject(parsed(text))?.['input_tokens']),
};

/** POST /v1/responses/input_tokens accepts only the fields that count as input and refuses all others. */
function writeCount(exchange: Exchange): JsonTree {
  const { model, input, instructions, tools, tool_choice, parallel_tool_calls, reasoning, text } =
    writeRequest(exchange);
  return { model, input, instructions, tools, tool_choice, parallel_tool_calls, reasoning, text };
}
