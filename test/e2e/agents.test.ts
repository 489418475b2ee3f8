import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import zlib from 'node:zlib';
import { chat, startGateway, type TestGateway } from './gateway.ts';

interface Asked {
  readonly target: string;
  readonly body: Uint8Array;
  readonly headers: Headers;
}

let asked: Asked[] = [];
let answer: () => Response = ok;
let provider: ReturnType<typeof Bun.serve>;
let gateway: TestGateway;

function ok(): Response {
  return Response.json({
    id: 'c',
    choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
  });
}

beforeAll(() => {
  provider = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: async (request) => {
      const { pathname } = new URL(request.url);
      asked.push({
        target: `${request.method} ${pathname}`,
        body: await request.bytes(),
        headers: request.headers,
      });
      return answer();
    },
  });
  gateway = startGateway(configuration('- { name: p, api_base: "ORIGIN/v1" }'));
});
beforeEach(() => {
  asked = [];
  answer = ok;
});
afterAll(async () => {
  await gateway.stop();
  await provider.stop(true);
});

function configuration(providers: string): string {
  return `
providers:
  ${providers.replaceAll('ORIGIN', provider.url.origin)}
master_keys:
  - { name: all, key: mk-all }
  - { name: some, key: mk-some, allowed_models: [m] }
max_body_mb: 16`;
}

function call(method: string, path: string, init: RequestInit = {}, at = gateway): Promise<Response> {
  const headers = { authorization: 'Bearer mk-all', ...(init.headers as Record<string, string>) };
  return fetch(`${at.url}${path}`, { redirect: 'manual', ...init, method, headers });
}

const CHAT = '/v1/chat/completions';

describe('a packed request', () => {
  const text = JSON.stringify(chat('m', { note: 'hello '.repeat(200) }));
  const post = (body: Uint8Array, coding: string, key = 'mk-all'): Promise<Response> =>
    call('POST', CHAT, {
      body,
      headers: {
        'content-type': 'application/json',
        'content-encoding': coding,
        authorization: `Bearer ${key}`,
      },
    });

  test.each([
    ['gzip', zlib.gzipSync(text)],
    ['GZIP', zlib.gzipSync(text)],
    ['zstd', zlib.zstdCompressSync(text)],
    ['br', zlib.brotliCompressSync(text)],
    ['deflate', zlib.deflateSync(text)],
    ['deflate', zlib.deflateRawSync(text)],
    ['identity', Buffer.from(text)],
  ])('in %s goes on unpacked', async (coding, body) => {
    expect((await post(body, coding)).status).toBe(200);
    expect(new TextDecoder().decode(asked[0]?.body)).toBe(text);
    expect(asked[0]?.headers.has('content-encoding')).toBe(false);
  });

  test('has its model checked', async () => {
    const other = zlib.zstdCompressSync(JSON.stringify(chat('secret')));
    expect((await post(other, 'zstd', 'mk-some')).status).toBe(403);
    expect((await post(zlib.zstdCompressSync(text), 'zstd', 'mk-some')).status).toBe(200);
  });

  test.each([
    ['damaged', 'gzip', Buffer.from(text), 400, 'invalid_body'],
    ['cut', 'br', zlib.brotliCompressSync(text).subarray(0, -4), 400, 'invalid_body'],
    ['in a coding that nobody knows', 'compress', Buffer.from(text), 415, 'coding_not_supported'],
    ['in two codings', 'gzip, zstd', Buffer.from(text), 415, 'coding_not_supported'],
    [
      'larger than allowed',
      'zstd',
      zlib.zstdCompressSync(Buffer.alloc(17 << 20, text)),
      413,
      'body_too_large',
    ],
    ['made to explode', 'gzip', zlib.gzipSync(Buffer.alloc(12 << 20)), 413, 'body_too_large'],
  ])('%s is refused', async (...row) => {
    const [, coding, body, status, code] = row;
    const response = await post(body, coding);
    expect([response.status, ((await response.json()) as { error: { code: string } }).error.code]).toEqual([
      status,
      code,
    ]);
    expect(asked).toEqual([]);
  });
});

