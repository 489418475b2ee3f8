import { errorInBody } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import { type Finish, tellRefusal } from '../finish.ts';
import { type HubError, unreadable } from '../hub-error.ts';
import { asObject, asString, type JsonObject, type JsonTree } from '../json.ts';

/** Reads a response's finish from its status. Returns an error if the status means a failure or is unknown. */
export function readFinish(response: JsonObject): Finish | HubError {
  const error = errorInBody(response);
  if (error !== undefined) return error;
  const status = asString(response['status']) ?? 'completed';
  switch (status) {
    case 'completed':
      return { reason: 'end' };
    case 'incomplete': {
      const reason = asString(asObject(response['incomplete_details'])?.['reason']);
      if (reason === 'max_output_tokens') return { reason: 'max_tokens' };
      if (reason === 'content_filter') return { reason };
      return unreadable(`it is incomplete for the reason ${reason ?? 'null'}`);
    }
    case 'failed':
    case 'cancelled':
      return { kind: 'server', message: `The provider ended the response with ${status}.` };
    default:
      return unreadable(`its status is ${status}`);
  }
}

/** `status` and `incomplete_details` for a client. */
export function writeFinish(finish: Finish, exchange: Exchange): JsonTree {
  tellRefusal(finish, exchange, true);
  switch (finish.reason) {
    case 'end':
    case 'stop_sequence':
    case 'tool_calls':
      return { status: 'completed', incomplete_details: null };
    case 'pause':
      exchange.losses.approximated('stop_reason', 'the answer is paused');
      return incomplete('max_output_tokens');
    case 'max_tokens':
    case 'context_window':
      return incomplete('max_output_tokens');
    case 'refusal':
    case 'content_filter':
      return incomplete('content_filter');
  }
}

function incomplete(reason: string): JsonTree {
  return { status: 'incomplete', incomplete_details: { reason } };
}
