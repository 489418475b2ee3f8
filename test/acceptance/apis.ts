import { splitEvents } from '../../src/lib/sse.ts';

/** One of the APIs whose answers the gateway understands: how to send a request and how to read its answer. */
export interface Api {
  readonly name: string;
  readonly path: string;
  /** The path of streams, if it is another. */
  readonly streamPath?: string;
  readonly body: (model: string, more?: Record<string, unknown>) => Record<string, unknown>;
  /** Matches only a complete stream. */
  readonly saysWhole: RegExp;
  /** The text that an event adds to the answer. Undefined if it adds none. */
  readonly deltaOf: (data: Json) => string | undefined;
  /** The text of an answer that is not streamed. */
  readonly textOf: (answer: Json) => string;
  /** Whether an event is an error in this API's own form. */
  readonly isError: (event: StreamEvent) => boolean;
}

export interface StreamEvent {
  readonly name: string;
  readonly data: string;
}

/** A value of JSON that is looked into without a schema. */
// oxlint-disable-next-line typescript/no-explicit-any -- what a test reads of an answer, it also checks
export type Json = any;

const MESSAGES = [{ role: 'user', content: 'Say something nice' }];
const MESSAGE_OF_ERROR = (data: Json): boolean => typeof data.error?.message === 'string';

export const CHAT: Api = {
  name: 'chat',
  path: '/v1/chat/completions',
  body: (model, more) => ({ model, messages: MESSAGES, ...more }),
  saysWhole: /\[DONE\]|"finish_reason":"/,
  deltaOf: (data) => data.choices?.[0]?.delta?.content || undefined,
  textOf: (answer) => answer.choices[0].message.content,
  isError: ({ name, data }) => name === '' && MESSAGE_OF_ERROR(JSON.parse(data)),
};

export const COMPLETIONS: Api = {
  name: 'completions',
  path: '/v1/completions',
  body: (model, more) => ({ model, prompt: 'Say something nice', ...more }),
  saysWhole: /\[DONE\]|"finish_reason":"/,
  deltaOf: (data) => data.choices?.[0]?.text || undefined,
  textOf: (answer) => answer.choices[0].text,
  isError: ({ name, data }) => name === '' && MESSAGE_OF_ERROR(JSON.parse(data)),
};

export const RESPONSES: Api = {
  name: 'responses',
  path: '/v1/responses',
  body: (model, more) => ({ model, input: 'Say something nice', ...more }),
  saysWhole: /response\.(?:completed|incomplete)/,
  deltaOf: (data) => (data.type === 'response.output_text.delta' ? data.delta : undefined),
  textOf: (answer) => answer.output[0].content[0].text,
  isError: ({ name, data }) => {
    const { type, message, response } = JSON.parse(data);
    if (name === 'error') return type === 'error' && typeof message === 'string';
    return name === 'response.failed' && type === name && typeof response?.error?.message === 'string';
  },
};

export const MESSAGES_API: Api = {
  name: 'messages',
  path: '/v1/messages',
  body: (model, more) => ({ model, max_tokens: 1000, messages: MESSAGES, ...more }),
  saysWhole: /message_stop|"stop_reason":"/,
  deltaOf: (data) => (data.type === 'content_block_delta' ? data.delta.text : undefined),
  textOf: (answer) => answer.content[0].text,
  isError: ({ name, data }) => {
    const { type, error } = JSON.parse(data);
    return name === 'error' && type === 'error' && typeof error?.message === 'string';
  },
};

const CONTENTS = [{ role: 'user', parts: [{ text: 'Say something nice' }] }];
const TEXT_OF_CANDIDATE = (data: Json): string | undefined =>
  data.candidates?.[0]?.content?.parts?.[0]?.text || undefined;

/** Its streams have a path of their own. */
export const GEMINI: Api = {
  name: 'gemini',
  path: '/v1beta/models/m:generateContent',
  streamPath: '/v1beta/models/m:streamGenerateContent?alt=sse',
  body: () => ({ contents: CONTENTS }),
  saysWhole: /"finishReason":[\s\S]{0,9}"/,
  deltaOf: TEXT_OF_CANDIDATE,
  textOf: (answer) => answer.candidates[0].content.parts[0].text,
  isError: ({ name, data }) => name === '' && MESSAGE_OF_ERROR(JSON.parse(data)),
};

/** Gemini without `alt=sse`: a stream is one list, which is whole with its bracket. */
export const GEMINI_LIST: Api = {
  ...GEMINI,
  name: 'gemini as a list',
  streamPath: '/v1beta/models/m:streamGenerateContent',
  saysWhole: /"finishReason":\s*"[\s\S]*\]\s*$/,
};

export const APIS: readonly Api[] = [CHAT, COMPLETIONS, RESPONSES, MESSAGES_API];

/** The events of a stream, without comments. Throws if the last one is incomplete. */
export function eventsOf(stream: string): StreamEvent[] {
  const bytes = new TextEncoder().encode(stream);
  if (bytes.length > 0 && !/(?:\n\n|\r\n\r\n|\r\r)$/.test(stream)) {
    throw new Error(`the stream ends within an event: …${JSON.stringify(stream.slice(-200))}`);
  }
  return splitEvents(bytes)
    .map(({ name, data }) => ({ name, data: new TextDecoder().decode(data) }))
    .filter(({ data }) => data !== '');
}

/** The pieces of text in a stream of events. */
export function deltasOf(stream: string, api: Api): string[] {
  return eventsOf(stream)
    .filter(({ data }) => data !== '[DONE]')
    .flatMap(({ data }) => api.deltaOf(JSON.parse(data)) ?? []);
}
