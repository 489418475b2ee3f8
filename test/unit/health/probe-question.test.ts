import { expect, test } from 'bun:test';
import { hasModelList, listQuestion, tokenQuestion } from '../../../src/health/probe-question.ts';
import { requestUrl } from '../../../src/upstream/request-url.ts';
import { snapshotOf } from '../config/configuration.ts';
import { request } from '../upstream/scene.ts';

function providerOf(settings: string) {
  const provider = snapshotOf(
    `allow_unauthenticated: true\nproviders: [{ name: p, ${settings} }]`,
  ).providers.get('p');
  if (provider === undefined) throw new Error('no provider');
  return provider;
}

const VERTEX = 'https://aiplatform.googleapis.com/v1/projects/p/locations/global';
const BEDROCK = 'https://bedrock-runtime.us-east-1.amazonaws.com/model';

test.each([
  ['api_base: "https://h/v1"', 'm', 'https://h/v1/chat/completions', 'messages'],
  ['provider_type: anthropic', 'm', 'https://api.anthropic.com/v1/messages', 'max_tokens'],
  ['provider_type: responses, api_base: "https://h/v1"', 'm', 'https://h/v1/responses', 'max_output_tokens'],
  [
    'provider_type: gemini',
    'm',
    'https://generativelanguage.googleapis.com/v1beta/models/m:generateContent',
    'generationConfig',
  ],
  [
    'provider_type: vertex, project: p',
    'claude-opus-5-5',
    `${VERTEX}/publishers/anthropic/models/claude-opus-5-5:rawPredict`,
    'anthropic_version',
  ],
  [
    'provider_type: vertex, project: p',
    'gemini-3-pro',
    `${VERTEX}/publishers/google/models/gemini-3-pro:generateContent`,
    'contents',
  ],
  [
    'provider_type: vertex, project: p',
    'meta/llama-4',
    `${VERTEX}/endpoints/openapi/chat/completions`,
    'model',
  ],
  [
    'provider_type: bedrock, region: us-east-1',
    'anthropic.claude-opus-5-5',
    `${BEDROCK}/anthropic.claude-opus-5-5/invoke`,
    'anthropic_version',
  ],
  [
    'provider_type: bedrock, region: us-east-1',
    'amazon.nova-pro',
    `${BEDROCK}/amazon.nova-pro/converse`,
    'inferenceConfig',
  ],
  [
    'provider_type: azure, api_base: "https://x.openai.azure.com", api_version: "2024-10-21"',
    'd',
    'https://x.openai.azure.com/openai/deployments/d/chat/completions?api-version=2024-10-21',
    'messages',
  ],
])('%s asks %s for one token at %s', (settings, model, url, member) => {
  const provider = providerOf(settings);
  const { body, ...question } = tokenQuestion(provider, model);
  expect(requestUrl({ ...request(9), search: '', provider, ...question })).toBe(url);
  expect(JSON.parse(String(Buffer.concat(body ?? [])))).toHaveProperty(member);
});

test('only Vertex and Bedrock have no list of models, and Google has its own at another path', () => {
  const gemini = providerOf('provider_type: gemini');
  expect(requestUrl({ ...request(9), search: '', provider: gemini, ...listQuestion(gemini) })).toBe(
    'https://generativelanguage.googleapis.com/v1beta/models',
  );
  expect(listQuestion(providerOf('provider_type: anthropic')).path).toBe('/v1/models');
  expect(hasModelList(providerOf('provider_type: vertex, project: p'))).toBe(false);
  expect(hasModelList(providerOf('provider_type: bedrock, region: us-east-1'))).toBe(false);
  expect(hasModelList(gemini)).toBe(true);
});
