import { describe, expect, test } from 'bun:test';
import { Glob } from 'bun';
import { join } from 'node:path';
import type { ClientApi } from '../../../src/translation/conversation.ts';
import { providerTypeAt, providerTypeNamed } from '../../../src/translation/provider-type.ts';
import { routeSpeech, type SpeakingProvider, type SpeakingRoute } from '../../../src/translation/targets.ts';
import { upstreamUrl, type ProviderPlace, type UpstreamCall } from '../../../src/translation/upstream-url.ts';
import type { GoldenCase } from './golden-case.ts';

const at = (apiBase: string | undefined, more: Partial<SpeakingProvider> = {}): SpeakingProvider => ({
  type: undefined,
  apiBase,
  ...more,
});

/** `chat→messages@bedrock(generic)`, `pass(openai)`, … */
function spoken(
  provider: SpeakingProvider,
  route: SpeakingRoute | string,
  client: ClientApi,
  more: { tools?: boolean; vectors?: boolean } = {},
): string {
  const asked = { api: client, hasFunctionTools: more.tools === true, vectors: more.vectors === true };
  const speech = routeSpeech(provider, typeof route === 'string' ? { model: route } : route, asked);
  switch (speech.kind) {
    case 'pass':
      return `pass${speech.carriage === undefined ? '' : `@${speech.carriage}`} ${speech.dialect}`;
    case 'translate':
      return `${speech.api}${speech.carriage === undefined ? '' : `@${speech.carriage}`} ${speech.dialect}`;
    case 'vectors':
      return `vectors ${speech.api}`;
    case 'try':
      return `try ${speech.otherwise.join(',')}`;
    case 'none':
      return 'none';
  }
}

const OPENAI = at(undefined, { type: 'openai' });
const AZURE = at('https://x.openai.azure.com', { type: 'azure' });
const LOCAL = at('http://gpu:8000/v1');

