import { markOf } from '../../lib/json/json-marks.ts';
import { judgeJson, smallAnswer } from '../answer.ts';
import { choicesErrorEvent, isDoneWord, judgeChoices, understandChoices } from '../choices.ts';
import type { JsonObject } from '../json-object.ts';
import type { Protocol } from '../protocol.ts';
import { createStreamReader } from '../stream.ts';
import type { StreamGrammar } from '../stream.ts';
import { textUnder } from '../text.ts';
import { usageIn } from '../usage.ts';

/** Chat completions, as OpenAI defined them and everybody speaks them. */
export const openaiChat: Protocol = {
  name: 'openai-chat',
  judgeAnswer: (body, contentType) =>
    judgeJson(body, contentType, ['choices'], (view) =>
      view.isParsed && isDeferred(smallAnswer(body)) ? undefined : judgeChoices(view),
    ),
  usageOfAnswer: usageIn,
  readStream: () => createStreamReader(GRAMMAR),
  textOf: textUnder('"content"', '"reasoning_content"', '"reasoning"', '"arguments"', '"refusal"'),
  asksForUsage: true,
  errorEvent: choicesErrorEvent,
};

/**
 * Whether the answer is nothing but the id under which the completion can be fetched later
 * (https://docs.x.ai/docs/guides/deferred-chat-completions).
 */
function isDeferred(answer: JsonObject | undefined): boolean {
  return typeof answer?.request_id === 'string' && Object.keys(answer).length === 1;
}

const GRAMMAR: StreamGrammar = {
  marks: ['"usage"', '"finish_reason"'].map(markOf),
  words: ['[DONE]'].map(markOf),
  textKeys: [
    '"content"',
    '"reasoning_content"',
    '"reasoning"',
    '"arguments"',
    '"refusal"',
    '"transcript"',
  ].map(markOf),
  understand: understandChoices,
  isEnd: isDoneWord,
  mergesUsage: false,
};
