import { writeJson } from '../json.ts';
import type { ClientSide } from '../sides.ts';
import { readRequest } from './read-request.ts';
import { writeAnswer } from './write-answer.ts';
import { createStreamWriter } from './write-stream.ts';

export const openAiResponsesClient: ClientSide = {
  readRequest,
  writeAnswer,
  createStreamWriter,
  writeCount: (inputTokens) => writeJson({ object: 'response.input_tokens', input_tokens: inputTokens }),
  keepAlive: ': keep-alive\n\n',
  streamType: () => 'text/event-stream',
};
