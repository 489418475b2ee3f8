import { markOf } from '../../lib/json/json-marks.ts';
import { seemsObject } from '../../lib/json/json-scan.ts';
import { choicesErrorEvent } from '../choices.ts';
import type { Protocol, StreamReader } from '../protocol.ts';
import { createStreamReader } from '../stream.ts';
import type { StreamGrammar } from '../stream.ts';
import { asObject } from '../json-object.ts';
import { NO_TEXT } from '../text.ts';
import { usageIn } from '../usage.ts';

/**
 * Whatever this program does not know better: audio, images, files, batches. What may stand in such an answer is the
 * provider's affair, so none is judged; usage is read where there is a member of that name.
 */
export const opaque: Protocol = {
  name: 'opaque',
  judgeAnswer: () => undefined,
  usageOfAnswer: (body) => (seemsObject(body) ? usageIn(body) : undefined),
  readStream,
  textOf: () => NO_TEXT,
  asksForUsage: false,
  errorEvent: choicesErrorEvent,
};

/** The first event that is no error is content. There is no known word for the end, so an orderly end is one. */
function readStream(): StreamReader {
  const reader = createStreamReader(GRAMMAR);
  let begun = false;
  return {
    ...reader,
    read(event, data) {
      const sign = reader.read(event, data);
      if (sign === 'content') begun = true;
      return sign;
    },
    isDone: () => begun || reader.isDone(),
  };
}

const GRAMMAR: StreamGrammar = {
  marks: ['"usage"'].map(markOf),
  words: ['[DONE]'].map(markOf),
  textKeys: ['"delta"', '"text"'].map(markOf),
  understand: (value) => ({ sign: 'content', usage: value.usage ?? asObject(value.response)?.usage }),
  isEnd: (data) => data === '[DONE]',
  mergesUsage: false,
};
