import type { Exchange } from '../exchange.ts';
import { type Finish, type FinishReason, tellRefusal } from '../finish.ts';
import { asObject, asString, type JsonObject, type JsonTree } from '../json.ts';
import { ownValue } from '../../lib/own-value.ts';

const REASONS: Readonly<Record<string, FinishReason>> = {
  end_turn: 'end',
  stop_sequence: 'stop_sequence',
  max_tokens: 'max_tokens',
  model_context_window_exceeded: 'context_window',
  tool_use: 'tool_calls',
  refusal: 'refusal',
  pause_turn: 'pause',
};

/** The finish of a message, or of the `delta` in `message_delta`. */
export function readFinish(message: JsonObject, exchange: Exchange): Finish {
  const word = asString(message['stop_reason']) ?? 'end_turn';
  const reason = ownValue(REASONS, word);
  if (reason === undefined)
    exchange.losses.approximated('stop_reason', `the finish reason ${word} is unknown`);
  const details = asObject(message['stop_details']);
  return {
    reason: reason ?? 'end',
    stopSequence: asString(message['stop_sequence']),
    refusal:
      reason === 'refusal'
        ? { category: asString(details?.['category']), explanation: asString(details?.['explanation']) }
        : undefined,
  };
}

const WORDS: Readonly<Record<FinishReason, string>> = {
  end: 'end_turn',
  stop_sequence: 'stop_sequence',
  max_tokens: 'max_tokens',
  context_window: 'model_context_window_exceeded',
  tool_calls: 'tool_use',
  refusal: 'refusal',
  content_filter: 'refusal',
  pause: 'pause_turn',
};

/** `stop_reason`, `stop_sequence` and `stop_details` for a Messages client. */
export function writeFinish(finish: Finish, exchange: Exchange): JsonTree {
  if (finish.reason === 'content_filter') tellRefusal(finish, exchange, false);
  const { reason, stopSequence, refusal } = finish;
  const isRefusal = reason === 'refusal' || reason === 'content_filter';
  const told = reason === 'refusal' ? refusal : undefined;
  return {
    stop_details: isRefusal
      ? { type: 'refusal', category: told?.category ?? null, explanation: told?.explanation ?? null }
      : null,
    stop_reason: WORDS[reason],
    stop_sequence: reason === 'stop_sequence' ? (stopSequence ?? null) : null,
  };
}
