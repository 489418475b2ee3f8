import { expect, test } from 'bun:test';
import { compileText } from '../../../src/config/read/compile-text.ts';
import { parseSource } from '../../../src/config/read/source.ts';
import { readLitellm } from '../../../src/migrate/from-litellm.ts';

const CONFIG = `
model_list:
  - model_name: gpt-4o
    litellm_params: { model: openai/gpt-4o, api_key: os.environ/OPENAI_API_KEY, weight: 3 }
    model_info: { id: one }
  - model_name: gpt-4o
    litellm_params: { model: gpt-4o, api_base: "https://mirror.example.com/v1", api_key: sk-mirror, order: 2, rpm: 60 }
  - model_name: claude
    litellm_params: { model: anthropic/claude-sonnet-4-5, api_key: os.environ/MISSING }
  - model_name: local
    litellm_params: { model: hosted_vllm/qwen, api_base: "http://127.0.0.1:8000/v1" }
  - model_name: "deepseek-*"
    litellm_params: { model: "deepseek/deepseek-*", api_key: sk-d }
  - model_name: "openai/*"
    litellm_params: { model: "openai/*", api_key: os.environ/OPENAI_API_KEY }
  - model_name: azure
    litellm_params: { model: azure/deployment, api_key: k, api_version: "2024-06-01" }
litellm_settings: { drop_params: true, fallbacks: [{ gpt-4o: [claude, local] }], request_timeout: 60 }
router_settings: { routing_strategy: least-busy, num_retries: 2, cooldown_time: 15, redis_host: h, model_group_alias: { gpt-4: gpt-4o } }
general_settings: { master_key: sk-1234, database_url: "postgres://x" }
environment_variables: { A: b }
`;

function read() {
  const source = parseSource(CONFIG);
  if (source.kind === 'invalid') throw new Error('not YAML');
  return readLitellm(source.value, { OPENAI_API_KEY: 'sk-openai' });
}

test('a configuration of LiteLLM becomes one of ours that is valid', () => {
  const { file } = read();
  expect(file['providers']).toEqual([
    { name: 'openai', api_base: 'https://api.openai.com/v1', api_key: 'sk-openai' },
    { name: 'openai-2', api_base: 'https://mirror.example.com/v1', api_key: 'sk-mirror' },
    { name: 'hosted_vllm', api_base: 'http://127.0.0.1:8000/v1' },
    {
      name: 'deepseek',
      api_base: 'https://api.deepseek.com/v1',
      api_key: 'sk-d',
      model_mapping: { 'deepseek-*': '*' },
    },
  ]);
  expect(file['fallback']).toEqual({
    retries: 2,
    cooldown_seconds: 15,
    alias_fallback: { 'gpt-4o': ['local'] },
  });
  const result = compileText(JSON.stringify(file), {
    file: 'x',
    env: {},
    overrides: {},
    version: 1,
    now: new Date(),
  });
  if (result.kind === 'refused') throw new Error(JSON.stringify(result.problems));
  const { models, findModel } = result.snapshot;
  expect([...models.keys()]).toEqual(['gpt-4o', 'local', 'gpt-4']);
  expect(findModel('gpt-4')?.strategy).toBe('least_busy');
  expect(findModel('gpt-4o')?.routes).toMatchObject([
    { provider: 'openai', upstreamModel: 'gpt-4o', weight: 3, priority: 1 },
    { provider: 'openai-2', priority: 2 },
  ]);
  expect(findModel('deepseek-chat')?.routes).toMatchObject([{ upstreamModel: 'deepseek-chat' }]);
});

test('every setting without a counterpart is named with its place', () => {
  expect(
    read()
      .unmapped.map(({ path }) => path)
      .sort(),
  ).toEqual(
    [
      'model_list[1].litellm_params.rpm',
      'model_list[2].litellm_params.api_key',
      'model_list[5]',
      'model_list[6]',
      'litellm_settings.fallbacks[0]',
      'router_settings.redis_host',
      'general_settings.database_url',
      'environment_variables',
    ].sort(),
  );
});

test('drop_params becomes the policy for what a provider lacks', () => {
  const policy = (drop_params: unknown, env = {}) =>
    readLitellm({ litellm_settings: { drop_params } }, env).file['translation'];
  expect(policy(true)).toEqual({ unsupported: 'warn' });
  expect(policy(false)).toEqual({ unsupported: 'reject' });
  expect(policy('os.environ/DROP', { DROP: 'True' })).toEqual({ unsupported: 'warn' });
  expect(policy(undefined)).toBeUndefined();
  expect(read().file['translation']).toEqual({ unsupported: 'warn' });
  for (const wrong of ['perhaps', 'os.environ/MISSING', 1]) {
    const { file, unmapped } = readLitellm({ litellm_settings: { drop_params: wrong } }, {});
    expect(file['translation']).toBeUndefined();
    expect(unmapped.map(({ path }) => path)).toEqual(['litellm_settings.drop_params']);
  }
  const entry = (drop_params: boolean) => ({
    model_list: [{ model_name: 'm', litellm_params: { model: 'openai/m', api_key: 'k', drop_params } }],
  });
  expect(readLitellm(entry(true), {}).unmapped).toEqual([]);
  expect(readLitellm(entry(false), {}).unmapped.map(({ path }) => path)).toEqual([
    'model_list[0].litellm_params.drop_params',
  ]);
});

test('a configuration that is none comes to nothing', () => {
  for (const value of [
    null,
    'text',
    [],
    { model_list: 'x' },
    { model_list: [null, {}, { model_name: 'a' }] },
  ]) {
    expect(readLitellm(value, {}).file).toMatchObject({ providers: [], models: {} });
  }
});
