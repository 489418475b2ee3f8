import { expect, test } from 'bun:test';
import { AzureOpenAI } from 'openai';
import { CLIENT_KEY, startStageWith, UPSTREAM_KEY, useStage } from './stage.ts';

const stage = await useStage(
  startStageWith(`
providers:
  - { name: azure, provider_type: azure, api_base: "URL", api_key: ${UPSTREAM_KEY} }
  - { name: main, api_base: "URL/v1", api_key: ${UPSTREAM_KEY} }
models:
  on-azure: { routes: [{ provider: azure, model: deployed }] }
  elsewhere: { routes: [{ provider: main, model: up }] }
master_keys:
  - { name: client, key: ${CLIENT_KEY} }
`),
);
const client = new AzureOpenAI({
  endpoint: stage.gateway.url,
  apiKey: CLIENT_KEY,
  apiVersion: '2024-10-21',
  maxRetries: 0,
});

const messages = [{ role: 'user' as const, content: 'Hello!' }];

test("an Azure provider is asked for the route's deployment", async () => {
  const { choices } = await client.chat.completions.create({ model: 'on-azure', messages });
  expect(choices[0]?.finish_reason).toBe('stop');
  const { path, headers, model } = stage.attempt();
  expect(path).toBe('/openai/deployments/deployed/chat/completions?api-version=2024-10-21');
  expect([model, headers['api-key']]).toEqual(['deployed', UPSTREAM_KEY]);
});

test('a provider of another kind is asked in its own way', async () => {
  const { data } = await client.embeddings.create({ model: 'elsewhere', input: 'Hello!' });
  expect(data).toHaveLength(1);
  const { path, model } = stage.attempt();
  expect([path, model]).toEqual(['/v1/embeddings', 'up']);
});
