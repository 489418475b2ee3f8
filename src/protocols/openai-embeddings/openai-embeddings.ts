import { scanObject } from '../../lib/json/json-scan.ts';
import { choicesErrorEvent } from '../choices.ts';
import { opaque } from '../opaque/opaque.ts';
import { type AnswerView, jsonJudge } from '../answer.ts';
import type { AnswerDefect, Protocol } from '../protocol.ts';
import { NO_TEXT } from '../text.ts';

/**
 * OpenAI's Embeddings API. Answers are megabytes of numbers, of which only the usage is parsed. There are no streams.
 */
export const openaiEmbeddings: Protocol = {
  name: 'openai-embeddings',
  judgeAnswer: jsonJudge({ wanted: ['data'], judge: judgeData }),
  asksForNothing: (request) => hasEmptyList(request, 'input'),
  readStream: opaque.readStream,
  endsWithConnection: true,
  textOf: () => NO_TEXT,
  asksForUsage: false,
  errorEvent: choicesErrorEvent,
};

function judgeData(view: AnswerView): AnswerDefect | undefined {
  if (view.type('data') !== 'array') return 'no-choices';
  return isEmptyValue(view.bytes('data')) ? 'no-choices' : undefined;
}

/** Whether this member of a request is a list without elements. */
export function hasEmptyList(request: Uint8Array, key: string): boolean {
  const scan = scanObject(request, [key]);
  const list = scan.kind === 'object' ? scan.members.at(-1) : undefined;
  return list?.type === 'array' && isEmptyValue(request.subarray(list.valueStart, list.valueEnd));
}

/** Whether these bytes are `[]` or `{}`. */
export function isEmptyValue(bytes: Uint8Array): boolean {
  return bytes.length <= 64 && EMPTY_VALUE.test(String.fromCharCode(...bytes));
}

const EMPTY_VALUE = /^(?:\[\s*\]|\{\s*\})$/;
