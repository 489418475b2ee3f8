import type { Answer, AnswerCall, AnswerPart, Choice } from '../answer.ts';
import { envelopeOf } from '../envelope.ts';
import { type Exchange, modelInAnswer } from '../exchange.ts';
import { type JsonTree, type RawJson, writeJson } from '../json.ts';
import { argumentsObject } from '../write-common.ts';
import { writeFinish } from './finish.ts';
import { writeLogprobs } from './logprobs.ts';
import { writeUsage } from './usage.ts';

/** The body of a whole answer. */
export function writeAnswer(answer: Answer, exchange: Exchange): string {
  return writeJson({
    candidates: answer.choices.map((choice, index) => ({
      content: { role: 'model', parts: writeParts(choice, exchange) },
      ...writeFinish(choice.finish, exchange),
      index,
      logprobsResult: choice.logprobs === undefined ? undefined : writeLogprobs(choice.logprobs),
    })),
    modelVersion: modelInAnswer(exchange, answer.model),
    responseId: exchange.suffix,
    usageMetadata: writeUsage(answer.usage),
  });
}

function writeParts({ parts }: Choice, exchange: Exchange): readonly JsonTree[] {
  const written: JsonTree[] = [];
  const seals = createSealCarrier(exchange);
  for (const part of parts) {
    if (part.kind === 'reasoning') written.push(...seals.note(part));
    if (part.kind === 'reasoning' && part.text === '') continue;
    written.push(part.kind === 'reasoning' ? thought(part.text) : seals.onto(writePart(part, exchange)));
  }
  const left = seals.onto({ text: '' });
  if (written.length === 0 || 'thoughtSignature' in left) written.push(left);
  return written;
}

function writePart(part: Exclude<AnswerPart, { kind: 'reasoning' }>, exchange: Exchange): JsonTree {
  if (part.kind === 'call') return callPart(part, argumentsObject(part, 'tool_calls', exchange.losses));
  if ((part.citations ?? []).length > 0)
    exchange.losses.dropped('annotations', 'the client API has no citations of this kind');
  return {
    text: part.text,
    thoughtSignature: part.seal?.origin === 'gemini' ? part.seal.payload : undefined,
  };
}

export function thought(text: string): JsonTree {
  return { text, thought: true };
}

export function callPart(call: Pick<AnswerCall, 'id' | 'name' | 'seal'>, args: RawJson): JsonTree {
  const thoughtSignature = call.seal?.origin === 'gemini' ? call.seal.payload : undefined;
  return { functionCall: { id: call.id, name: call.name, args }, thoughtSignature };
}

/** Moves the seal of a reasoning block to the next part, where Gemini clients keep it. */
export interface SealCarrier {
  /** Returns an empty part for the seal of the block before, if nothing stands between the two. */
  readonly note: (
    reasoning: Pick<Extract<AnswerPart, { kind: 'reasoning' }>, 'seal' | 'redacted'>,
  ) => readonly JsonTree[];
  readonly onto: (part: JsonTree) => JsonTree;
}

export function createSealCarrier({ losses }: Exchange): SealCarrier {
  let envelope: string | undefined;
  return {
    note({ seal, redacted }) {
      if (seal === undefined) return [];
      const before = envelope === undefined ? [] : [{ text: '', thoughtSignature: envelope }];
      envelope = seal.origin === 'gemini' ? seal.payload : envelopeOf(seal, redacted);
      if (envelope === undefined) losses.dropped('reasoning', 'the seal is too long');
      return before;
    },
    onto(part) {
      if (envelope === undefined || part['thoughtSignature'] !== undefined) return part;
      const thoughtSignature = envelope;
      envelope = undefined;
      return { ...part, thoughtSignature };
    },
  };
}
