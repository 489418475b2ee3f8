import { describe, expect, test } from 'bun:test';
import type { Provider } from '../../../src/config/snapshot.ts';
import { requestTarget } from '../../../src/server/request-target.ts';
import { joinUrl } from '../../../src/upstream/url.ts';

type Row = readonly [base: string, asked: string, sent: string];

/** Checks which path a provider of this kind receives for each path that a client requests, through the whole gateway. */
function joins(
  rows: readonly Row[],
  type: Provider['type'],
  { pathVersion = 'add', deployment }: { pathVersion?: Provider['pathVersion']; deployment?: string } = {},
): void {
  for (const [base, asked, sent] of rows) {
    test(`${base} and ${asked}`, () => {
      const { path, search, azure } = requestTarget(`http://gateway${asked}`);
      const named = azure && { deployment: azure.deployment && (deployment ?? azure.deployment) };
      const provider = { apiBase: base, type, pathVersion };
      expect(joinUrl({ provider, path, search, azure: named })).toBe(sent);
    });
  }
}

const CHAT = '/v1/chat/completions';

describe('an OpenAI provider gets the version once:', () =>
  joins(
    [
      ['https://h', CHAT, 'https://h/v1/chat/completions'],
      ['https://h/v1', CHAT, 'https://h/v1/chat/completions'],
      ['https://h/v1/', CHAT, 'https://h/v1/chat/completions'],
      ['https://h/v1', '/chat/completions', 'https://h/v1/chat/completions'],
      ['https://h/v1', '//v1/chat/completions', 'https://h/v1/chat/completions'],
      ['https://h/v1', '/v1//chat/completions', 'https://h/v1/chat/completions'],
      ['https://h/v1', '/v1/v1/chat/completions', 'https://h/v1/chat/completions'],
      ['https://h', '/v1/v1/chat/completions', 'https://h/v1/chat/completions'],
      ['https://h/v1', '/v1/chat/completions/', 'https://h/v1/chat/completions'],
      ['https://h/v1', '/chat/completions/?a=b', 'https://h/v1/chat/completions?a=b'],
      ['https://h/v1', '/v1/files/f/', 'https://h/v1/files/f/'],
      ['https://h/tenant', CHAT, 'https://h/tenant/v1/chat/completions'],
      ['https://h/api/paas/v4', CHAT, 'https://h/api/paas/v4/chat/completions'],
      ['https://h/v1/account/gateway/openai', CHAT, 'https://h/v1/account/gateway/openai/chat/completions'],
      ['https://h', '/v2/rerank', 'https://h/v2/rerank'],
      ['https://h/v2', '/v2/rerank', 'https://h/v2/rerank'],
      ['https://h/v2', '/rerank', 'https://h/v2/rerank'],
      ['https://h/v1', '/v2/rerank', 'https://h/v2/rerank'],
      ['https://h/v1', '/v1/v2/rerank', 'https://h/v2/rerank'],
      ['https://h/tenant/v1', '/v2/rerank', 'https://h/tenant/v2/rerank'],
      ['https://h/v1/account/cohere', '/v2/rerank', 'https://h/v1/account/cohere/v2/rerank'],
      ['https://h/openai/v1', '/openai/v1/chat/completions', 'https://h/openai/v1/chat/completions'],
      [
        'https://h/v1',
        '/openai/deployments/m/chat/completions?api-version=2024-10-21',
        'https://h/v1/chat/completions',
      ],
      [
        'https://h/v1',
        '/v1/openai/deployments/m/embeddings?api-version=1&a=b',
        'https://h/v1/embeddings?a=b',
      ],
      ['https://h/v1', '/openai/files?api-version=2024-10-21', 'https://h/v1/files'],
      ['https://h/v1', '/v1/files?api-version=1', 'https://h/v1/files?api-version=1'],
    ],
    'openai',
  ));

describe('an Anthropic provider gets the version once:', () =>
  joins(
    [
      ['https://h', '/v1/messages?beta=true', 'https://h/v1/messages?beta=true'],
      ['https://h/v1', '/v1/messages/count_tokens', 'https://h/v1/messages/count_tokens'],
      ['https://h/anthropic', '/v1/messages', 'https://h/anthropic/v1/messages'],
      ['https://h/v1', '/v1/v1/messages', 'https://h/v1/messages'],
      ['https://h/v1/', '/messages', 'https://h/v1/messages'],
    ],
    'anthropic',
  ));

