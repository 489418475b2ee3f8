import type { Exchange } from '../exchange.ts';
import type { Finish, FinishReason } from '../finish.ts';
import { type HubError, unreadable } from '../hub-error.ts';
import { asArray, asObject, asString, type JsonObject } from '../json.ts';
import { ownValue } from '../../lib/own-value.ts';

const REASONS: Readonly<Record<string, FinishReason>> = {
  end_turn: 'end',
  stop_sequence: 'stop_sequence',
  max_tokens: 'max_tokens',
  model_context_window_exceeded: 'context_window',
  tool_use: 'tool_calls',
  content_filtered: 'content_filter',
  guardrail_intervened: 'content_filter',
};

/** Reads the finish of a `stopReason`. Returns an error if the reason means that the answer failed. */
export function readFinish(stop: JsonObject, exchange: Exchange): Finish | HubError {
  const word = asString(stop['stopReason']) ?? '';
  if (word.startsWith('malformed_')) return unreadable(`it ended with ${word}`);
  const reason = ownValue(REASONS, word);
  if (reason === undefined)
    exchange.losses.approximated('stopReason', `the finish reason ${word} is unknown`);
  if (reason !== 'stop_sequence') return { reason: reason ?? 'end' };
  return { reason, stopSequence: matchedSequence(stop) };
}

/**
 * Claude reports the stop sequence in model-specific fields: as the ones that the request asked Bedrock to return, or
 * as `[{"stop_sequence": …}]`.
 */
function matchedSequence({ additionalModelResponseFields: fields }: JsonObject): string | undefined {
  return asString((asObject(fields) ?? asObject(asArray(fields)[0]))?.['stop_sequence']);
}
