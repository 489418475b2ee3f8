import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { startGateway, type TestGateway } from './gateway.ts';

let simulator: Simulator;
let gateway: TestGateway;
/** A provider that stores files and can delete them, which the mock cannot. */
let files: ReturnType<typeof Bun.serve>;
let fileRequests: string[] = [];

beforeAll(async () => {
  simulator = await startSimulator({ strict: true });
  files = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: async (request) => {
      const { pathname, search } = new URL(request.url);
      fileRequests.push(`${request.method} ${pathname}${search} ${await request.text()}`.trim());
      return request.method === 'DELETE'
        ? new Response(null, { status: 204 })
        : Response.json({ id: 'file-1' });
    },
  });
  const { url } = simulator;
  gateway = startGateway(`
providers:
  - { name: a, api_base: "${url}/a/v1", api_key: sk-a }
  - { name: b, api_base: "${url}/b" }
  - { name: files, api_base: "${files.url.origin}/v1" }
  - { name: off, api_base: "${url}/off", enabled: false }
  - { name: dead, api_base: "http://127.0.0.1:9/v1" }
master_keys:
  - { name: all, key: mk-all }
  - { name: some, key: mk-some, allowed_models: [allowed] }
models:
  model-on-b: { routes: [{ provider: b, model: x }] }
  allowed: { routes: [{ provider: a, model: x }] }
  falls-over: { routes: [{ provider: dead, model: x }, { provider: a, model: x, priority: 2 }] }
  "org/with slash": { routes: [{ provider: b, model: x }] }
fallback: { retries: 0 }`);
});
beforeEach(() => {
  simulator.reset();
  fileRequests = [];
});
afterAll(async () => {
  await gateway.stop();
  await simulator.stop();
  await files.stop(true);
});

function call(
  method: string,
  path: string,
  provider: string,
  more: RequestInit & { key?: string } = {},
): Promise<Response> {
  const { key = 'mk-all', headers, ...init } = more;
  return fetch(`${gateway.url}${path}`, {
    method,
    ...init,
    headers: {
      authorization: `Bearer ${key}`,
      'x-llm-proxy-provider': provider,
      ...(headers as Record<string, string>),
    },
  });
}

/** The requests that reached the mock, as `GET /path`. */
function asked(): string[] {
  return simulator.attempts.map(({ method, path }) => `${method} ${path}`);
}

async function codeOf(response: Response): Promise<unknown> {
  return ((await response.json()) as { error?: { code?: unknown } }).error?.code;
}

test('the answer to a request without a model names its provider, and no model', async () => {
  const { headers } = await call('GET', '/v1/files', 'files');
  expect(headers.get('x-llm-proxy-provider')).toBe('files');
  expect(headers.get('x-llm-proxy-model')).toBeNull();
});

describe('a request without a model goes to the provider that its header names', () => {
  test('with its path and query, and the credential of that provider', async () => {
    const response = await call('GET', '/v1/files?purpose=batch&limit=2', 'a');
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ object: 'list' });
    expect(asked()).toEqual(['GET /a/v1/files?purpose=batch&limit=2']);
    expect(simulator.attempts[0]?.headers['authorization']).toBe('Bearer sk-a');
    expect(response.headers.get('x-llm-proxy-provider')).toBe('a');
  });

  test('written without /v1 as well', async () => {
    await call('GET', '/files', 'b');
    expect(asked()).toEqual(['GET /b/v1/files']);
  });

  test('HEAD stays HEAD', async () => {
    const response = await call('HEAD', '/v1/files', 'a');
    expect([response.status, await response.text()]).toEqual([200, '']);
    expect(asked()).toEqual(['HEAD /a/v1/files']);
  });

  test('DELETE without a body, answered without one', async () => {
    const response = await call('DELETE', '/v1/files/file-1', 'files');
    expect([response.status, await response.text()]).toEqual([204, '']);
    expect(fileRequests).toEqual(['DELETE /v1/files/file-1']);
  });

  test('POST without a body', async () => {
    const response = await call('POST', '/v1/batches/b1/cancel', 'files');
    expect(await response.json()).toEqual({ id: 'file-1' });
    expect(fileRequests).toEqual(['POST /v1/batches/b1/cancel']);
  });

  test('POST and PATCH with JSON that names no model', async () => {
    for (const method of ['POST', 'PATCH']) {
      const body = '{"input_file_id":"file-1"}';
      await call(method, '/v1/batches', 'files', { body, headers: { 'content-type': 'application/json' } });
    }
    expect(fileRequests).toEqual(
      ['POST', 'PATCH'].map((method) => `${method} /v1/batches {"input_file_id":"file-1"}`),
    );
  });

  test('a form without a model', async () => {
    const form = new FormData();
    form.append('purpose', 'assistants');
    form.append('file', new Blob(['hello']), 'a.txt');
    expect((await call('POST', '/v1/files', 'a', { body: form })).status).toBe(200);
    expect(asked()).toEqual(['POST /a/v1/files']);
    expect(new TextDecoder().decode(simulator.attempts[0]?.body)).toContain(
      'name="purpose"\r\n\r\nassistants',
    );
  });

  test('a body that is neither', async () => {
    const body = new Uint8Array([0, 1, 2, 255]);
    await call('PUT', '/v1/uploads/1', 'files', {
      body,
      headers: { 'content-type': 'application/octet-stream' },
    });
    expect(fileRequests).toHaveLength(1);
  });
});

