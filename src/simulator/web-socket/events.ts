import { isObject, type Json, type JsonObject, stringOf } from '../json.ts';

/** The APIs that the mock offers over WebSockets, by the end of their path. */
export type SocketApi = 'realtime' | 'responses';

/** The usage of every response, whatever its content. */
const USAGE = {
  input_tokens: 12,
  output_tokens: 8,
  total_tokens: 20,
  input_token_details: { cached_tokens: 4 },
  input_tokens_details: { cached_tokens: 4 },
};

const WORDS = ['Hello', ' from', ' the', ' mock'];

/** The first event of a Realtime API session. */
export function sessionCreated(id: string, model: string): JsonObject {
  const session = { id: `sess_${id}`, object: 'realtime.session', type: 'realtime', model };
  return { type: 'session.created', event_id: `event_${id}_0`, session };
}

/** The events that answer a client's message. */
export function answerEvents(api: SocketApi, message: JsonObject, id: string): readonly JsonObject[] {
  switch (stringOf(message['type']) ?? '') {
    case 'session.update':
      return [{ type: 'session.updated', event_id: `event_${id}`, session: message['session'] ?? {} }];
    case 'conversation.item.create':
      return [{ type: 'conversation.item.added', event_id: `event_${id}`, item: message['item'] ?? {} }];
    case 'input_audio_buffer.commit':
      return [{ type: 'input_audio_buffer.committed', event_id: `event_${id}`, item_id: `item_${id}` }];
    case 'input_audio_buffer.append':
    case 'response.cancel':
      return [];
    case 'response.create':
      return responseEvents(api, message, id);
    default:
      return [unknownEvent(message)];
  }
}

function responseEvents(api: SocketApi, message: JsonObject, id: string): readonly JsonObject[] {
  const response = { id: `resp_${id}`, object: api === 'realtime' ? 'realtime.response' : 'response' };
  const model = modelIn(message);
  const named: JsonObject = model === undefined ? response : { ...response, model };
  const deltas = WORDS.map((delta, index) => ({
    type: 'response.output_text.delta',
    ...(api === 'realtime' ? { event_id: `event_${id}_${index}` } : { sequence_number: index + 1 }),
    response_id: response.id,
    delta,
  }));
  const done = { ...named, status: 'completed', output: [], usage: USAGE };
  return [
    { type: 'response.created', response: { ...named, status: 'in_progress' } },
    ...deltas,
    { type: api === 'realtime' ? 'response.done' : 'response.completed', response: done },
  ];
}

/** The model that a message names, in any of its places. */
export function modelIn(message: JsonObject): string | undefined {
  const within = (value: Json | undefined): string | undefined =>
    isObject(value) ? stringOf(value['model']) : undefined;
  return within(message) ?? within(message['session']) ?? within(message['response']);
}

function unknownEvent(message: JsonObject): JsonObject {
  const error = {
    type: 'invalid_request_error',
    code: 'invalid_value',
    message: `Invalid value: '${stringOf(message['type']) ?? ''}'.`,
    param: 'type',
  };
  return { type: 'error', error };
}
