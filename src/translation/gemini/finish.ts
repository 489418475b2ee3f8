import type { Exchange } from '../exchange.ts';
import { type Finish, type FinishReason, tellRefusal } from '../finish.ts';
import { type HubError, unreadable } from '../hub-error.ts';
import { asObject, asString, type JsonObject, type JsonTree } from '../json.ts';
import { ownValue } from '../../lib/own-value.ts';

const REASONS: Readonly<Record<string, FinishReason>> = {
  STOP: 'end',
  MAX_TOKENS: 'max_tokens',
  CONTINUATION: 'max_tokens',
  SAFETY: 'content_filter',
  RECITATION: 'content_filter',
  BLOCKLIST: 'content_filter',
  PROHIBITED_CONTENT: 'content_filter',
  SPII: 'content_filter',
  MODEL_ARMOR: 'content_filter',
};

/** Reads a candidate's finish. Returns an error if the reason means a failure or is unknown. */
export function readFinish(candidate: JsonObject): Finish | HubError {
  const word = asString(candidate['finishReason']) ?? 'FINISH_REASON_UNSPECIFIED';
  const reason = ownValue(REASONS, word) ?? (word.startsWith('IMAGE_') ? 'content_filter' : undefined);
  if (reason === undefined) return unreadable(`it ended with ${word}`);
  const explanation = asString(candidate['finishMessage']);
  return reason === 'content_filter' && explanation !== undefined
    ? { reason, refusal: { explanation } }
    : { reason };
}

/** The finish of an answer without candidates because the prompt was blocked; undefined: it was not blocked. */
export function blockedFinish(body: JsonObject): Finish | undefined {
  const feedback = asObject(body['promptFeedback']);
  if (asString(feedback?.['blockReason']) === undefined) return undefined;
  const explanation = asString(feedback?.['blockReasonMessage']);
  return { reason: 'content_filter', refusal: explanation === undefined ? undefined : { explanation } };
}

/** `finishReason` and `finishMessage` for Gemini clients. */
export function writeFinish(finish: Finish, exchange: Exchange): JsonTree {
  tellRefusal(finish, exchange, true);
  switch (finish.reason) {
    case 'end':
    case 'stop_sequence':
    case 'tool_calls':
      return { finishReason: 'STOP' };
    case 'pause':
      exchange.losses.approximated('stop_reason', 'the answer is paused');
      return { finishReason: 'MAX_TOKENS' };
    case 'max_tokens':
    case 'context_window':
      return { finishReason: 'MAX_TOKENS' };
    case 'refusal':
    case 'content_filter':
      return { finishReason: 'SAFETY', finishMessage: finish.refusal?.explanation };
  }
}
