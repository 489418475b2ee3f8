import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { chat, startGateway, type TestGateway } from './gateway.ts';

/** The path and model of each request to the provider. */
let asked: string[] = [];
let provider: ReturnType<typeof Bun.serve>;
let gateway: TestGateway;

beforeAll(() => {
  provider = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: async (request) => {
      const { pathname, search } = new URL(request.url);
      const text = await request.text();
      const model = /"model":"([^"]*)"/.exec(text)?.[1];
      asked.push(`${pathname}${search}${model === undefined ? '' : ` ${model}`}`);
      return Response.json({
        id: 'c',
        object: 'chat.completion',
        choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
        data: [{ embedding: [1] }],
      });
    },
  });
  const { origin } = provider.url;
  gateway = startGateway(`
providers:
  - { name: openai, api_base: "${origin}/v1", api_key: sk-a }
  - { name: azure, api_base: "${origin}", api_key: sk-b, provider_type: azure }
  - { name: bare, api_base: "${origin}", path_version: as_sent }
master_keys:
  - { name: all, key: mk-all }
  - { name: some, key: mk-some, allowed_models: [on-azure] }
models:
  on-openai: { routes: [{ provider: openai, model: up }] }
  on-azure: { routes: [{ provider: azure, model: "my deployment" }] }
  bare: { routes: [{ provider: bare, model: up }] }`);
});
beforeEach(() => {
  asked = [];
});
afterAll(async () => {
  await gateway.stop();
  await provider.stop(true);
});

function post(path: string, body: unknown, key = 'mk-all'): Promise<Response> {
  return gateway.post(path, body, { headers: { authorization: `Bearer ${key}` } });
}

describe("a client in Azure's way", () => {
  const path = (model: string) => `/openai/deployments/${model}/chat/completions?api-version=2024-10-21`;

  test('reaches an Azure provider under the deployment of the route', async () => {
    expect((await post(path('on-azure'), chat('on-azure'))).status).toBe(200);
    expect((await post(path('on-azure'), { messages: [] })).status).toBe(200);
    const sent = '/openai/deployments/my%20deployment/chat/completions?api-version=2024-10-21 my deployment';
    expect(asked).toEqual([sent, sent]);
  });

  test('reaches a provider of another kind, with the model in the body', async () => {
    for (const body of [chat('on-openai'), { messages: [] }, {}])
      expect((await post(path('on-openai'), body)).status).toBe(200);
    expect(asked).toEqual(Array.from({ length: 3 }, () => '/v1/chat/completions up'));
  });

  test('gets the model of the body where the path names another, so that the one that was checked is asked', async () => {
    expect((await post(path('secret'), chat('on-azure'))).status).toBe(200);
    expect(asked[0]).toStartWith('/openai/deployments/my%20deployment/');
    expect((await post(path('secret'), chat('on-azure'), 'mk-some')).status).toBe(403);
    expect((await post(path('on-openai'), { messages: [] }, 'mk-some')).status).toBe(403);
    expect((await post(path('on-azure'), chat('on-openai'), 'mk-some')).status).toBe(403);
    expect(asked).toHaveLength(1);
  });
});

test('a doubled slash, a doubled version and a slash at the end reach the endpoint, and the gateway’s own as well', async () => {
  for (const path of ['//v1/chat/completions', '/v1/v1/chat/completions', '/v1//chat/completions/'])
    expect((await post(path, chat('on-openai'))).status).toBe(200);
  expect(asked).toEqual(Array.from({ length: 3 }, () => '/v1/chat/completions up'));
  const list = await fetch(`${gateway.url}//v1/v1/models/`, { headers: { authorization: 'Bearer mk-all' } });
  expect(((await list.json()) as { object: string }).object).toBe('list');
});

test('a path without a version reaches a provider that takes paths as they are sent', async () => {
  await post('/tokenize', { model: 'bare', prompt: 'x' });
  await post('/tokenize', { model: 'on-openai', prompt: 'x' });
  expect(asked).toEqual(['/tokenize up', '/v1/tokenize up']);
});
