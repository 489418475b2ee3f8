import { expect, test } from 'bun:test';
import { isSecretHeader } from '../../../src/config/secret-header.ts';
import { redact, redactLarge, revealsSecret } from '../../../src/gateway/redact.ts';
import { compiled } from '../../e2e/gateway.ts';

const provider = compiled(`
server: { host: 127.0.0.1 }
providers:
  - { name: p, api_base: "http://127.0.0.1:9", api_key: sk-abcdefghijklmnop, headers: { x-secret: "geheim-schlüssel-1" } }`).providers.get(
  'p',
)!;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (of: Uint8Array): string => new TextDecoder().decode(of);

test('a credential that a provider repeats is masked, wherever and however often it stands', () => {
  const answer = bytes(
    '{"error":"key sk-abcdefghijklmnop is bad, 你好: sk-abcdefghijklmnop, geheim-schlüssel-1"}',
  );
  expect(text(redact(answer, provider))).toBe(
    '{"error":"key sk-ab****mnop is bad, 你好: sk-ab****mnop, gehei****el-1"}',
  );
});

test('a credential is masked in the form that a URL or an encoder of JSON gives it, and the JSON stays valid', () => {
  const key = `a+"/<b&c>='d-0123456789`;
  const odd = compiled(`
server: { host: 127.0.0.1 }
providers:
  - { name: p, api_base: "http://127.0.0.1:9", api_key: ${JSON.stringify(key)} }`).providers.get('p')!;
  const written = [
    String.raw`"a+\"/<b&c>='d-0123456789"`,
    String.raw`"a+\"\/<b&c>='d-0123456789"`,
    String.raw`"a+\"/\u003cb\u0026c\u003e='d-0123456789"`,
    String.raw`"a+\"/\u003cb\u0026c\u003e\u003d\u0027d-0123456789"`,
    String.raw`"a\u002B\u0022/\u003Cb\u0026c\u003E=\u0027d-0123456789"`,
  ];
  for (const form of written) {
    expect(JSON.parse(form)).toBe(key);
    expect(JSON.parse(text(redact(bytes(form), odd)))).toBe('****');
  }
  const url = `/v1/x?key=${encodeURIComponent(key)}&a=1`;
  for (const form of [url, url.replace(/%../g, (escape) => escape.toLowerCase())]) {
    expect(text(redact(bytes(form), odd))).not.toContain('0123456789');
    expect(revealsSecret(form, odd)).toBe(true);
  }
});

test('an answer without one is passed on as it is, the same object', () => {
  const answer = new Uint8Array([0xff, 0xfe, 0x00, 0x80]);
  expect(redact(answer, provider)).toBe(answer);
});

test('a large answer is masked like a small one, wherever it is divided', async () => {
  const secrets = ['sk-abcdefghijklmnop', 'geheim-schlüssel-1'].map((secret) => bytes(secret));
  const size = 3 * 1024 * 1024 + 5;
  const answer = new Uint8Array(size).fill(0x2e);
  expect(await redactLarge(answer, provider)).toBe(answer);
  for (const [index, at] of [
    0,
    1024 * 1024 - 7,
    2 * 1024 * 1024 - 20,
    2 * 1024 * 1024 + 3,
    size - 19,
  ].entries())
    answer.set(secrets[index % 2] ?? answer, at);
  const masked = await redactLarge(answer, provider);
  expect([...(text(masked).match(/[^.]+/g) ?? [])]).toEqual(
    [0, 1, 0, 1, 0].map((index) => ['sk-ab****mnop', 'gehei****el-1'][index] ?? ''),
  );
  expect(Buffer.compare(masked, redact(answer, provider))).toBe(0);
});

test('a header that repeats one is known', () => {
  expect(revealsSecret('Bearer sk-abcdefghijklmnop', provider)).toBe(true);
  expect(revealsSecret('3', provider)).toBe(false);
});

test('a configured header is a secret only where it is named or looks like one', () => {
  const secret: [string, string][] = [
    ['authorization', 'Bearer abc'],
    ['x-api-key', 'short'],
    ['cf-access-client-secret', 'abc'],
    ['x-tenant', 'sk-abcdefgh'],
    ['x-tenant', '550e8400-e29b-41d4-a716-446655440000'],
    ['x-tenant', 'f3b1a9c07d2e4b5f8a6c9d0e'],
  ];
  const plain: [string, string][] = [
    ['anthropic-version', '2023-06-01'],
    ['anthropic-beta', 'prompt-caching-2024-07-31,interleaved-thinking-2025-05-14'],
    ['content-type', 'application/json'],
    ['user-agent', 'llm-proxy/1.2.3 (internal)'],
    ['http-referer', 'https://example.com/a/long/path/of/words'],
    ['x-title', 'AVeryLongNameWithoutAnyDigitInItAtAll'],
    ['openai-organization', 'acme'],
  ];
  for (const [name, value] of secret)
    expect({ name, value, is: isSecretHeader(name, value) }).toEqual({ name, value, is: true });
  for (const [name, value] of plain)
    expect({ name, value, is: isSecretHeader(name, value) }).toEqual({ name, value, is: false });
});
