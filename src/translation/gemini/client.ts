import { writeJson } from '../json.ts';
import type { ClientSide } from '../sides.ts';
import { readRequest } from './read-request.ts';
import { writeAnswer } from './write-answer.ts';
import { createStreamWriter, isSse } from './write-stream.ts';

export const geminiClient: ClientSide = {
  readRequest,
  writeAnswer,
  createStreamWriter,
  writeCount: (totalTokens) => writeJson({ totalTokens }),
  // Google's libraries for JavaScript and Go read only `data:` lines and fail at a comment.
  keepAlive: 'data: {}\r\n\r\n',
  streamType: (exchange) => (isSse(exchange) ? 'text/event-stream' : 'application/json'),
};
