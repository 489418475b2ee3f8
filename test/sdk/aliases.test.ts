import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { ChatOpenAI } from '@langchain/openai';
import { generateText, streamText } from 'ai';
import { describe, expect, test } from 'bun:test';
import OpenAI, { AuthenticationError, InternalServerError, NotFoundError } from 'openai';
import { collected, rejection, startStageWith, UPSTREAM_KEY, useStage } from './stage.ts';

const KEY = 'sk-your-unified-api-key';

/** Backends, aliases and one key for all: the other form of the configuration, as its users write it. */
const CONFIG = `
proxy_api_key: "${KEY}"
backends:
  - name: "provider-a"
    url: "URL/v1"
    api_key: "${UPSTREAM_KEY}"
    enabled: true
  - name: "provider-b"
    url: "URL/v1"
    api_key: "${UPSTREAM_KEY}"
  - name: "provider-off"
    url: "http://127.0.0.1:9/v1"
    api_key: "sk-off"
    enabled: false
models:
  "anthropic/claude-opus-4-5":
    enabled: true
    routes:
      - { backend: "provider-a", model: "claude-opus-4-5", priority: 1 }
      - { backend: "provider-off", model: "claude-opus-4-5", priority: 1 }
      - { backend: "provider-b", model: "claude-opus-4-5", priority: 2, enabled: true }
  "anthropic/claude-flaky":
    routes:
      - { backend: "provider-a", model: "mock/500", priority: 1 }
      - { backend: "provider-b", model: "claude-haiku-4-5", priority: 2 }
  "anthropic/claude-broken":
    routes:
      - { backend: "provider-a", model: "mock/error-after-role", priority: 1 }
  "google/gemini-3-pro-preview":
    routes:
      - { backend: "provider-b", model: "gemini-3-pro", priority: 1 }
  "anthropic/claude-down":
    routes:
      - { backend: "provider-a", model: "mock/503", priority: 1 }
  "anthropic/claude-retired":
    enabled: false
    routes:
      - { backend: "provider-a", model: "claude-retired", priority: 1 }
fallback:
  cooldown_seconds: 300
  max_retries: 3
  alias_fallback:
    "anthropic/claude-broken":
      - "google/gemini-3-pro-preview"
detection:
  error_codes: ["4xx", "5xx"]
  error_patterns: ["insufficient_quota", "rate_limit", "exceeded", "billing", "quota"]
logging:
  level: "info"
  mask_sensitive: true
`;

const stage = await useStage(startStageWith(CONFIG));
const client = new OpenAI({ baseURL: stage.baseUrl, apiKey: KEY });

const OPUS = 'anthropic/claude-opus-4-5';
const MESSAGES = [{ role: 'user' as const, content: 'Hello' }];

