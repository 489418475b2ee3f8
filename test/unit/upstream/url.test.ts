import { describe, expect, test } from 'bun:test';
import { joinUrl as join } from '../../../src/upstream/url.ts';

function joinUrl(apiBase: string, path: string, search: string): string {
  return join({ provider: { apiBase, type: 'openai', pathVersion: 'add' }, path, search });
}

const CHAT = '/v1/chat/completions';

describe('a path of the client joins the base of the provider:', () => {
  const cases: [base: string, path: string, url: string][] = [
    ['https://api.openai.com/v1', CHAT, 'https://api.openai.com/v1/chat/completions'],
    ['https://api.openai.com/v1', '/chat/completions', 'https://api.openai.com/v1/chat/completions'],
    ['https://api.openai.com/v1/', CHAT, 'https://api.openai.com/v1/chat/completions'],
    ['https://api.openai.com', CHAT, 'https://api.openai.com/v1/chat/completions'],
    ['https://api.openai.com', '/chat/completions', 'https://api.openai.com/v1/chat/completions'],
    ['https://api.openai.com/', '/embeddings', 'https://api.openai.com/v1/embeddings'],
    ['https://x.test/tenant', CHAT, 'https://x.test/tenant/v1/chat/completions'],
    ['https://x.test/tenant/v1', CHAT, 'https://x.test/tenant/v1/chat/completions'],
    ['https://open.bigmodel.cn/api/paas/v4', CHAT, 'https://open.bigmodel.cn/api/paas/v4/chat/completions'],
    ['https://g.test/v1beta/openai', CHAT, 'https://g.test/v1beta/openai/chat/completions'],
    ['https://x.test/v1/proxy', CHAT, 'https://x.test/v1/proxy/chat/completions'],
    ['https://x.test/vision', CHAT, 'https://x.test/vision/v1/chat/completions'],
    ['https://v1.test', CHAT, 'https://v1.test/v1/chat/completions'],
    ['http://127.0.0.1:8080', '/v1', 'http://127.0.0.1:8080/v1'],
    ['http://127.0.0.1:8080/v1', '/v1', 'http://127.0.0.1:8080/v1'],
    ['http://[::1]:8080/v1', '/v1/files/a%2Fb', 'http://[::1]:8080/v1/files/a%2Fb'],
    ['https://x.test/v1', '/v1x/y', 'https://x.test/v1/v1x/y'],
    ['https://x.test/v1', '/v1/v1/y', 'https://x.test/v1/v1/y'],
  ];
  for (const [base, path, url] of cases) {
    test(`${base} and ${path}`, () => expect(joinUrl(base, path, '')).toBe(url));
  }
});

test("the query is the client's, as it was written", () =>
  expect(joinUrl('https://x.test/v1', '/v1/files', '?a=%20b&c=d+e&a=2')).toBe(
    'https://x.test/v1/files?a=%20b&c=d+e&a=2',
  ));

test('no path of a client leaves the host of the provider', () => {
  for (const path of [
    '//evil.test/v1',
    '/@evil.test',
    '/:80@evil.test/',
    '/.evil.test',
    '/\\evil.test',
    '/v1//evil.test',
  ]) {
    for (const base of ['http://good.test', 'http://good.test/v1', 'http://good.test:81/tenant'])
      expect(new URL(joinUrl(base, path, '')).hostname).toBe('good.test');
  }
});
