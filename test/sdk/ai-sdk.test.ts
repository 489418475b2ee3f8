import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import {
  APICallError,
  embed,
  embedMany,
  generateImage,
  generateText,
  isStepCount,
  Output,
  RetryError,
  streamText,
  tool,
} from 'ai';
import { expect, test } from 'bun:test';
import { z } from 'zod';
import { CLIENT_KEY, collected, rejection, startStage, UPSTREAM_KEY, useStage } from './stage.ts';

const stage = await useStage(startStage('fallback: { retries: 0, cooldown_seconds: 0 }'));

const WEATHER = tool({
  description: 'How warm it is',
  inputSchema: z.object({ city: z.string(), days: z.number() }),
  execute: ({ city }) => ({ city, degrees: 21 }),
});

type Options = Partial<Parameters<typeof createOpenAICompatible>[0]>;

/** The provider as its users create it: a base URL and a key. */
function acme(options: Options = {}): ReturnType<typeof createOpenAICompatible> {
  return createOpenAICompatible({ name: 'acme', baseURL: stage.baseUrl, apiKey: CLIENT_KEY, ...options });
}

test('generateText gets the text and the tokens', async () => {
  const { text, usage, finishReason, response } = await generateText({
    model: acme()('acme/chat'),
    prompt: 'Hello!',
  });
  expect(text.split(' ')).toHaveLength(20);
  expect(finishReason).toBe('stop');
  expect(usage.outputTokens).toBe(20);
  expect(response.headers?.['x-llm-proxy-provider']).toBe('main');
  expect(stage.attempt()).toMatchObject({ model: 'mock-chat', path: '/v1/chat/completions' });
  expect(stage.attempt().headers['authorization']).toBe(`Bearer ${UPSTREAM_KEY}`);
  expect((await stage.ended())[0]?.usage?.outputTokens).toBe(20);
});

test('streamText gets the text piece by piece, and the gateway counts what the client did not ask for', async () => {
  const result = streamText({ model: acme()('acme/chat'), prompt: 'Hello!' });
  const pieces = await collected(result.textStream);
  expect(pieces).toHaveLength(20);
  expect(await result.finishReason).toBe('stop');
  expect((await result.usage).outputTokens).toBeUndefined();
  expect((await stage.ended())[0]).toMatchObject({ ending: 'complete', usage: { outputTokens: 20 } });
});

test('streamText gets the tokens where the client asks for them', async () => {
  const result = streamText({ model: acme({ includeUsage: true })('acme/chat'), prompt: 'Hello!' });
  await result.consumeStream();
  expect((await result.usage).outputTokens).toBe(20);
});

test('the thoughts of a model are streamed apart from its text', async () => {
  const result = streamText({ model: acme()('mock/reasoning-content?thoughts=7'), prompt: 'Hello!' });
  await result.consumeStream();
  expect((await result.reasoningText)?.split(' ')).toHaveLength(7);
  expect((await result.text).split(' ')).toHaveLength(20);
});

test.each(['plain', 'streamed'])('a tool is called and its result goes back, %s', async (how) => {
  const settings = {
    model: acme()('acme/chat'),
    prompt: 'How warm is it?',
    tools: { weather: WEATHER },
    stopWhen: isStepCount(3),
    prepareStep: ({ stepNumber }: { stepNumber: number }) => ({
      toolChoice: stepNumber === 0 ? ('required' as const) : ('auto' as const),
    }),
  };
  const { steps, text } =
    how === 'plain' ? await generateText(settings) : await streamed(streamText(settings));
  expect(steps).toHaveLength(2);
  expect(steps[0]?.toolCalls).toMatchObject([{ toolName: 'weather', input: { city: 'mock', days: 1 } }]);
  expect(steps[0]?.toolResults).toMatchObject([{ output: { city: 'mock', degrees: 21 } }]);
  expect(text.split(' ')).toHaveLength(20);
  const body = JSON.parse(new TextDecoder().decode(stage.simulator.attempts[1]?.body)) as unknown;
  expect(body).toMatchObject({ model: 'mock-chat', messages: [{}, { role: 'assistant' }, { role: 'tool' }] });
});

const PERSON = z.object({ name: z.string(), age: z.number(), tags: z.array(z.string()) });

test('structured output is parsed from a plain answer', async () => {
  const { output } = await generateText({
    model: acme({ supportsStructuredOutputs: true })('acme/chat'),
    prompt: 'Who?',
    output: Output.object({ schema: PERSON }),
  });
  expect(output).toEqual({ name: 'mock', age: 1, tags: ['mock'] });
});

