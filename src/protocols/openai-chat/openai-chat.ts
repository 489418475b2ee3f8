import { markOf } from '../../lib/json/json-marks.ts';
import { jsonJudge } from '../answer.ts';
import { choicesErrorEvent, isDoneWord, judgeChoices, understandChoices } from '../choices.ts';
import type { JsonObject } from '../json-object.ts';
import type { Protocol } from '../protocol.ts';
import { GrammarReader } from '../stream.ts';
import type { StreamGrammar } from '../stream.ts';
import { textUnder } from '../text.ts';

const text = textUnder('"content"', '"reasoning_content"', '"reasoning"', '"arguments"', '"refusal"');

/** OpenAI's Chat Completions API, which most providers imitate. */
export const openaiChat: Protocol = {
  name: 'openai-chat',
  judgeAnswer: jsonJudge({
    wanted: ['choices'],
    judge: (view, body) => (view.isParsed && isDeferred(body.small()) ? undefined : judgeChoices(view)),
  }),
  readStream: () => new GrammarReader(GRAMMAR),
  textOf: text,
  asksForUsage: true,
  errorEvent: choicesErrorEvent,
};

/**
 * Whether the answer is only the id with which the completion can be fetched later
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
