import { describe, expect, test } from 'bun:test';
import { protocolFor } from '../../../src/protocols/by-path.ts';
import { AnswerBody } from '../../../src/protocols/answer-body.ts';
import { readAnswer } from '../../../src/protocols/read-answer.ts';
import type { AnswerDefect, Usage } from '../../../src/protocols/protocol.ts';

function judge(path: string, body: unknown, contentType = 'application/json'): AnswerDefect | undefined {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return protocolFor(path).judgeAnswer(bodyOf(text), contentType);
}

function bodyOf(text: string): AnswerBody {
  return new AnswerBody(new TextEncoder().encode(text));
}

function usageOf(path: string, body: AnswerBody): Usage | undefined {
  const reading = readAnswer(protocolFor(path), body, 'application/json');
  return reading.defect === undefined ? reading.usage : undefined;
}

const CHAT = '/v1/chat/completions';
const KNOWN = [CHAT, '/v1/completions', '/v1/responses', '/v1/embeddings', '/v1/messages'].concat(
  ['generateContent', 'countTokens', 'embedContent'].map((verb) => `/v1beta/models/m:${verb}`),
);

describe.each(KNOWN)('an answer of %s', (path) => {
  test.each<[string, string, string, AnswerDefect]>([
    ['nothing', '', 'application/json', 'empty'],
    ['white space', '\n \n', 'application/json', 'empty'],
    ['a byte order mark', '\uFEFF', 'application/json', 'empty'],
    ['HTML', '<!doctype html><title>502</title>', 'text/html; charset=utf-8', 'html'],
    ['HTML under a wrong type', '  <html>', 'application/json', 'html'],
    ['text under the type of HTML', 'Bad gateway', 'text/html', 'html'],
    ['half of an object', '{"choices":[{"mess', 'application/json', 'truncated'],
    ['text', 'upstream connect error', 'text/plain', 'malformed'],
    ['broken JSON', '{"choices":[}', 'application/json', 'malformed'],
    ['a list', '[]', 'application/json', 'malformed'],
    ['an error object', '{"error":{"message":"boom"}}', 'application/json', 'error-object'],
    ['an error text', '{"error":"boom"}', 'application/json', 'error-object'],
    [
      'an error beside choices',
      '{"choices":[{"finish_reason":"stop"}],"error":{"code":1}}',
      '',
      'error-object',
    ],
    ['an error by its type', '{"type":"error","message":"boom"}', 'application/json', 'error-object'],
    ['an error by its object', '{"object":"error","message":"boom"}', 'application/json', 'error-object'],
    ['an object about something else', '{"detail":"Not Found"}', 'application/json', 'no-choices'],
  ])('that is %s is none', (_, body, contentType, defect) => {
    expect(judge(path, body, contentType)).toBe(defect);
  });
});

describe('a chat answer', () => {
  const choice = (message: object, finish: string | null = null): object => ({
    object: 'chat.completion',
    choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason: finish }],
    error: null,
  });

  test.each([
    ['text', choice({ content: 'hi' })],
    ['text and a reason', choice({ content: 'hi' }, 'stop')],
    ['no text but a reason to stop', choice({ content: '' }, 'stop')],
    ['no text for want of tokens', choice({ content: null }, 'length')],
    ['tool calls', choice({ content: null, tool_calls: [{ id: 'x' }] })],
    ['a refusal', choice({ content: null, refusal: 'no' })],
    ['reasoning', choice({ content: '', reasoning_content: 'hm' })],
    ['audio', choice({ content: null, audio: { id: 'a' } })],
    ['a lot', choice({ content: 'x'.repeat(100_000) })],
    ['a stored list', { object: 'list', data: [] }],
    ['the word error', choice({ content: 'an "error" occurred' }, 'stop')],
  ])('with %s is one', (_, body) => {
    expect(judge(CHAT, body)).toBeUndefined();
  });

  test.each<[string, object, AnswerDefect]>([
    ['no choices', { object: 'chat.completion', choices: [], usage: { total_tokens: 3 } }, 'no-choices'],
    ['choices of null', { choices: null }, 'no-choices'],
    ['an empty choice', { choices: [{}] }, 'no-choices'],
    ['a role alone', choice({ content: null, tool_calls: [], refusal: null }), 'no-choices'],
    ['an empty text and no reason', choice({ content: '' }), 'no-choices'],
    [
      'an error in its choice',
      { choices: [{ error: { code: 502 }, message: { content: '' } }] },
      'error-object',
    ],
    ['an error for a reason', choice({ content: '', error: null }, 'error'), 'error-object'],
  ])('with %s is none', (_, body, defect) => {
    expect(judge(CHAT, body)).toBe(defect);
  });
});

test('a completion has text or a reason', () => {
  expect(judge('/v1/completions', { choices: [{ text: 'x', finish_reason: null }] })).toBeUndefined();
  expect(judge('/v1/completions', { choices: [{ text: '', finish_reason: 'stop' }] })).toBeUndefined();
  expect(judge('/v1/completions', { choices: [{ text: '', finish_reason: null }] })).toBe('no-choices');
});

