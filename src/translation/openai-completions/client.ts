import type { ClientSide } from '../sides.ts';
import { readRequest } from './read-request.ts';
import { writeAnswer } from './write-answer.ts';
import { createStreamWriter } from './write-stream.ts';

export const openAiCompletionsClient: ClientSide = {
  readRequest,
  writeAnswer,
  createStreamWriter,
  keepAlive: ': keep-alive\n\n',
  streamType: () => 'text/event-stream',
};