test('structured output grows while it is streamed', async () => {
  const result = streamText({
    model: acme({ supportsStructuredOutputs: true })('acme/chat'),
    prompt: 'Who?',
    output: Output.object({ schema: PERSON }),
  });
  const partial = await collected(result.partialOutputStream);
  expect(partial.length).toBeGreaterThan(2);
  expect(partial.at(-1)).toEqual({ name: 'mock', age: 1, tags: ['mock'] });
  expect(await result.output).toEqual({ name: 'mock', age: 1, tags: ['mock'] });
});

test('embed and embedMany get the same vectors', async () => {
  const model = acme().embeddingModel('acme/embed');
  const { embedding, usage } = await embed({ model, value: 'first text' });
  const { embeddings } = await embedMany({ model, values: ['other', 'first text'] });
  expect(embedding).toHaveLength(8);
  expect(usage.tokens).toBe(2);
  expect(embeddings[1]).toEqual(embedding);
});

test('generateImage gets the image', async () => {
  const { image } = await generateImage({ model: acme().imageModel('acme/paint'), prompt: 'A lighthouse' });
  expect(stage.attempt().model).toBe('mock-paint');
  expect([...image.uint8Array.subarray(1, 4)]).toEqual([...Buffer.from('PNG')]);
});

test('a refusal of the gateway is an APICallError with its message, and is not tried again', async () => {
  const model = acme({ apiKey: 'mk-unknown' })('acme/chat');
  const error = await rejection(generateText({ model, prompt: 'Hello!' }));
  expect(APICallError.isInstance(error)).toBe(true);
  expect(error).toMatchObject({ statusCode: 401, isRetryable: false });
  expect((error as APICallError).message).toContain('The API key is not valid');
  expect(await stage.ended()).toHaveLength(1);
});

test('an error of the provider is an APICallError with its message', async () => {
  const model = acme()('mock/context-length');
  const error = await rejection(generateText({ model, prompt: 'Hello!' }));
  expect(error).toMatchObject({ statusCode: 400 });
  expect((error as APICallError).message).toContain('maximum context length');
});

test('a rate limit that passes is waited for', async () => {
  const model = acme()('mock/429?times=1&retry-after=none&retry-after-ms=100');
  const { text } = await generateText({ model, prompt: 'Hello!' });
  expect(text.split(' ')).toHaveLength(20);
  expect((await stage.ended(2)).map(({ status }) => status)).toEqual([429, 200]);
});

test('a provider that stays down ends in a RetryError with its last answer', async () => {
  const model = acme()('mock/503?retry-after-ms=50');
  const error = await rejection(generateText({ model, prompt: 'Hello!', maxRetries: 1 }));
  expect(RetryError.isInstance(error)).toBe(true);
  expect((error as RetryError).lastError).toMatchObject({ statusCode: 503 });
});

test('a stream that breaks off is an error and no shorter answer', async () => {
  const errors: unknown[] = [];
  const types: string[] = [];
  const result = streamText({
    model: acme()('mock/cut-clean?after=5'),
    prompt: 'Hello!',
    onError: ({ error }) => void errors.push(error),
  });
  const reading = async (): Promise<void> => {
    for await (const { type } of result.stream) types.push(type);
  };
  // The event carries the reason. The broken connection behind it makes sure that no client overlooks it.
  await rejection(reading());
  expect(types.filter((type) => type === 'text-delta')).toHaveLength(5);
  expect(types).toContain('error');
  expect(types).not.toContain('finish');
  expect(errors[0]).toMatchObject({ code: 'upstream_truncated', type: 'upstream_error' });
  expect((await stage.ended())[0]?.ending).toBe('truncated');
});

test('an abort ends the provider’s stream', async () => {
  const leaving = new AbortController();
  const result = streamText({
    model: acme()('mock/endless'),
    prompt: 'Hello!',
    abortSignal: leaving.signal,
  });
  let pieces = 0;
  for await (const _ of result.textStream) if (++pieces === 5) leaving.abort();
  await stage.brokenOff();
  expect((await stage.ended())[0]?.ending).toBe('client-left');
});

async function streamed<Steps>(result: {
  consumeStream: () => PromiseLike<void>;
  steps: PromiseLike<Steps>;
  text: PromiseLike<string>;
}): Promise<{ steps: Steps; text: string }> {
  await result.consumeStream();
  return { steps: await result.steps, text: await result.text };
}
