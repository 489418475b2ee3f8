import { jsonJudge } from '../answer.ts';
import { choicesErrorEvent } from '../choices.ts';
import { opaque } from '../opaque/opaque.ts';
import type { Protocol } from '../protocol.ts';
import { NO_TEXT } from '../text.ts';

const COUNTS = ['input_tokens', 'totalTokens'] as const;

/**
 * Token counts of a prompt: `countTokens` of Gemini, `messages/count_tokens` and `responses/input_tokens`. There are no
 * streams.
 */
export const tokenCount: Protocol = {
  name: 'token-count',
  judgeAnswer: jsonJudge({
    wanted: COUNTS,
    judge: (view) => (COUNTS.some((key) => view.type(key) === 'number') ? undefined : 'no-choices'),
  }),
  readStream: opaque.readStream,
  endsWithConnection: true,
  textOf: () => NO_TEXT,
  asksForUsage: false,
  errorEvent: choicesErrorEvent,
};