describe('openai', () => {
  test('a chat goes to the alias’s first backend under its name there', async () => {
    const { data, response } = await client.chat.completions
      .create({ model: OPUS, messages: MESSAGES })
      .withResponse();
    expect(data.choices[0]?.message.content?.split(' ')).toHaveLength(20);
    expect(data.model).toBe('claude-opus-4-5');
    expect(response.headers.get('x-llm-proxy-provider')).toBe('provider-a');
    expect(response.headers.get('x-llm-proxy-model')).toBe(OPUS);
    expect(stage.attempt().model).toBe('claude-opus-4-5');
    expect(stage.attempt().headers['authorization']).toBe(`Bearer ${UPSTREAM_KEY}`);
    expect(new TextDecoder().decode(stage.attempt().body)).not.toContain('anthropic/');
  });

  test('a stream comes from the alias’s first backend', async () => {
    const stream = await client.chat.completions.create({ model: OPUS, messages: MESSAGES, stream: true });
    const chunks = await collected(stream);
    const text = chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('');
    expect(text.split(' ')).toHaveLength(20);
    expect(new Set(chunks.map(({ model }) => model))).toEqual(new Set(['claude-opus-4-5']));
    const [ended] = await stage.ended();
    expect(ended).toMatchObject({
      ending: 'complete',
      provider: 'provider-a',
      keyName: 'default',
      model: OPUS,
    });
    expect(ended?.usage?.outputTokens).toBe(20);
  });

  test('the aliases that are enabled are listed, also to a client whose key is wrong', async () => {
    const aliases = [
      'anthropic/claude-broken',
      'anthropic/claude-down',
      'anthropic/claude-flaky',
      OPUS,
      'google/gemini-3-pro-preview',
    ];
    const stranger = new OpenAI({ baseURL: stage.baseUrl, apiKey: 'sk-stranger' });
    for (const one of [client, stranger]) {
      const models = await collected(one.models.list());
      expect(models.map(({ id }) => id)).toEqual(aliases);
    }
    expect((await client.models.retrieve(OPUS)).id).toBe(OPUS);
    expect(stage.simulator.attempts).toEqual([]);
  });

  test('a backend that fails is routed around, and the client sees only the answer', async () => {
    const model = 'anthropic/claude-flaky';
    const { data, response } = await client.chat.completions
      .create({ model, messages: MESSAGES })
      .withResponse();
    expect(data.model).toBe('claude-haiku-4-5');
    expect(response.headers.get('x-llm-proxy-provider')).toBe('provider-b');
    expect(stage.simulator.attempts.map(({ model }) => model)).toEqual(['mock/500', 'claude-haiku-4-5']);
  });

  test('a stream that fails before its content is answered by another alias, whole', async () => {
    const model = 'anthropic/claude-broken';
    const stream = client.chat.completions.stream({ model, messages: MESSAGES });
    const completion = await stream.finalChatCompletion();
    expect(completion.model).toBe('gemini-3-pro');
    expect(completion.choices[0]?.message.content?.split(' ')).toHaveLength(20);
    const [ended] = await stage.ended();
    expect(ended?.history.map(({ model }) => model)).toEqual([model, 'google/gemini-3-pro-preview']);
  });

  test('errors have their classes here as well', async () => {
    const create = (model: string, apiKey = KEY): Promise<unknown> =>
      rejection(
        new OpenAI({ baseURL: stage.baseUrl, apiKey, maxRetries: 0 }).chat.completions.create({
          model,
          messages: MESSAGES,
        }),
      );
    expect(await create(OPUS, UPSTREAM_KEY)).toBeInstanceOf(AuthenticationError);
    expect(await create('claude-opus-4-5')).toBeInstanceOf(NotFoundError);
    expect(await create('anthropic/claude-retired')).toBeInstanceOf(NotFoundError);
    expect(await create('anthropic/claude-down')).toBeInstanceOf(InternalServerError);
  });
});

describe('ai', () => {
  test('text is generated and streamed by an alias', async () => {
    const provider = createOpenAICompatible({ name: 'unified', baseURL: stage.baseUrl, apiKey: KEY });
    const { text } = await generateText({ model: provider(OPUS), prompt: 'Hello' });
    const pieces = await collected(streamText({ model: provider(OPUS), prompt: 'Hello' }).textStream);
    expect(text.split(' ')).toHaveLength(20);
    expect(pieces).toHaveLength(20);
    expect(stage.simulator.attempts.map(({ model }) => model)).toEqual([
      'claude-opus-4-5',
      'claude-opus-4-5',
    ]);
  });
});

describe('langchain', () => {
  test('an alias is invoked and streamed', async () => {
    const model = new ChatOpenAI({ model: OPUS, apiKey: KEY, configuration: { baseURL: stage.baseUrl } });
    const message = await model.invoke('Hello');
    const chunks = await collected(await model.stream('Hello'));
    expect(message.text.split(' ')).toHaveLength(20);
    expect(chunks.map(({ text }) => text).filter(Boolean)).toHaveLength(20);
    expect(stage.simulator.attempts.map(({ model }) => model)).toEqual([
      'claude-opus-4-5',
      'claude-opus-4-5',
    ]);
  });
});
