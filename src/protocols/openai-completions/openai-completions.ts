import { markOf } from '../../lib/json/json-marks.ts';
import { choicesErrorEvent, isDoneWord, judgeChoices, understandChoices } from '../choices.ts';
import type { Protocol } from '../protocol.ts';
import { jsonReader } from '../read-answer.ts';
import { createStreamReader } from '../stream.ts';
import type { StreamGrammar } from '../stream.ts';
import { textUnder } from '../text.ts';

const text = textUnder('"text"');

/** OpenAI's older text Completions API. */
export const openaiCompletions: Protocol = {
  name: 'openai-completions',
  readAnswer: jsonReader({ wanted: ['choices'], judge: judgeChoices }, text),
  readStream: () => createStreamReader(GRAMMAR),
  textOf: text,
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
