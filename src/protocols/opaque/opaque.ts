import { markOf } from '../../lib/json/json-marks.ts';
import { choicesErrorEvent } from '../choices.ts';
import type { Protocol } from '../protocol.ts';
import { GrammarReader } from '../stream.ts';
import type { StreamGrammar } from '../stream.ts';
import { asObject } from '../json-object.ts';
import { NO_TEXT } from '../text.ts';

/**
 * APIs that the gateway does not understand: audio, images, files, batches. It does not judge their answers, and
 * reads `usage`, or Gemini's `usageMetadata`, if there is such a member.
 */
export const opaque: Protocol = {
  name: 'opaque',
  judgeAnswer: () => undefined,
  readStream: () => new GrammarReader(GRAMMAR),
  endsWithConnection: true,
  textOf: () => NO_TEXT,
  asksForUsage: false,
  errorEvent: choicesErrorEvent,
};

const GRAMMAR: StreamGrammar = {
  marks: ['"usage"', '"usageMetadata"'].map(markOf),
  // The types of the last events of images, transcriptions and stored responses.
  words: ['[DONE]', '.completed"', '.done"'].map(markOf),
  textKeys: ['"delta"', '"text"'].map(markOf),
  understand: (value, event) => ({
    sign: 'content',
    usage: value.usage ?? value.usageMetadata ?? asObject(value.response)?.usage,
    done: LAST_EVENT.test(typeof value.type === 'string' ? value.type : event),
  }),
  isEnd: (data) => data === '[DONE]',
  mergesUsage: false,
};

const LAST_EVENT =
  /^(?:image_(?:generation|edit)\.completed|transcript\.text\.done|speech\.audio\.done|response\.completed)$/;
