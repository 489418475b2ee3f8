import { type Answer, jsonAnswer } from '../answer.ts';
import { badRequest } from '../api-error.ts';
import { type Call, promptTokens } from '../call.ts';
import { answerResponse } from './responses.ts';

const SHAPE = { dialect: 'responses' } as const;

/**
 * GET responses/{id}: the simulator stores nothing, so every id exists except those that contain `missing`. Streamed
 * with `?stream=true`.
 */
export function answerStoredResponse(call: Call): Answer {
  requireStored(call);
  return answerResponse({ ...call, body: { input: 'What was stored' }, model: 'mock' });
}

/** POST responses/{id}/cancel: the response has already ended. */
export function answerCancelledResponse(call: Call): Answer {
  requireStored(call);
  return answerResponse({ ...call, isStream: false, body: { input: 'What was stored' }, model: 'mock' });
}

/** DELETE responses/{id}. */
export function answerDeletedResponse(call: Call): Answer {
  return jsonAnswer({ id: requireStored(call), object: 'response', deleted: true }, SHAPE);
}

/** GET responses/{id}/input_items. */
export function answerInputItems(call: Call): Answer {
  requireStored(call);
  const id = 'msg_mock';
  const content = [{ type: 'input_text', text: 'What was stored' }];
  const data = [{ id, type: 'message', role: 'user', status: 'completed', content }];
  return jsonAnswer({ object: 'list', data, first_id: id, last_id: id, has_more: false }, SHAPE);
}

/** POST responses/input_tokens: the token count of an input. */
export function answerInputTokens({ body }: Call): Answer {
  const tokens = promptTokens(body['instructions'], body['input']);
  return jsonAnswer({ object: 'response.input_tokens', input_tokens: tokens }, SHAPE);
}

function requireStored({ path }: Call): string {
  const id = path.split('/responses/').at(-1)?.split('/')[0] ?? '';
  if (id === '' || id.includes('missing')) {
    throw badRequest(`Response with id '${id}' not found.`, null, 404);
  }
  return id;
}
