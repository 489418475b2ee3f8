import { ContextOverflowError } from '@langchain/core/errors';
import { AIMessageChunk, HumanMessage, ToolMessage } from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import { ChatOpenAI, type ChatOpenAIFields, OpenAIEmbeddings } from '@langchain/openai';
import { expect, test } from 'bun:test';
import { z } from 'zod';
import { CLIENT_KEY, collected, rejection, startStage, UPSTREAM_KEY, useStage } from './stage.ts';

const stage = await useStage(startStage('fallback: { retries: 0, cooldown_seconds: 0 }'));

/** The model as its users create it: a base URL and a key. */
function chat(model: string, fields: ChatOpenAIFields = {}): ChatOpenAI {
  return new ChatOpenAI({
    model,
    apiKey: CLIENT_KEY,
    configuration: { baseURL: stage.baseUrl },
    ...fields,
  });
}

const weather = tool(({ city }) => `21 degrees in ${city}`, {
  name: 'get_weather',
  description: 'How warm it is',
  schema: z.object({ city: z.string(), days: z.number() }),
});

test('invoke gets the text and the tokens', async () => {
  const message = await chat('acme/chat').invoke([new HumanMessage('Hello!')]);
  expect(message.text.split(' ')).toHaveLength(20);
  expect(message.usage_metadata).toMatchObject({ output_tokens: 20 });
  expect(stage.attempt()).toMatchObject({ model: 'mock-chat', path: '/v1/chat/completions' });
  expect(stage.attempt().headers['authorization']).toBe(`Bearer ${UPSTREAM_KEY}`);
  expect((await stage.ended())[0]?.usage?.outputTokens).toBe(20);
});

test('stream gets the text piece by piece, and the tokens that it asks for by itself', async () => {
  const chunks = await collected(await chat('acme/chat').stream('Hello!'));
  const whole = sum(chunks);
  expect(chunks.length).toBeGreaterThanOrEqual(20);
  expect(whole.text.split(' ')).toHaveLength(20);
  expect(whole.usage_metadata).toMatchObject({ output_tokens: 20 });
});

test('stream shows no tokens where they are turned off, and the gateway counts them', async () => {
  const chunks = await collected(await chat('acme/chat', { streamUsage: false }).stream('Hello!'));
  expect(sum(chunks).text.split(' ')).toHaveLength(20);
  expect(sum(chunks).usage_metadata).toBeUndefined();
  expect((await stage.ended())[0]).toMatchObject({ ending: 'complete', usage: { outputTokens: 20 } });
});

test('the responses API is spoken where the client prefers it, plain and streamed', async () => {
  const model = chat('acme/chat', { useResponsesApi: true });
  const message = await model.invoke('Hello!');
  const chunks = await collected(await model.stream('Hello!'));
  expect(message.text.split(' ')).toHaveLength(20);
  expect(sum(chunks).text.split(' ')).toHaveLength(20);
  expect(stage.simulator.attempts.map(({ path }) => path)).toEqual(['/v1/responses', '/v1/responses']);
});

test('a bound tool is called and its result goes back', async () => {
  const question = new HumanMessage('How warm is it?');
  const asked = await chat('acme/chat').bindTools([weather], { tool_choice: 'required' }).invoke([question]);
  const [call] = asked.tool_calls ?? [];
  expect(call).toMatchObject({ name: 'get_weather', args: { city: 'mock', days: 1 } });
  const result: unknown = await weather.invoke({
    ...call,
    type: 'tool_call',
    name: 'get_weather',
    args: call?.args ?? {},
  });
  if (!(result instanceof ToolMessage)) throw new Error('the tool gave no message');
  const answer = await chat('acme/chat').bindTools([weather]).invoke([question, asked, result]);
  expect(answer.tool_calls).toEqual([]);
  expect(answer.text.split(' ')).toHaveLength(20);
  const body = new TextDecoder().decode(stage.simulator.attempts[1]?.body);
  expect(body).toContain('21 degrees in mock');
});

