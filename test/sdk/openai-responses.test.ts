import { expect, test } from 'bun:test';
import { atProvider, throughGateway } from './openai-client.ts';
import { collected, startStage, useStage } from './stage.ts';

const stage = await useStage(startStage());
const client = throughGateway(stage);
const provider = atProvider(stage);

const REQUEST = { instructions: 'You are terse.', input: 'Hello! 你好' };

test('a response is the one that the provider gave, and its tokens are counted', async () => {
  const response = await client.responses.create({ model: 'acme/chat', ...REQUEST });
  const direct = await provider.responses.create({ model: 'mock-chat', ...REQUEST });
  expect(response).toEqual(direct);
  expect(response.output_text.split(' ')).toHaveLength(20);
  const [ended] = await stage.ended();
  expect(ended?.usage).toMatchObject({
    inputTokens: response.usage?.input_tokens,
    outputTokens: response.usage?.output_tokens,
  });
});

test('a streamed response arrives event by event as the provider sent it', async () => {
  const request = { ...REQUEST, stream: true } as const;
  const events = await collected(await client.responses.create({ model: 'acme/chat', ...request }));
  const direct = await collected(await provider.responses.create({ model: 'mock-chat', ...request }));
  expect(events).toEqual(direct);
  expect(events[0]?.type).toBe('response.created');
  expect(events.filter(({ type }) => type === 'response.output_text.delta')).toHaveLength(20);
  expect(events.at(-1)?.type).toBe('response.completed');
  const [ended] = await stage.ended();
  expect(ended).toMatchObject({ ending: 'complete', usage: { outputTokens: 20 } });
});

test('the stream helper puts the response together', async () => {
  const stream = client.responses.stream({ model: 'acme/chat', ...REQUEST });
  let text = '';
  stream.on('response.output_text.delta', ({ delta }) => {
    text += delta;
  });
  const response = await stream.finalResponse();
  expect(text.split(' ')).toHaveLength(20);
  expect(response.output_text).toBe(text);
});

test('a function call is streamed with its arguments', async () => {
  const stream = client.responses.stream({
    model: 'acme/chat',
    input: 'How warm is it?',
    tool_choice: 'required',
    tools: [
      {
        type: 'function',
        name: 'get_weather',
        strict: true,
        parameters: {
          type: 'object',
          properties: { city: { type: 'string' } },
          required: ['city'],
          additionalProperties: false,
        },
      },
    ],
  });
  const { output } = await stream.finalResponse();
  expect(output[0]).toMatchObject({
    type: 'function_call',
    name: 'get_weather',
    arguments: '{"city":"mock"}',
  });
});

test('a response that ends at its limit of tokens is complete for the gateway and incomplete for the client', async () => {
  const stream = client.responses.stream({ model: 'acme/chat', ...REQUEST, max_output_tokens: 16 });
  const types = (await collected(stream)).map(({ type }) => type);
  expect(types.at(-1)).toBe('response.incomplete');
  const [ended] = await stage.ended();
  expect(ended).toMatchObject({ ending: 'complete', usage: { outputTokens: 16 } });
});

test('a stored response is reached through the provider that the client names', async () => {
  const named = throughGateway(stage, { defaultHeaders: { 'x-llm-proxy-provider': 'main' } });
  expect(await named.responses.retrieve('resp_1')).toMatchObject({ object: 'response', status: 'completed' });
  expect((await stage.ended())[0]?.provider).toBe('main');
});
