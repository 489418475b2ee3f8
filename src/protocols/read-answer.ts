import type { TextSample } from '../lib/json/json-text.ts';
import { type AnswerRules, judgeJson } from './answer.ts';
import type { Protocol } from './protocol.ts';
import { NO_TEXT } from './text.ts';
import { usageIn } from './usage.ts';

/** Creates the reader for one API's JSON answers. It calls `text` only if the answer reports no usage. */
export function jsonReader(
  rules: AnswerRules,
  text: (bytes: Uint8Array) => TextSample,
): Protocol['readAnswer'] {
  return (body, contentType) => {
    const defect = judgeJson(body, contentType, rules);
    if (defect !== undefined) return { defect };
    const usage = usageIn(body);
    return { defect: undefined, usage, text: usage === undefined ? text(body.bytes) : NO_TEXT };
  };
}