describe('the API of a route', () => {
  test.each<[SpeakingProvider, SpeakingRoute | string, ClientApi, string]>([
    [OPENAI, 'gpt-4o', 'chat', 'pass openai'],
    [OPENAI, 'gpt-4o', 'responses', 'pass openai'],
    [OPENAI, 'gpt-4o', 'completions', 'pass openai'],
    [OPENAI, 'gpt-4o', 'embeddings', 'pass openai'],
    [OPENAI, 'gpt-5-6', 'messages', 'chat openai'],
    [OPENAI, 'gpt-5-pro', 'messages', 'responses openai'],
    [OPENAI, 'gpt-5.1-codex-max', 'gemini', 'responses openai'],
    [at('http://gpu:8000', { type: 'openai' }), 'm', 'messages', 'chat generic'],
    [at('http://gpu:8000', { type: 'openai' }), 'm', 'responses', 'pass generic'],
    [at('https://x.openai.azure.com'), 'dep', 'messages', 'chat azure'],
    [at('http://gw:1/', { dialect: 'azure' }), 'dep', 'messages', 'chat azure'],
    [{ ...AZURE, apiVersion: '2024-10-21' }, 'dep', 'responses', 'chat azure'],
    [{ ...AZURE, apiVersion: 'v1' }, 'dep', 'responses', 'pass azure'],
    [at(undefined, { type: 'openai-responses' }), 'gpt-4o', 'chat', 'responses openai'],
    [at('https://gw/v1', { type: 'openai-responses' }), 'm', 'responses', 'pass openai'],
    [at(undefined, { type: 'anthropic' }), 'claude-opus-4-8', 'messages', 'pass generic'],
    [at('https://api.anthropic.com'), 'claude-opus-4-8', 'chat', 'messages generic'],
    [at('https://api.deepseek.com/anthropic'), 'deepseek-v4', 'chat', 'messages deepseek'],
    [at('https://api.deepseek.com'), 'deepseek-v4', 'messages', 'chat deepseek'],
    [at('https://api.mistral.ai/v1'), 'm', 'responses', 'chat mistral'],
    [at('https://api.mistral.ai/v1', { type: 'openai' }), 'm', 'responses', 'pass mistral'],
    [at('https://openrouter.ai/api/v1'), 'm', 'messages', 'pass openrouter'],
    [at('https://generativelanguage.googleapis.com/v1beta'), 'gemini-3', 'chat', 'gemini generic'],
    [at('https://generativelanguage.googleapis.com/v1beta/openai/'), 'gemini-3', 'chat', 'pass generic'],
    [at(undefined, { type: 'vertex' }), 'claude-opus-4-8@20251001', 'messages', 'pass@vertex generic'],
    [at(undefined, { type: 'vertex' }), 'claude-opus-4-8', 'chat', 'messages@vertex generic'],
    [at(undefined, { type: 'vertex' }), 'google/gemini-3.5-flash', 'chat', 'gemini@vertex generic'],
    [at(undefined, { type: 'vertex' }), 'gemini-3.5-flash', 'gemini', 'pass@vertex generic'],
    [at(undefined, { type: 'vertex' }), 'meta/llama-4', 'messages', 'chat@vertex generic'],
    [at(undefined, { type: 'vertex' }), 'meta/llama-4', 'chat', 'pass@vertex generic'],
    [at(undefined, { type: 'bedrock' }), 'us.anthropic.claude-opus-4-8', 'messages', 'pass@bedrock generic'],
    [at(undefined, { type: 'bedrock' }), 'us.anthropic.claude-opus-4-8', 'chat', 'messages@bedrock generic'],
    [
      at(undefined, { type: 'bedrock' }),
      { model: 'us.anthropic.claude-x', api: 'converse' },
      'messages',
      'converse generic',
    ],
    [at(undefined, { type: 'bedrock' }), 'amazon.nova-pro-v1:0', 'messages', 'converse generic'],
    [at(undefined, { type: 'bedrock' }), 'amazon.nova-pro-v1:0', 'embeddings', 'none'],
    [LOCAL, 'm', 'messages', 'try chat,responses'],
    [LOCAL, 'm', 'completions', 'try chat,responses,messages'],
    [LOCAL, 'm', 'embeddings', 'pass generic'],
    [at('http://localhost:11434'), 'm', 'messages', 'try chat,responses'],
    [{ ...LOCAL, apis: ['chat', 'messages'] }, 'm', 'messages', 'pass generic'],
    [{ ...LOCAL, apis: ['messages'] }, 'm', 'chat', 'messages generic'],
    [{ ...LOCAL, apis: ['responses', 'messages'], dialect: 'vllm' }, 'm', 'gemini', 'responses vllm'],
    [{ ...LOCAL, apis: [] }, 'm', 'chat', 'none'],
    [LOCAL, { model: 'm', api: 'messages' }, 'chat', 'messages generic'],
    [LOCAL, { model: 'm', api: 'chat' }, 'chat', 'pass generic'],
    [OPENAI, { model: 'm', api: 'chat' }, 'responses', 'chat openai'],
    [OPENAI, { model: 'm', api: 'chat' }, 'completions', 'pass openai'],
  ])('%p %p asked by %s: %s', (provider, route, client, expected) => {
    expect(spoken(provider, route, client)).toBe(expected);
  });

  test('function tools go to Responses if the model accepts them nowhere else and the provider has it', () => {
    const tools = { tools: true };
    expect(spoken(OPENAI, 'gpt-5.4', 'messages', tools)).toBe('responses openai');
    expect(spoken(OPENAI, 'gpt-5.4', 'chat', tools)).toBe('pass openai');
    expect(spoken(OPENAI, 'gpt-5.3', 'messages', tools)).toBe('chat openai');
    expect(spoken(OPENAI, { model: 'gpt-5.4', api: 'chat' }, 'messages', tools)).toBe('chat openai');
    expect(spoken({ ...OPENAI, apis: ['chat'] }, 'gpt-5.4', 'messages', tools)).toBe('chat openai');
    expect(spoken(AZURE, 'gpt-6', 'messages', tools)).toBe('responses azure');
    expect(spoken({ ...AZURE, apiVersion: '2024-10-21' }, 'gpt-6', 'messages', tools)).toBe('chat azure');
    expect(spoken(at('https://openrouter.ai/api/v1'), 'openai/gpt-6', 'gemini', tools)).toBe(
      'chat openrouter',
    );
  });

  test('embeddings', () => {
    expect(spoken(at(undefined, { type: 'gemini' }), 'e', 'embeddings')).toBe('vectors gemini');
    expect(spoken(at(undefined, { type: 'vertex' }), 'e', 'embeddings')).toBe('vectors vertex');
    expect(spoken(at(undefined, { type: 'gemini' }), 'e', 'gemini', { vectors: true })).toBe('pass generic');
    expect(spoken(OPENAI, 'e', 'gemini', { vectors: true })).toBe('vectors openai');
    expect(spoken(LOCAL, 'e', 'gemini', { vectors: true })).toBe('try ');
    expect(spoken(at(undefined, { type: 'anthropic' }), 'e', 'gemini', { vectors: true })).toBe('none');
  });
});