describe('the header may name a model', () => {
  test('whose route is taken', async () => {
    expect((await call('GET', '/v1/files', 'model-on-b')).status).toBe(200);
    expect(asked()).toEqual(['GET /b/v1/files']);
  });

  test('with spaces and slashes in its name', async () => {
    await call('GET', '/v1/files', 'org/with slash');
    expect(asked()).toEqual(['GET /b/v1/files']);
  });

  test('whose fallbacks hold', async () => {
    const response = await call('GET', '/v1/files', 'falls-over');
    expect(response.status).toBe(200);
    expect(response.headers.get('x-llm-proxy-attempts')).toBe('2');
    expect(asked()).toEqual(['GET /a/v1/files']);
  });

  test('which a key needs to be allowed to use', async () => {
    await call('POST', '/v1/files', 'allowed', { key: 'mk-some' });
    expect(asked()).toEqual(['POST /a/v1/files']);
    const refused = await call('POST', '/v1/files', 'model-on-b', { key: 'mk-some' });
    expect([refused.status, await codeOf(refused)]).toEqual([403, 'model_not_allowed']);
  });
});

describe('clients without the permission', () => {
  test('a key that may not use every model reaches no provider by its name', async () => {
    const response = await call('GET', '/v1/files', 'a', { key: 'mk-some' });
    expect([response.status, await codeOf(response)]).toEqual([403, 'path_not_allowed']);
    const made = await call('POST', '/v1/files', 'a', { key: 'mk-some' });
    expect([made.status, await codeOf(made)]).toEqual([403, 'model_not_allowed']);
    expect(asked()).toEqual([]);
  });

  test('such a key does not learn which providers and models there are', async () => {
    const statuses = await Promise.all(
      ['a', 'model-on-b', 'no-such-name'].map(
        async (name) => (await call('GET', '/v1/files', name, { key: 'mk-some' })).status,
      ),
    );
    expect(statuses).toEqual([403, 403, 403]);
  });

  test('a disabled provider is not there, nor is an unknown one', async () => {
    for (const name of ['off', 'nobody', 'A', '__proto__']) {
      const response = await call('GET', '/v1/files', name);
      expect([response.status, await codeOf(response)]).toEqual([404, 'provider_not_found']);
    }
  });

  test('without the header, or with an empty one, the request names no model', async () => {
    const headers = { authorization: 'Bearer mk-all' };
    for (const response of [
      await fetch(`${gateway.url}/v1/files`, { headers }),
      await call('GET', '/v1/files', ''),
    ])
      expect([response.status, await codeOf(response)]).toEqual([400, 'missing_model']);
  });
});

test('a model in the body counts more than the header', async () => {
  const body = JSON.stringify({ model: 'model-on-b', messages: [] });
  const headers = { 'content-type': 'application/json' };
  await call('POST', '/v1/chat/completions', 'a', { body, headers });
  expect(asked()).toEqual(['POST /b/v1/chat/completions']);
});
