import { expect, test } from 'bun:test';
import type { ChatCompletionChunk } from 'openai/resources';
import { atProvider, throughGateway } from './openai-client.ts';
import { collected, startStage, UPSTREAM_KEY, useStage } from './stage.ts';

const stage = await useStage(startStage('', { strict: false }));
const client = throughGateway(stage);
const provider = atProvider(stage);

const MESSAGES = [
  { role: 'system' as const, content: 'You are terse. 你好 🚀' },
  { role: 'user' as const, content: 'Hello!' },
];

test('a chat completion is the one that the provider gave', async () => {
  const request = { messages: MESSAGES, temperature: 0.2, seed: 9_007_199_254_740_991 };
  const completion = await client.chat.completions.create({ model: 'acme/chat', ...request });
  const attempt = stage.attempt();
  const direct = await provider.chat.completions.create({ model: 'mock-chat', ...request });

  expect(completion).toEqual(direct);
  expect(completion.choices[0]?.message.content?.split(' ')).toHaveLength(20);
  expect(attempt.headers['authorization']).toBe(`Bearer ${UPSTREAM_KEY}`);
  expect(attempt.path).toBe('/v1/chat/completions');
});

test('the tokens of a chat completion are counted for its key', async () => {
  const { usage } = await client.chat.completions.create({ model: 'acme/chat', messages: MESSAGES });
  const [ended] = await stage.ended();
  expect(usage?.total_tokens).toBeGreaterThan(20);
  expect(ended).toMatchObject({
    ending: 'complete',
    model: 'acme/chat',
    provider: 'main',
    keyName: 'client',
    usage: {
      inputTokens: usage?.prompt_tokens,
      outputTokens: usage?.completion_tokens,
      totalTokens: usage?.total_tokens,
    },
  });
});

test('withResponse shows the gateway’s own header fields and the provider’s request id', async () => {
  const { response, request_id } = await client.chat.completions
    .create({ model: 'acme/chat', messages: MESSAGES })
    .withResponse();
  const [ended] = await stage.ended();
  expect(response.headers.get('x-llm-proxy-provider')).toBe('main');
  expect(response.headers.get('x-llm-proxy-model')).toBe('acme/chat');
  expect(response.headers.get('x-llm-proxy-attempts')).toBe('1');
  expect(response.headers.get('x-llm-proxy-request-id')).toBe(ended?.requestId ?? '');
  expect(request_id).toStartWith('req_');
  expect(request_id).not.toBe(ended?.requestId ?? '');
});

test('several choices of one completion all arrive', async () => {
  const { choices } = await client.chat.completions.create({ model: 'acme/chat', messages: MESSAGES, n: 3 });
  const texts = new Set(choices.map(({ message }) => message.content));
  expect(choices.map(({ index }) => index)).toEqual([0, 1, 2]);
  expect(texts.size).toBe(3);
});

test('a stream that asks for usage arrives chunk by chunk as the provider sent it, usage included', async () => {
  const request = { messages: MESSAGES, stream: true, stream_options: { include_usage: true } } as const;
  const chunks = await collected(await client.chat.completions.create({ model: 'acme/chat', ...request }));
  const direct = await collected(await provider.chat.completions.create({ model: 'mock-chat', ...request }));

  expect(chunks).toEqual(direct);
  expect(chunks.at(-1)?.choices).toEqual([]);
  expect(chunks.at(-1)?.usage?.completion_tokens).toBe(20);
  const [ended] = await stage.ended();
  expect(ended?.usage?.totalTokens).toBe(chunks.at(-1)?.usage?.total_tokens);
});

test('a stream that does not ask for usage shows none, and its tokens are counted all the same', async () => {
  const stream = await client.chat.completions.create({
    model: 'acme/chat',
    messages: MESSAGES,
    stream: true,
  });
  const chunks = await collected(stream);

  expect(textOf(chunks).split(' ')).toHaveLength(20);
  expect(chunks.filter(({ usage }) => usage)).toEqual([]);
  expect(chunks.filter(({ choices }) => choices.length === 0)).toEqual([]);
  expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('stop');
  const [ended] = await stage.ended();
  expect(ended).toMatchObject({ ending: 'complete', usage: { outputTokens: 20 } });
  expect(ended?.usage?.inputTokens).toBeGreaterThan(0);
});

test('a stream whose client declines usage is left as it is', async () => {
  const stream = await client.chat.completions.create({
    model: 'acme/chat',
    messages: MESSAGES,
    stream: true,
    stream_options: { include_usage: false },
  });
  const chunks = await collected(stream);
  const sent = JSON.parse(new TextDecoder().decode(stage.attempt().body)) as unknown;
  expect(sent).toMatchObject({ stream_options: { include_usage: false } });
  expect(chunks.filter(({ usage }) => usage)).toEqual([]);
});

test('the stream helper puts the answer together', async () => {
  const stream = client.chat.completions.stream({ model: 'acme/chat', messages: MESSAGES });
  const deltas: string[] = [];
  stream.on('content', (delta) => deltas.push(delta));
  const completion = await stream.finalChatCompletion();
  expect(deltas).toHaveLength(20);
  expect(completion.choices[0]?.message.content).toBe(deltas.join(''));
  expect(completion.choices[0]?.finish_reason).toBe('stop');
});

test('a stream of small chunks, comments and odd characters is put together without loss', async () => {
  const request = {
    model: 'mock/unicode+chunks+comments?bytes=3&words=200',
    messages: MESSAGES,
    stream: true,
    stream_options: { include_usage: true },
  } as const;
  const chunks = await collected(await client.chat.completions.create(request));
  stage.simulator.reset();
  const direct = await collected(await provider.chat.completions.create(request));
  expect(chunks).toEqual(direct);
  expect(chunks.length).toBeGreaterThan(200);
});

test('content parts, unknown fields and request options pass to the provider untouched', async () => {
  const image = `data:image/png;base64,${'iVBORw0KGgo'.repeat(20_000)}`;
  const content = [
    { type: 'text' as const, text: 'What is this?' },
    { type: 'image_url' as const, image_url: { url: image, detail: 'low' as const } },
  ];
  await client.chat.completions.create(
    // @ts-expect-error -- a field that the client does not know
    { model: 'acme/chat', messages: [{ role: 'user', content }], vendor_option: { deep: [1, null] } },
    { headers: { 'x-custom': 'kept' }, query: { 'api-version': '2026-01-01' } },
  );
  const attempt = stage.attempt();
  expect(JSON.parse(new TextDecoder().decode(attempt.body))).toEqual({
    model: 'mock-chat',
    messages: [{ role: 'user', content }],
    vendor_option: { deep: [1, null] },
  });
  expect(attempt.headers['x-custom']).toBe('kept');
  expect(attempt.path).toBe('/v1/chat/completions?api-version=2026-01-01');
});

test('a base URL without /v1 works likewise', async () => {
  const bare = throughGateway(stage, { baseURL: stage.gateway.url });
  const completion = await bare.chat.completions.create({ model: 'acme/chat', messages: MESSAGES });
  expect(completion.object).toBe('chat.completion');
  expect(stage.attempt().path).toBe('/v1/chat/completions');
});

function textOf(chunks: readonly ChatCompletionChunk[]): string {
  return chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('');
}
