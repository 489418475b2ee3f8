import Anthropic, { APIError, AuthenticationError, RateLimitError } from '@anthropic-ai/sdk';
import { expect, test } from 'bun:test';
import { CLIENT_KEY, rejection, startStageWith, UPSTREAM_KEY, useStage } from './stage.ts';

const stage = await useStage(
  startStageWith(`
providers:
  - name: main
    provider_type: anthropic
    api_base: "URL/v1"
    api_key: ${UPSTREAM_KEY}
    model_mapping: { acme/claude: mock-claude, mock/*: "*" }
master_keys:
  - { name: client, key: ${CLIENT_KEY} }
fallback: { retries: 0, cooldown_seconds: 0 }
`),
);
// The library adds /v1 itself.
const client = new Anthropic({ baseURL: stage.gateway.url, apiKey: CLIENT_KEY, maxRetries: 0 });

function hello(model: string): Anthropic.MessageCreateParamsNonStreaming {
  return { model, max_tokens: 100, messages: [{ role: 'user', content: 'Hello!' }] };
}

test('a message comes whole, and the provider sees its own key where this API has it', async () => {
  const message = await client.messages.create(hello('acme/claude'));
  expect(message).toMatchObject({ stop_reason: 'end_turn', usage: { output_tokens: 20 } });
  const { headers, model, path } = stage.attempt();
  expect({ model, path, key: headers['x-api-key'] }).toEqual({
    model: 'mock-claude',
    path: '/v1/messages',
    key: UPSTREAM_KEY,
  });
  expect(headers['anthropic-version']).toMatch(/^\d{4}-\d\d-\d\d$/);
  expect((await stage.ended())[0]?.usage?.outputTokens).toBe(20);
});

test('a stream comes piece by piece, to the end that the library waits for', async () => {
  const stream = client.messages.stream(hello('acme/claude'));
  let pieces = 0;
  stream.on('text', () => pieces++);
  expect((await stream.finalText()).split(' ')).toHaveLength(20);
  expect(pieces).toBeGreaterThan(10);
  expect((await stage.ended())[0]).toMatchObject({ ending: 'complete', usage: { outputTokens: 20 } });
});

test('a stream that breaks off is an error and no shorter message', async () => {
  const stream = client.messages.stream(hello('mock/cut-rst?after=5'));
  expect(await rejection(stream.finalMessage())).toBeInstanceOf(Error);
  expect((await stage.ended())[0]).toMatchObject({ ending: 'truncated' });
});

test('errors have the classes that the library gives them', async () => {
  const stranger = new Anthropic({ baseURL: stage.gateway.url, apiKey: 'sk-unknown', maxRetries: 0 });
  expect(await rejection(stranger.messages.create(hello('acme/claude')))).toBeInstanceOf(AuthenticationError);
  expect(await rejection(client.messages.create(hello('mock/429')))).toBeInstanceOf(RateLimitError);
  const overloaded = await rejection(client.messages.create(hello('mock/529')));
  expect(overloaded).toBeInstanceOf(APIError);
  expect(overloaded).toMatchObject({ status: 529 });
});

test('models are listed and read with what this API says of them', async () => {
  const page = await client.models.list({ limit: 10 });
  expect(page.data[0]).toMatchObject({ type: 'model', id: 'acme/claude', display_name: 'acme/claude' });
  expect(Number.isNaN(Date.parse(page.data[0]?.created_at ?? ''))).toBe(false);
  expect([page.has_more, page.first_id]).toEqual([false, 'acme/claude']);
  expect(await client.models.retrieve('acme/claude')).toMatchObject({ id: 'acme/claude', type: 'model' });
});
