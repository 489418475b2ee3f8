import { scanObject } from '../../lib/json/json-scan.ts';
import { judgeJson } from '../answer.ts';
import { choicesErrorEvent } from '../choices.ts';
import { opaque } from '../opaque/opaque.ts';
import type { Protocol } from '../protocol.ts';
import { NO_TEXT } from '../text.ts';
import { usageIn } from '../usage.ts';

/** Embeddings: megabytes of numbers, of which nothing is parsed but the usage. They are not streamed. */
export const openaiEmbeddings: Protocol = {
  name: 'openai-embeddings',
  judgeAnswer: (body, contentType) =>
    judgeJson(body, contentType, ['data'], (view) => {
      if (view.type('data') !== 'array') return 'no-choices';
      return EMPTY_LIST.test(String.fromCharCode(...view.bytes('data').subarray(0, 64)))
        ? 'no-choices'
        : undefined;
    }),
  asksForNothing(request) {
    const scan = scanObject(request, ['input']);
    const input = scan.kind === 'object' ? scan.members.at(-1) : undefined;
    if (input === undefined || input.valueEnd - input.valueStart > 64) return false;
    return EMPTY_LIST.test(String.fromCharCode(...request.subarray(input.valueStart, input.valueEnd)));
  },
  usageOfAnswer: usageIn,
  readStream: opaque.readStream,
  endsWithConnection: true,
  textOf: () => NO_TEXT,
  asksForUsage: false,
  errorEvent: choicesErrorEvent,
};

const EMPTY_LIST = /^\[\s*\]$/;
