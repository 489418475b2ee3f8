import type { AnswerBody } from './answer-body.ts';
import type { AnswerReading, Protocol } from './protocol.ts';
import { NO_TEXT } from './text.ts';
import { isPartial, usageIn } from './usage.ts';

/** Reads a complete, decoded answer of one API. Samples its text only if it does not report the whole usage. */
export function readAnswer(protocol: Protocol, body: AnswerBody, contentType: string): AnswerReading {
  const defect = protocol.judgeAnswer(body, contentType);
  if (defect !== undefined) return { defect };
  const usage = usageIn(body);
  const isMissing = usage === undefined || isPartial(usage);
  return { defect: undefined, usage, text: isMissing ? protocol.textOf(body.bytes) : NO_TEXT };
}
