import { expect, test } from 'bun:test';
import type { UpstreamTarget } from '../../../src/gateway/ports.ts';
import { requestUrl } from '../../../src/upstream/request-url.ts';
import { snapshotOf } from '../config/configuration.ts';
import { request } from './scene.ts';

const TARGET: UpstreamTarget = {
  api: 'chat',
  operation: 'generate',
  carriage: undefined,
  model: 'm-1',
  isStream: false,
  body: 'translated',
};

function providerOf(settings: string) {
  const provider = snapshotOf(
    `allow_unauthenticated: true\nproviders: [{ name: p, ${settings} }]`,
  ).providers.get('p');
  if (provider === undefined) throw new Error('no provider');
  return provider;
}

function urlOf(
  settings: string,
  target: Partial<UpstreamTarget> | undefined,
  path = '/v1/chat/completions',
  model?: string,
) {
  return requestUrl({
    ...request(9),
    path,
    search: '',
    model,
    provider: providerOf(settings),
    target: target && { ...TARGET, ...target },
  });
}

test.each([
  ['provider_type: anthropic', { api: 'messages' }, 'https://api.anthropic.com/v1/messages'],
  [
    'provider_type: anthropic',
    { api: 'messages', operation: 'count' },
    'https://api.anthropic.com/v1/messages/count_tokens',
  ],
  [
    'provider_type: claude, api_base: "http://127.0.0.1:1/x"',
    { api: 'messages' },
    'http://127.0.0.1:1/x/v1/messages',
  ],
  ['provider_type: openai, api_base: "https://h/v1"', { api: 'responses' }, 'https://h/v1/responses'],
  ['provider_type: response_api, api_base: "https://h"', { api: 'responses' }, 'https://h/v1/responses'],
  [
    'provider_type: gemini',
    { api: 'gemini', model: 'gemini-3-pro' },
    'https://generativelanguage.googleapis.com/v1beta/models/gemini-3-pro:generateContent',
  ],
  [
    'provider_type: gemini, api_base: "http://127.0.0.1:1"',
    { api: 'gemini', isStream: true },
    'http://127.0.0.1:1/v1beta/models/m-1:streamGenerateContent?alt=sse',
  ],
  [
    'provider_type: vertex, project: p1',
    { api: 'gemini', carriage: 'vertex' },
    'https://aiplatform.googleapis.com/v1/projects/p1/locations/global/publishers/google/models/m-1:generateContent',
  ],
  [
    'provider_type: vertex, project: p1, location: europe-west1',
    { api: 'messages', carriage: 'vertex', isStream: true },
    'https://europe-west1-aiplatform.googleapis.com/v1/projects/p1/locations/europe-west1/publishers/anthropic/models/m-1:streamRawPredict',
  ],
  [
    'provider_type: vertex, project: p1, location: eu',
    { api: 'chat' },
    'https://aiplatform.eu.rep.googleapis.com/v1/projects/p1/locations/eu/endpoints/openapi/chat/completions',
  ],
  [
    'provider_type: vertex, project: p1, api_base: "http://127.0.0.1:1/v"',
    { api: 'gemini' },
    'http://127.0.0.1:1/v/v1/projects/p1/locations/global/publishers/google/models/m-1:generateContent',
  ],
  [
    'provider_type: bedrock, region: eu-central-1',
    { api: 'converse', model: 'amazon.nova-pro-v1:0' },
    'https://bedrock-runtime.eu-central-1.amazonaws.com/model/amazon.nova-pro-v1%3A0/converse',
  ],
  [
    'provider_type: bedrock, region: cn-north-1',
    { api: 'converse', isStream: true },
    'https://bedrock-runtime.cn-north-1.amazonaws.com.cn/model/m-1/converse-stream',
  ],
  [
    'provider_type: bedrock, region: us-east-1, api_base: "http://127.0.0.1:1"',
    { api: 'messages', carriage: 'bedrock', isStream: true },
    'http://127.0.0.1:1/model/m-1/invoke-with-response-stream',
  ],
  [
    'provider_type: azure, api_base: "https://x.openai.azure.com"',
    { api: 'responses' },
    'https://x.openai.azure.com/openai/v1/responses',
  ],
  [
    'provider_type: azure, api_base: "https://x.openai.azure.com", api_version: "2024-10-21"',
    { api: 'chat' },
    'https://x.openai.azure.com/openai/deployments/m-1/chat/completions?api-version=2024-10-21',
  ],
] as const)('%s and %j', (settings, target, url) => {
  expect(urlOf(settings, target)).toBe(url);
});

test('a method that the provider does not have has no URL', () => {
  expect(
    urlOf('provider_type: bedrock, region: us-east-1', { api: 'converse', operation: 'count' }),
  ).toBeUndefined();
});

test.each([
  ['', '/v1/chat/completions', '/openai/deployments/m%2F1/chat/completions?api-version=2024-10-21'],
  ['/openai', '/v1/embeddings', '/openai/deployments/m%2F1/embeddings?api-version=2024-10-21'],
  ['/openai/v1', '/v1/images/edits', '/openai/deployments/m%2F1/images/edits?api-version=2024-10-21'],
  ['', '/v1/files', '/openai/files?api-version=2024-10-21'],
  ['', '/v1/responses', '/openai/responses?api-version=2024-10-21'],
  [
    '/openai/deployments/d',
    '/v1/chat/completions',
    '/openai/deployments/d/chat/completions?api-version=2024-10-21',
  ],
])("what passes to Azure's older API has deployment and date in its URL: %s%s", (base, path, url) => {
  const settings = `provider_type: azure, api_base: "https://x.openai.azure.com${base}", api_version: "2024-10-21"`;
  expect(urlOf(settings, undefined, path, 'm/1')).toBe(`https://x.openai.azure.com${url}`);
});