test('a response has a status, or output', () => {
  const judged = (body: object): AnswerDefect | undefined => judge('/v1/responses', body);
  expect(judged({ status: 'completed', output: [], error: null })).toBeUndefined();
  expect(judged({ status: 'queued', output: [] })).toBeUndefined();
  expect(judged({ output: [{ type: 'message' }] })).toBeUndefined();
  expect(judged({ status: 'failed', output: [], error: { code: 'server_error' } })).toBe('error-object');
  expect(judged({ status: 'failed', error: null })).toBe('error-object');
});

test('a message has content, or a reason to stop', () => {
  const judged = (body: object): AnswerDefect | undefined =>
    judge('/v1/messages', { type: 'message', ...body });
  expect(judged({ content: [{ type: 'text', text: 'x' }], stop_reason: 'end_turn' })).toBeUndefined();
  expect(judged({ content: [{ type: 'text', text: 'x' }], stop_reason: null })).toBeUndefined();
  expect(judged({ content: [], stop_reason: 'end_turn' })).toBeUndefined();
  expect(judged({ content: [], stop_reason: null })).toBe('no-choices');
});

test('embeddings have data', () => {
  const judged = (body: object): AnswerDefect | undefined => judge('/v1/embeddings', body);
  expect(judged({ object: 'list', data: [{ embedding: [0.1] }] })).toBeUndefined();
  expect(judged({ object: 'list', data: [] })).toBe('no-choices');
  expect(judged({ object: 'list' })).toBe('no-choices');
});

test('an unknown answer is not classified, but its usage is read', () => {
  const body = { error: { message: 'a failed job' }, usage: { input_tokens: 2, output_tokens: 3 } };
  expect(judge('/v1/images/generations', body)).toBeUndefined();
  const path = '/v1/images/generations';
  expect(usageOf(path, bodyOf(JSON.stringify(body)))).toMatchObject({ totalTokens: 5 });
  expect(usageOf(path, new AnswerBody(Uint8Array.of(0xff, 0xfb, 0x90)))).toBeUndefined();
});

test('the usage of megabytes of embeddings is read', () => {
  const data = Array.from({ length: 200 }, (_, index) => ({
    index,
    embedding: Array.from({ length: 1_536 }, () => -0.0123),
  }));
  const body = JSON.stringify({ object: 'list', data, usage: { prompt_tokens: 8, total_tokens: 8 } });
  expect(usageOf('/v1/embeddings', bodyOf(body))?.inputTokens).toBe(8);
});

test.each([
  ['/v1/chat/completions', 'openai-chat'],
  ['/chat/completions/', 'openai-chat'],
  ['/openai/deployments/gpt-4o/chat/completions', 'openai-chat'],
  ['/v1/completions', 'openai-completions'],
  ['/v1/responses', 'openai-responses'],
  ['/v1/responses/resp_1', 'opaque'],
  ['/v1/embeddings', 'openai-embeddings'],
  ['/v1/messages', 'anthropic-messages'],
  ['/messages', 'anthropic-messages'],
  ['/v1/messages/count_tokens', 'token-count'],
  ['/v1/responses/input_tokens', 'token-count'],
  ['/v1beta/models/gemini-3-pro:generateContent', 'gemini'],
  ['/v1/projects/p/locations/l/publishers/google/models/m:streamGenerateContent', 'gemini'],
  ['/v1beta/models/m:countTokens', 'token-count'],
  ['/v1/models/m:batchEmbedContents', 'gemini-embeddings'],
  ['/v1/projects/p/locations/l/publishers/google/models/m:predict', 'opaque'],
  ['/v1/models/qwen3:8b', 'opaque'],
  ['/v1/threads/thread_1/messages', 'opaque'],
  ['/v1/chat/completions/c_1/messages', 'opaque'],
  ['/v1/audio/speech', 'opaque'],
  ['/', 'opaque'],
])('%s is spoken as %s', (path, name) => {
  expect(protocolFor(path).name).toBe(name as ReturnType<typeof protocolFor>['name']);
});

test('an error event is what the clients of the protocol look for', () => {
  const error = { message: 'the "provider" broke off', code: 'upstream_truncated' };
  const event = (path: string): string => protocolFor(path).errorEvent(error);
  expect(event(CHAT)).toBe(
    'data: {"error":{"message":"the \\"provider\\" broke off","type":"upstream_error","param":null,"code":"upstream_truncated"}}\n\n',
  );
  const [head, data = ''] = event('/v1/responses').trimEnd().split('\ndata: ');
  expect(head).toBe('event: response.failed');
  expect(JSON.parse(data)).toMatchObject({
    type: 'response.failed',
    sequence_number: 0,
    response: { object: 'response', status: 'failed', error, output: [] },
  });
  expect(event('/v1/messages')).toBe(
    'event: error\ndata: {"type":"error","error":{"type":"api_error","message":"the \\"provider\\" broke off"}}\n\n',
  );
});
