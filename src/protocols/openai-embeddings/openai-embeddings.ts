import { scanObject } from '../../lib/json/json-scan.ts';
import { choicesErrorEvent } from '../choices.ts';
import { opaque } from '../opaque/opaque.ts';
import type { AnswerView } from '../answer.ts';
import type { AnswerDefect, Protocol } from '../protocol.ts';
import { jsonReader } from '../read-answer.ts';
import { NO_TEXT } from '../text.ts';

/**
 * OpenAI's Embeddings API. Answers are megabytes of numbers, of which only the usage is parsed. There are no streams.
 */
export const openaiEmbeddings: Protocol = {
  name: 'openai-embeddings',
  readAnswer: jsonReader({ wanted: ['data'], judge: judgeData }, () => NO_TEXT),
  asksForNothing(request) {
    const scan = scanObject(request, ['input']);
    const input = scan.kind === 'object' ? scan.members.at(-1) : undefined;
    if (input === undefined || input.valueEnd - input.valueStart > 64) return false;
    return EMPTY_LIST.test(String.fromCharCode(...request.subarray(input.valueStart, input.valueEnd)));
  },
  readStream: opaque.readStream,
  endsWithConnection: true,
  textOf: () => NO_TEXT,
  asksForUsage: false,
  errorEvent: choicesErrorEvent,
};

function judgeData(view: AnswerView): AnswerDefect | undefined {
  if (view.type('data') !== 'array') return 'no-choices';
  return EMPTY_LIST.test(String.fromCharCode(...view.bytes('data').subarray(0, 64)))
    ? 'no-choices'
    : undefined;
}

const EMPTY_LIST = /^\[\s*\]$/;
