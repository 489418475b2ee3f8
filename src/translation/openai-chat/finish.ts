import { errorInBody } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import { type Finish, type FinishReason, tellRefusal } from '../finish.ts';
import { type HubError, unreadable } from '../hub-error.ts';
import { asString, type JsonObject } from '../json.ts';
import { ownValue } from '../../lib/own-value.ts';

const REASONS: Readonly<Record<string, FinishReason>> = {
  stop: 'end',
  eos: 'end',
  end_turn: 'end',
  complete: 'end',
  end: 'end',
  length: 'max_tokens',
  max_tokens: 'max_tokens',
  model_length: 'max_tokens',
  tool_calls: 'tool_calls',
  function_call: 'tool_calls',
  content_filter: 'content_filter',
  safety: 'content_filter',
  sensitive: 'content_filter',
};

/** Whether the choice has a finish reason. Some servers send an empty one in each chunk. */
export function isFinished(choice: JsonObject): boolean {
  return typeof choice['finish_reason'] === 'string' && choice['finish_reason'] !== '';
}

/** Reads the finish of a choice. Returns an error if the answer failed, which some gateways tell inside of it. */
export function readFinish(choice: JsonObject, exchange: Exchange): Finish | HubError {
  const error = errorInBody(choice);
  if (error !== undefined) return error;
  const word = isFinished(choice) ? (asString(choice['finish_reason']) ?? 'stop') : 'stop';
  if (word === 'error' || word === 'insufficient_system_resource') return unreadable(`it ended with ${word}`);
  const reason = ownValue(REASONS, word);
  if (reason === undefined)
    exchange.losses.approximated('choices[0].finish_reason', `the finish reason ${word} is unknown`);
  if (reason === 'end') {
    const matched = choice['stop_reason'] ?? choice['matched_stop'];
    if (typeof matched === 'string') return { reason: 'stop_sequence', stopSequence: matched };
  }
  return { reason: reason ?? 'end' };
}

/** The finish reason for Chat clients. */
export function writeFinish(finish: Finish, exchange: Exchange): string {
  tellRefusal(finish, exchange, true);
  switch (finish.reason) {
    case 'end':
    case 'stop_sequence':
      return 'stop';
    case 'max_tokens':
    case 'context_window':
      return 'length';
    case 'pause':
      exchange.losses.approximated('stop_reason', 'the answer is paused');
      return 'length';
    case 'tool_calls':
      return exchange.conversation.legacyFunctions ? 'function_call' : 'tool_calls';
    case 'refusal':
    case 'content_filter':
      return 'content_filter';
  }
}
