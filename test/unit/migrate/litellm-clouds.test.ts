import { expect, test } from 'bun:test';
import { parseSource } from '../../../src/config/read/source.ts';
import { readLitellm } from '../../../src/migrate/from-litellm.ts';

function read(params: string, env: Record<string, string> = {}) {
  const source = parseSource(`model_list: [{model_name: m, litellm_params: {${params}}}]`);
  if (source.kind === 'invalid') throw new Error('not YAML');
  const { file, unmapped } = readLitellm(source.value, env);
  return { providers: file['providers'], unmapped: unmapped.map(({ path, reason }) => `${path}: ${reason}`) };
}

test.each([
  [
    'model: gemini/gemini-3-pro, api_key: k',
    {
      name: 'gemini',
      provider_type: 'gemini',
      api_base: 'https://generativelanguage.googleapis.com',
      api_key: 'k',
    },
  ],
  [
    'model: azure/gpt-4o, api_base: "https://x.openai.azure.com", api_version: "2024-10-21", api_key: k',
    {
      name: 'azure',
      provider_type: 'azure',
      api_base: 'https://x.openai.azure.com',
      api_version: '2024-10-21',
      api_key: 'k',
    },
  ],
  [
    'model: bedrock/anthropic.claude-opus-5-5, aws_region_name: eu-central-1',
    { name: 'bedrock', provider_type: 'bedrock', region: 'eu-central-1' },
  ],
  [
    'model: bedrock/m, aws_region_name: eu-central-1, aws_access_key_id: os.environ/ID, aws_secret_access_key: s',
    {
      name: 'bedrock',
      provider_type: 'bedrock',
      region: 'eu-central-1',
      aws: { access_key_id: 'id', secret_access_key: 's' },
    },
  ],
  [
    'model: vertex_ai/gemini-3-pro, vertex_project: p, vertex_location: global, vertex_credentials: /sa.json',
    {
      name: 'vertex_ai',
      provider_type: 'vertex',
      project: 'p',
      location: 'global',
      service_account: { file: '/sa.json' },
    },
  ],
])('%s is a provider of its type', (params, provider) => {
  expect(read(params, { ID: 'id' })).toEqual({ providers: [provider], unmapped: [] });
});

test.each([
  ['model: azure/gpt-4o, api_key: k', 'need api_base'],
  ['model: bedrock/m', 'need aws_region_name'],
  ['model: bedrock/m, aws_region_name: eu-central-1, aws_role_name: r', 'aws_role_name'],
  ['model: vertex_ai/m, vertex_location: global', 'need vertex_project'],
  ['model: vertex_ai/m, vertex_project: p', 'need vertex_location'],
])('%s is not guessed: %s', (params, why) => {
  const { providers, unmapped } = read(params);
  expect(providers ?? []).toEqual([]);
  expect(unmapped.join('\n')).toContain(why);
});