describe("a provider of Google's gets the version once:", () =>
  joins(
    [
      ['https://h', '/v1beta/models/g:generateContent', 'https://h/v1beta/models/g:generateContent'],
      ['https://h/v1beta', '/v1beta/models/g:generateContent', 'https://h/v1beta/models/g:generateContent'],
      [
        'https://h/v1beta',
        '/v1/v1beta/models/g:generateContent',
        'https://h/v1beta/models/g:generateContent',
      ],
      ['https://h/v1beta', '/v1beta/v1beta/models/g', 'https://h/v1beta/models/g'],
      ['https://h/v1beta', '/v1/models/g:countTokens', 'https://h/v1beta/models/g:countTokens'],
      ['https://h/v1beta', '/models/g:countTokens', 'https://h/v1beta/models/g:countTokens'],
      ['https://h/v1', '/v1beta/models/g:generateContent', 'https://h/v1beta/models/g:generateContent'],
      ['https://h/v1beta/openai', CHAT, 'https://h/v1beta/openai/chat/completions'],
      [
        'https://h/v1beta/openai',
        '/v1beta/models/g:generateContent',
        'https://h/v1beta/models/g:generateContent',
      ],
      [
        'https://h/v1/account/google-ai-studio',
        '/v1beta/models/g',
        'https://h/v1/account/google-ai-studio/v1beta/models/g',
      ],
      ['https://h', '/v1alpha/models/g:generateContent', 'https://h/v1alpha/models/g:generateContent'],
    ],
    'openai',
  ));

describe('an Azure provider gets the path that its base asks for:', () => {
  const old = '/openai/deployments/asked/chat/completions?api-version=2024-10-21';
  const sent = '/openai/deployments/own%20name/chat/completions?api-version=2024-10-21';
  joins(
    [
      ['https://x.openai.azure.com', old, `https://x.openai.azure.com${sent}`],
      ['https://x.openai.azure.com/openai', old, `https://x.openai.azure.com${sent}`],
      ['https://apim.example', old, `https://apim.example${sent}`],
      ['https://x.openai.azure.com/openai/v1', old, 'https://x.openai.azure.com/openai/v1/chat/completions'],
      [
        'https://x.openai.azure.com/openai/deployments/d',
        old,
        'https://x.openai.azure.com/openai/deployments/d/chat/completions?api-version=2024-10-21',
      ],
      [
        'https://x.openai.azure.com/openai/deployments/d',
        `${CHAT}?api-version=1`,
        'https://x.openai.azure.com/openai/deployments/d/chat/completions?api-version=1',
      ],
      [
        'https://x.openai.azure.com',
        '/openai/files?api-version=1',
        'https://x.openai.azure.com/openai/files?api-version=1',
      ],
      [
        'https://x.openai.azure.com',
        '/openai/v1/responses',
        'https://x.openai.azure.com/openai/v1/responses',
      ],
      ['https://x.openai.azure.com', CHAT, 'https://x.openai.azure.com/openai/v1/chat/completions'],
      ['https://x.openai.azure.com/openai', CHAT, 'https://x.openai.azure.com/openai/v1/chat/completions'],
      ['https://x.openai.azure.com/openai/v1', CHAT, 'https://x.openai.azure.com/openai/v1/chat/completions'],
      ['https://x.services.ai.azure.com', CHAT, 'https://x.services.ai.azure.com/openai/v1/chat/completions'],
      ['https://apim.example', CHAT, 'https://apim.example/v1/chat/completions'],
    ],
    'azure',
    { deployment: 'own name' },
  );
});

describe('a provider that takes paths as they are sent gets no version:', () =>
  joins(
    [
      ['http://h:8080', '/tokenize', 'http://h:8080/tokenize'],
      ['http://h:8080/', '/v1/chat/completions', 'http://h:8080/v1/chat/completions'],
      ['http://h:8080/v1', '/tokenize', 'http://h:8080/v1/tokenize'],
      ['http://h:8080/a', '//tokenize', 'http://h:8080/a/tokenize'],
    ],
    'openai',
    { pathVersion: 'as_sent' },
  ));