test.each([
  ['https://eu.api.openai.com/v1', 'openai'],
  ['https://x.cognitiveservices.azure.com', 'azure'],
  ['https://europe-west1-aiplatform.googleapis.com', 'vertex'],
  ['https://aiplatform.googleapis.com/v1/projects/p/locations/global/endpoints/openapi', 'openai'],
  ['https://aiplatform.eu.rep.googleapis.com', 'vertex'],
  ['https://bedrock-runtime.us-gov-west-1.amazonaws.com', 'bedrock'],
  ['https://bedrock-runtime.us-east-1.amazonaws.com/openai/v1', 'openai'],
  ['https://api.anthropic.com.evil.example', undefined],
  ['https://notaiplatform.googleapis.com', undefined],
  ['no url', undefined],
] as const)('%s is %s', (base, type) => {
  expect(providerTypeAt(base)).toBe(type as never);
});

test('types have several names', () => {
  expect(['GCP_Gemini', 'claude', 'response_api', 'aws-bedrock', 'toString'].map(providerTypeNamed)).toEqual([
    'gemini',
    'anthropic',
    'openai-responses',
    'bedrock',
    undefined,
  ]);
});

describe('URLs', () => {
  const call = (
    api: UpstreamCall['api'],
    operation: UpstreamCall['operation'],
    model = 'm',
  ): UpstreamCall => ({
    api,
    operation,
    model,
    carriage: undefined,
  });
  const vertex = (location?: string): ProviderPlace => ({
    type: 'vertex',
    apiBase: undefined,
    project: 'p',
    location,
  });

  test.each<[ProviderPlace, UpstreamCall, string | undefined]>([
    [
      { type: 'openai', apiBase: undefined },
      call('chat', 'stream'),
      'https://api.openai.com/v1/chat/completions',
    ],
    [
      { type: 'openai', apiBase: 'http://h/api/paas/v4/' },
      call('chat', 'generate'),
      'http://h/api/paas/v4/chat/completions',
    ],
    [
      { type: 'openai', apiBase: undefined },
      call('responses', 'count'),
      'https://api.openai.com/v1/responses/input_tokens',
    ],
    [{ type: 'openai', apiBase: undefined }, call('chat', 'count'), undefined],
    [
      { type: 'azure', apiBase: 'https://h/openai/' },
      call('responses', 'stream'),
      'https://h/openai/v1/responses',
    ],
    [
      { type: 'azure', apiBase: 'https://h/openai/v1' },
      call('chat', 'stream'),
      'https://h/openai/v1/chat/completions',
    ],
    [
      { type: 'azure', apiBase: 'https://h/openai/v1/', apiVersion: '2024-10-21' },
      call('chat', 'stream', 'a b'),
      'https://h/openai/deployments/a%20b/chat/completions?api-version=2024-10-21',
    ],
    [
      { type: 'azure', apiBase: 'https://h/openai/deployments/d', apiVersion: '2024-10-21' },
      call('embeddings', 'vectors'),
      'https://h/openai/deployments/d/embeddings?api-version=2024-10-21',
    ],
    [
      { type: 'anthropic', apiBase: 'https://h/anthropic' },
      call('messages', 'count'),
      'https://h/anthropic/v1/messages/count_tokens',
    ],
    [
      { type: 'gemini', apiBase: undefined },
      call('gemini', 'stream', 'gemini-3'),
      'https://generativelanguage.googleapis.com/v1beta/models/gemini-3:streamGenerateContent?alt=sse',
    ],
    [
      { type: 'gemini', apiBase: 'http://h/v1' },
      call('gemini', 'generate', 'tunedModels/a'),
      'http://h/v1/tunedModels/a:generateContent',
    ],
    [
      { type: 'gemini', apiBase: 'http://h' },
      call('gemini', 'count', 'a/../b?c'),
      'http://h/v1beta/models/a%2F..%2Fb%3Fc:countTokens',
    ],
    [
      vertex(),
      call('gemini', 'generate', 'google/gemini-3'),
      'https://aiplatform.googleapis.com/v1/projects/p/locations/global/publishers/google/models/gemini-3:generateContent',
    ],
    [
      vertex('eu'),
      call('messages', 'stream', 'claude@1'),
      'https://aiplatform.eu.rep.googleapis.com/v1/projects/p/locations/eu/publishers/anthropic/models/claude@1:streamRawPredict',
    ],
    [
      vertex('us-east5'),
      call('chat', 'stream', 'meta/l'),
      'https://us-east5-aiplatform.googleapis.com/v1/projects/p/locations/us-east5/endpoints/openapi/chat/completions',
    ],
    [
      { ...vertex(), apiBase: 'http://h/x/v1beta1' },
      call('gemini', 'vectors', 'e'),
      'http://h/x/v1beta1/projects/p/locations/global/publishers/google/models/e:predict',
    ],
    [
      vertex('us-east5'),
      call('gemini', 'vectors', 'google/gemini-embedding-2'),
      'https://us-east5-aiplatform.googleapis.com/v1/projects/p/locations/us-east5/publishers/google/models/gemini-embedding-2:embedContent',
    ],
    [{ type: 'vertex', apiBase: undefined }, call('gemini', 'stream'), undefined],
    [
      { type: 'bedrock', apiBase: undefined, region: 'eu-west-1' },
      call('converse', 'stream', 'a:0'),
      'https://bedrock-runtime.eu-west-1.amazonaws.com/model/a%3A0/converse-stream',
    ],
    [
      { type: 'bedrock', apiBase: undefined, region: 'cn-north-1' },
      call('messages', 'count', 'arn:a/b'),
      'https://bedrock-runtime.cn-north-1.amazonaws.com.cn/model/arn%3Aa%2Fb/count-tokens',
    ],
    [{ type: 'bedrock', apiBase: 'http://h' }, call('converse', 'stream', '..'), undefined],
    [{ type: 'bedrock', apiBase: undefined }, call('converse', 'stream'), undefined],
  ])('%p %p', (place, asked, url) => {
    expect(upstreamUrl(place, asked)).toBe(url as never);
  });

  test('every golden case has its path', async () => {
    const folder = join(import.meta.dir, '..', '..', 'golden', 'translation');
    let played = 0;
    for (const file of new Glob('*.json').scanSync(folder)) {
      const golden = (await Bun.file(join(folder, file)).json()) as GoldenCase;
      const path = golden.expected_upstream_request?.path;
      if (path === undefined) continue;
      expect(`${file} ${upstreamUrl(placeOf(golden), callOf(golden))}`).toBe(`${file} http://h${path}`);
      played += 1;
    }
    expect(played).toBeGreaterThan(50);
  });
});

