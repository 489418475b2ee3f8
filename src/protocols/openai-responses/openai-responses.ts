import { markOf } from '../../lib/json/json-marks.ts';
import { judgeJson } from '../answer.ts';
import type { AnswerView } from '../answer.ts';
import type { AnswerDefect, Protocol } from '../protocol.ts';
import { createStreamReader } from '../stream.ts';
import type { StreamGrammar } from '../stream.ts';
import { textUnder } from '../text.ts';
import { usageIn } from '../usage.ts';
import { digestResponseEvent, understandResponseEvent } from './stream.ts';

/** OpenAI's Responses API. */
export const openaiResponses: Protocol = {
  name: 'openai-responses',
  judgeAnswer: (body, contentType) => judgeJson(body, contentType, ['status', 'output'], judgeResponse),
  usageOfAnswer: usageIn,
  readStream: () => createStreamReader(GRAMMAR),
  textOf: textUnder('"delta"', '"text"', '"arguments"'),
  asksForUsage: false,
  errorEvent: (error) => {
    const body = { type: 'error', code: error.code, message: error.message, param: null, sequence_number: 0 };
    return `event: error\ndata: ${JSON.stringify(body)}\n\n`;
  },
};

/** One that is queued for the background has no output yet, so the status alone makes it an answer. */
function judgeResponse(view: AnswerView): AnswerDefect | undefined {
  const status = view.value('status');
  if (status === 'failed') return 'error-object';
  return typeof status === 'string' || view.type('output') === 'array' ? undefined : 'no-choices';
}

const GRAMMAR: StreamGrammar = {
  marks: ['"usage"'].map(markOf),
  words: ['response.completed', 'response.incomplete', 'response.failed', 'response.cancelled', '[DONE]'].map(
    markOf,
  ),
  textKeys: ['"delta"'].map(markOf),
  understand: understandResponseEvent,
  digest: digestResponseEvent,
  isEnd: (data) => data === '[DONE]',
  mergesUsage: false,
};