describe('a look whether somebody is there', () => {
  test.each(['/', '/api/hello'])('HEAD %s is answered without a key, and nobody is told', async (path) => {
    const before = gateway.events.length;
    const response = await fetch(`${gateway.url}${path}`, { method: 'HEAD' });
    expect(response.status).toBe(200);
    // The end of an earlier test's request may come late.
    const told = gateway.events.slice(before).filter((event) => 'method' in event && event.method === 'HEAD');
    expect(told).toEqual([]);
    expect(asked).toEqual([]);
  });

  test('a browser is led to the page about the API, and a program gets a word', async () => {
    const browser = await call('GET', '/', { headers: { accept: 'text/html,*/*;q=0.8' } });
    expect([browser.status, browser.headers.get('location')]).toEqual([302, '/docs']);
    const program = await call('GET', '/');
    expect(await program.json()).toMatchObject({ message: 'llm-proxy', docs: '/docs' });
    expect((await call('POST', '/')).status).toBe(405);
  });
});

describe('a request about an object, without a model,', () => {
  test.each([
    ['GET', '/v1/responses/resp_1'],
    ['DELETE', '/v1/responses/resp_1'],
    ['POST', '/v1/responses/resp_1/cancel'],
    ['GET', '/files'],
    ['POST', '/v1/batches'],
    ['GET', '/v1/vector_stores/vs/files'],
    ['GET', '/v1/chat/completions/c_1/messages'],
    ['POST', '/v1/messages/batches'],
    ['POST', '/v1/moderations'],
  ])('%s %s goes to the only provider', async (method, path) => {
    const body = method === 'POST' ? '{"input":"x"}' : undefined;
    const init = { ...(body !== undefined && { body }), headers: { 'content-type': 'application/json' } };
    expect((await call(method, path, init)).status).toBe(200);
    expect(asked.map(({ target }) => target)).toEqual([`${method} ${path.replace(/^(?!\/v1)/, '/v1')}`]);
  });

  test.each([
    ['POST', CHAT],
    ['POST', '/v1/responses'],
    ['POST', '/v1/embeddings'],
    ['GET', '/v1/unheard-of'],
  ])('%s %s needs one all the same', async (method, path) => {
    const response = await call(method, path, {
      ...(method === 'POST' && { body: '{}' }),
      headers: { 'content-type': 'application/json' },
    });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('missing_model');
    expect(asked).toEqual([]);
  });

  test('is not for a key that may not use every model', async () => {
    const response = await call('GET', '/v1/files', { headers: { authorization: 'Bearer mk-some' } });
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(asked).toEqual([]);
  });

  test('goes to the one of its API among several, and names the header where there are more', async () => {
    const several = startGateway(
      configuration(`- { name: a, api_base: "ORIGIN/a/v1", provider_type: anthropic }
  - { name: o, api_base: "ORIGIN/o/v1" }
  - { name: q, api_base: "ORIGIN/q/v1" }`),
    );
    expect((await call('GET', '/v1/messages/batches', {}, several)).status).toBe(200);
    const files = { headers: { 'anthropic-version': '2023-06-01' } };
    expect((await call('GET', '/v1/files', files, several)).status).toBe(200);
    expect(asked.map(({ target }) => target)).toEqual(['GET /a/v1/messages/batches', 'GET /a/v1/files']);
    const response = await call('GET', '/v1/files', {}, several);
    expect([response.status, await response.text()]).toEqual([
      400,
      expect.stringContaining('x-llm-proxy-provider') as unknown as string,
    ]);
    await several.stop();
  });
});

test('a wait that a provider tells in fields of its own is told as Retry-After, and kept to', async () => {
  const fresh = startGateway(
    configuration('- { name: p, api_base: "ORIGIN/v1" }\n  - { name: q, api_base: "ORIGIN/v1" }'),
  );
  answer = () =>
    Response.json(
      { error: { message: 'slow down' } },
      { status: 429, headers: { 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': '2m0s' } },
    );
  const response = await call('POST', CHAT, { body: JSON.stringify(chat('m')) }, fresh);
  expect([response.status, response.headers.get('retry-after')]).toEqual([429, '120']);
  const cooled = fresh.events.flatMap((event) => (event.type === 'route-cooled' ? [event.forMs] : []));
  expect(Math.max(...cooled)).toBeGreaterThan(100_000);
  await fresh.stop();
});