function placeOf({ provider_api, target }: GoldenCase): ProviderPlace {
  const [api = '', carriage] = provider_api.split('@');
  const types = { messages: 'anthropic', gemini: 'gemini', converse: 'bedrock' } as const;
  const own = api in types ? types[api as keyof typeof types] : 'openai';
  const type =
    (carriage as 'vertex' | 'bedrock' | undefined) ?? (target['dialect'] === 'azure' ? 'azure' : own);
  const [apiVersion, project, location] = [
    target['api_version'],
    target['project'],
    target['location'],
  ] as string[];
  return { type, apiBase: 'http://h', apiVersion, project, location };
}

function callOf(golden: GoldenCase): UpstreamCall {
  const { client_api, provider_api, target, request, request_path = '' } = golden;
  const [api, carriage] = provider_api.split('@') as [UpstreamCall['api'], UpstreamCall['carriage']];
  const text = golden.request_raw ?? JSON.stringify(request);
  const isStream = /"stream":\s*true/.test(text) || request_path.includes('streamGenerate');
  const isVectors = client_api === 'embeddings';
  const isCount = /count_?tokens/i.test(request_path);
  const operation = isVectors ? 'vectors' : isCount ? 'count' : isStream ? 'stream' : 'generate';
  return { api, carriage, model: target.model, operation };
}
