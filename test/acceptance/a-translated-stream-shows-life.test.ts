import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test';
import type { Socket } from 'node:net';
import { startGateway, type TestGateway, until } from '../e2e/gateway.ts';
import { CHAT, MESSAGES_API, RESPONSES } from './apis.ts';
import { ask, exchange, postOf } from './exchange.ts';
import { fastClock, pass } from './fast-clock.ts';
import { chunkedHead, chunkOf, type ScriptedProvider, startScriptedProvider } from './scripted-provider.ts';

/** The provider's behaviour for the next request. */
let script: (socket: Socket) => Promise<void>;
let provider: ScriptedProvider;
let gateway: TestGateway;

beforeAll(async () => {
  provider = await startScriptedProvider((_request, socket) => script(socket));
  gateway = startGateway(
    `
allow_unauthenticated: true
providers:
  - { name: chat, provider_type: openai, apis: [chat], api_base: "${provider.url}/v1" }
  - { name: claude, provider_type: anthropic, api_base: "${provider.url}" }
models:
  chat: { routes: [{ provider: chat, model: m }] }
  claude: { routes: [{ provider: claude, model: claude-opus-4-8 }] }
fallback: { cooldown_seconds: 0, retries: 0 }`,
    fastClock,
  );
});
beforeEach(() => {
  script = () => Promise.resolve();
});
afterAll(async () => {
  await gateway.stop();
  await provider.stop();
});

function say(socket: Socket, ...events: readonly (object | string)[]): void {
  for (const event of events) {
    const name = typeof event === 'object' && 'type' in event ? `event: ${String(event.type)}\n` : '';
    const data = typeof event === 'string' ? event : JSON.stringify(event);
    socket.write(chunkOf(Buffer.from(`${name}data: ${data}\n\n`)));
  }
}

const delta = (content: string, reason: string | null = null): object => ({
  id: 'c',
  model: 'm',
  choices: [{ index: 0, delta: { role: 'assistant', content }, finish_reason: reason }],
});

const ARRAY_PATH = '/v1beta/models/chat:streamGenerateContent';

test.each([
  [
    'a ping for Messages',
    () => ask(gateway.url, MESSAGES_API, MESSAGES_API.body('chat', { stream: true })),
    'event: ping\n',
  ],
  [
    'a comment for Responses',
    () => ask(gateway.url, RESPONSES, RESPONSES.body('chat', { stream: true })),
    ': keep-alive\n',
  ],
  [
    'an empty event for Gemini',
    () =>
      exchange(
        gateway.url,
        postOf(`${ARRAY_PATH}?alt=sse`, '{"contents":[{"role":"user","parts":[{"text":"Hi"}]}]}'),
      ),
    'data: {}\r\n',
  ],
  [
    'a newline in the list of Gemini',
    () => exchange(gateway.url, postOf(ARRAY_PATH, '{"contents":[{"role":"user","parts":[{"text":"Hi"}]}]}')),
    '\n\n',
  ],
])('a provider that is silent after content: %s after each 15 s', async (_, asked, word) => {
  script = async (socket) => {
    socket.write(chunkedHead('text/event-stream'));
    say(socket, delta('Hello'));
    await pass(50);
    say(socket, delta(' there', 'stop'), '[DONE]');
    socket.end(Buffer.from('0\r\n\r\n'));
  };
  const answer = asked();
  expect(await answer.ended).toBe('whole');
  const text = answer.text();
  const signs = word === '\n\n' ? (text.match(/\n/g) ?? []).length : text.split(word).length - 1;
  expect(signs).toBeGreaterThanOrEqual(2);
  expect(text).toContain('Hello');
  if (word === '\n\n') expect(JSON.parse(text)).toBeArray();
});

test('a provider that thinks without a word is committed, and its client told that an answer has begun', async () => {
  let isSeen = false;
  script = async (socket) => {
    socket.write(chunkedHead('text/event-stream'));
    say(socket, { type: 'message_start', message: { id: 'x', model: 'm', usage: { input_tokens: 3 } } });
    say(socket, {
      type: 'content_block_start',
      index: 0,
      content_block: { type: 'thinking', thinking: '', signature: '' },
    });
    await until(() => isSeen);
    await pass(300);
    say(
      socket,
      { type: 'content_block_stop', index: 0 },
      { type: 'content_block_start', index: 1, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 1, delta: { type: 'text_delta', text: 'Well' } },
      { type: 'content_block_stop', index: 1 },
      { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 9 } },
      { type: 'message_stop' },
    );
    socket.end(Buffer.from('0\r\n\r\n'));
  };
  const answer = ask(gateway.url, CHAT, CHAT.body('claude', { stream: true }));
  await until(() => answer.text().includes('"role":"assistant"'));
  isSeen = true;
  expect(await answer.ended).toBe('whole');
  expect(answer.text()).toContain('"content":"Well"');
  expect(answer.text()).toEndWith('data: [DONE]\n\n');
});

test('a provider that keeps its connection behind its finish is not waited for', async () => {
  script = async (socket) => {
    socket.write(chunkedHead('text/event-stream'));
    say(socket, delta('Hello'), delta('', 'stop'));
    await pass(100);
  };
  const answer = ask(gateway.url, MESSAGES_API, MESSAGES_API.body('chat', { stream: true }));
  expect(await answer.ended).toBe('whole');
  expect(answer.text()).toContain('event: message_stop');
});

test('a stream that was not asked for is one answer', async () => {
  script = async (socket) => {
    socket.write(chunkedHead('text/event-stream'));
    say(socket, delta('Hello'), delta(' there', 'stop'), '[DONE]');
    await pass(0);
    socket.end(Buffer.from('0\r\n\r\n'));
  };
  const answer = ask(gateway.url, MESSAGES_API, MESSAGES_API.body('chat'));
  expect(await answer.ended).toBe('whole');
  expect(MESSAGES_API.textOf(JSON.parse(answer.text()))).toBe('Hello there');
});

test('an answer that was asked for as a stream, and comes whole, is a stream', async () => {
  script = (socket) => {
    const message = { role: 'assistant', content: 'Hello there' };
    const body = JSON.stringify({
      id: 'c',
      model: 'm',
      choices: [{ index: 0, message, finish_reason: 'stop' }],
    });
    socket.write(
      `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    return Promise.resolve();
  };
  const answer = ask(gateway.url, MESSAGES_API, MESSAGES_API.body('chat', { stream: true }));
  expect(await answer.ended).toBe('whole');
  expect(answer.header('content-type')).toStartWith('text/event-stream');
  expect(answer.text()).toContain('event: message_stop');
});
