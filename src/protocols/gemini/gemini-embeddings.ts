import { type AnswerView, jsonJudge } from '../answer.ts';
import { opaque } from '../opaque/opaque.ts';
import { hasEmptyList, isEmptyValue } from '../openai-embeddings/openai-embeddings.ts';
import type { AnswerDefect, Protocol } from '../protocol.ts';
import { NO_TEXT } from '../text.ts';
import { gemini } from './gemini.ts';

/** `embedContent` and `batchEmbedContents` of Google's Gemini API. There are no streams. */
export const geminiEmbeddings: Protocol = {
  name: 'gemini-embeddings',
  judgeAnswer: jsonJudge({ wanted: ['embedding', 'embeddings'], judge: judgeVectors }),
  asksForNothing: (request) => hasEmptyList(request, 'requests'),
  readStream: opaque.readStream,
  endsWithConnection: true,
  textOf: () => NO_TEXT,
  asksForUsage: false,
  errorEvent: gemini.errorEvent,
};

function judgeVectors(view: AnswerView): AnswerDefect | undefined {
  const isOne = view.type('embedding') === 'object' && !isEmptyValue(view.bytes('embedding'));
  const isList = view.type('embeddings') === 'array' && !isEmptyValue(view.bytes('embeddings'));
  return isOne || isList ? undefined : 'no-choices';
}
