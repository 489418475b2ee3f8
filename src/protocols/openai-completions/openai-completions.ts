import { markOf } from '../../lib/json/json-marks.ts';
import { jsonJudge } from '../answer.ts';
import { choicesErrorEvent, isDoneWord, judgeChoices, understandChoices } from '../choices.ts';
import type { Protocol } from '../protocol.ts';
import { GrammarReader } from '../stream.ts';
import type { StreamGrammar } from '../stream.ts';
import { textUnder } from '../text.ts';

const text = textUnder('"text"');

/** OpenAI's older text Completions API. */
export const openaiCompletions: Protocol = {
  name: 'openai-completions',
  judgeAnswer: jsonJudge({ wanted: ['choices'], judge: judgeChoices }),
  readStream: () => new GrammarReader(GRAMMAR),
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
