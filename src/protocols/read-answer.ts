import type { AnswerBody } from './answer-body.ts';
import type { AnswerReading, Protocol } from './protocol.ts';
import { NO_TEXT } from './text.ts';
import { usageIn } from './usage.ts';

/** Reads a complete, decoded answer of one API. Samples its text only if it reports no usage. */
export function readAnswer(protocol: Protocol, body: AnswerBody, contentType: string): AnswerReading {
  const defect = protocol.judgeAnswer(body, contentType);
  if (defect !== undefined) return { defect };
  const usage = usageIn(body);
  return { defect: undefined, usage, text: usage === undefined ? protocol.textOf(body.bytes) : NO_TEXT };
}
