import { writeJson } from '../json.ts';
import type { ClientSide } from '../sides.ts';
import { readRequest } from './read-request.ts';
import { writeAnswer } from './write-answer.ts';
import { createStreamWriter } from './write-stream.ts';

export const anthropicMessagesClient: ClientSide = {
  readRequest,
  writeAnswer,
  createStreamWriter,
  writeCount: (inputTokens) => writeJson({ input_tokens: inputTokens }),
  keepAlive: 'event: ping\ndata: {"type":"ping"}\n\n',
  streamType: () => 'text/event-stream',
};