test('a streamed tool call is put together from its chunks', async () => {
  const model = chat('acme/chat').bindTools([weather], { tool_choice: 'required' });
  const chunks = await collected(await model.stream('How warm is it?'));
  expect(chunks.length).toBeGreaterThan(3);
  expect(sum(chunks).tool_calls).toMatchObject([{ name: 'get_weather', args: { city: 'mock', days: 1 } }]);
});

test.each(['jsonSchema', 'functionCalling'] as const)('withStructuredOutput parses by %s', async (method) => {
  const Person = z.object({ name: z.string(), age: z.number(), tags: z.array(z.string()) });
  const model = chat('acme/chat').withStructuredOutput(Person, { method, name: 'person' });
  expect(await model.invoke('Who?')).toEqual({ name: 'mock', age: 1, tags: ['mock'] });
});

test('embeddings of many texts come back in their order', async () => {
  const embeddings = new OpenAIEmbeddings({
    model: 'acme/embed',
    apiKey: CLIENT_KEY,
    batchSize: 2,
    configuration: { baseURL: stage.baseUrl },
  });
  const texts = ['one', 'two', 'three', 'four', 'five'];
  const vectors = await embeddings.embedDocuments(texts);
  expect(stage.simulator.attempts).toHaveLength(3);
  expect(vectors.map(({ length }) => length)).toEqual([8, 8, 8, 8, 8]);
  expect(await embeddings.embedQuery('four')).toEqual(vectors[3] ?? []);
});

test('a batch of prompts goes through at once', async () => {
  const answers = await chat('acme/chat').batch(Array.from({ length: 20 }, (_, index) => `Prompt ${index}`));
  expect(answers.map(({ text }) => text.split(' ').length)).toEqual(Array.from({ length: 20 }, () => 20));
  expect(await stage.ended(20)).toHaveLength(20);
});

test('a refusal of the gateway is an error with its status and code, and is not tried again', async () => {
  const error = await rejection(chat('acme/chat', { apiKey: 'mk-unknown' }).invoke('Hello!'));
  expect(error).toMatchObject({ status: 401, code: 'invalid_api_key' });
  const unknown = await rejection(chat('no/such-model').invoke('Hello!'));
  expect(unknown).toMatchObject({ status: 404, code: 'model_not_found' });
  expect(await stage.ended(2)).toHaveLength(2);
});

test('a prompt that is too long is recognised as such', async () => {
  const error = await rejection(chat('mock/context-length').invoke('Hello!'));
  expect(error).toBeInstanceOf(ContextOverflowError);
  expect(error).toMatchObject({ cause: { status: 400, code: 'context_length_exceeded' } });
});

test('a failure that passes is repeated', async () => {
  const message = await chat('mock/503?times=1').invoke('Hello!');
  expect(message.text.split(' ')).toHaveLength(20);
  expect((await stage.ended(2)).map(({ status }) => status)).toEqual([503, 200]);
});

test('a stream that breaks off throws after the content that came', async () => {
  const stream = await chat('mock/cut-clean?after=5').stream('Hello!');
  const texts: string[] = [];
  const reading = async (): Promise<void> => {
    for await (const chunk of stream) texts.push(chunk.text);
  };
  expect(await rejection(reading())).toMatchObject({ code: 'upstream_truncated' });
  expect(texts.filter(Boolean)).toHaveLength(5);
  // The report waits for the token estimate. It must not be taken for the next request's report.
  expect((await stage.ended())[0]?.ending).toBe('truncated');
});

test('a client that breaks out of a stream ends the provider’s as well', async () => {
  const leaving = new AbortController();
  const stream = await chat('mock/endless').stream('Hello!', { signal: leaving.signal });
  let chunks = 0;
  const reading = async (): Promise<void> => {
    for await (const _ of stream) if (++chunks === 5) leaving.abort();
  };
  await rejection(reading());
  await stage.brokenOff();
  expect((await stage.ended())[0]?.ending).toBe('client-left');
});

function sum(chunks: readonly AIMessageChunk[]): AIMessageChunk {
  return chunks.reduce((all, chunk) => all.concat(chunk), new AIMessageChunk(''));
}
