import { markOf } from '../../lib/json/json-marks.ts';
import { judgeJson } from '../answer.ts';
import { choicesErrorEvent, isDoneWord, judgeChoices, understandChoices } from '../choices.ts';
import type { Protocol } from '../protocol.ts';
import { createStreamReader } from '../stream.ts';
import type { StreamGrammar } from '../stream.ts';
import { textUnder } from '../text.ts';
import { usageIn } from '../usage.ts';

/** The older text completions. */
export const openaiCompletions: Protocol = {
  name: 'openai-completions',
  judgeAnswer: (body, contentType) => judgeJson(body, contentType, ['choices'], judgeChoices),
  usageOfAnswer: usageIn,
  readStream: () => createStreamReader(GRAMMAR),
  textOf: textUnder('"text"'),
  asksForUsage: true,
  errorEvent: choicesErrorEvent,
};

const GRAMMAR: StreamGrammar = {
  marks: ['"usage"', '"finish_reason"'].map(markOf),
  words: ['[DONE]'].map(markOf),
  textKeys: ['"text"'].map(markOf),
  understand: understandChoices,
  isEnd: isDoneWord,
  mergesUsage: false,
};
