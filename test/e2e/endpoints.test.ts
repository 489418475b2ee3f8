import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { connect } from 'node:net';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { chat, startGateway, type TestGateway } from './gateway.ts';

let simulator: Simulator;
let gateway: TestGateway;
/** Without keys. */
let open: TestGateway;
/** With one key for all and nothing else. */
let oneKey: TestGateway;

const MODELS = `
models:
  zeta: { routes: [{ provider: a, model: m }] }
  "org/alpha:free": { routes: [{ provider: a, model: m }] }
  Beta: { routes: [{ provider: a, model: m }] }
  disabled: { enabled: false, routes: [{ provider: a, model: m }] }
  gone: { routes: [{ provider: off, model: m }, { provider: a, model: m, enabled: false }] }
  stands-in: { routes: [{ provider: off, model: m }] }
fallback: { alias_fallback: { stands-in: [zeta] } }`;

beforeAll(async () => {
  simulator = await startSimulator();
  const providers = `providers: [{ name: a, api_base: "${simulator.url}" }, { name: off, api_base: "${simulator.url}", enabled: false }]`;
  gateway = startGateway(`
${providers}
master_keys:
  - { name: all, key: mk-all }
  - { name: some, key: mk-some, allowed_models: ["org/*", disabled] }
  - { name: none, key: mk-none, allowed_models: [nothing] }
${MODELS}`);
  open = startGateway(`${providers}${MODELS}`);
  oneKey = startGateway(`${providers}\nproxy_api_key: mk-one${MODELS}`);
});

afterAll(async () => {
  await Promise.all([gateway.stop(), open.stop(), oneKey.stop()]);
  await simulator.stop();
});

function get(path: string, key = 'mk-all', on = gateway): Promise<Response> {
  return fetch(`${on.url}${path}`, { headers: key === '' ? {} : { authorization: `Bearer ${key}` } });
}

interface ModelList {
  readonly object: string;
  readonly data: readonly { readonly id: string; readonly [field: string]: unknown }[];
}

async function ids(path: string, key?: string, on?: TestGateway): Promise<string[]> {
  const response = await get(path, key, on);
  expect(response.status).toBe(200);
  return ((await response.json()) as ModelList).data.map(({ id }) => id);
}

describe('the health of the gateway', () => {
  test('/health tells version, uptime and how many providers there are, without a key', async () => {
    const response = await get('/health', '');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toStartWith('application/json');
    expect(await response.json()).toMatchObject({
      status: 'ok',
      version: 'test',
      uptime_seconds: expect.any(Number),
      providers: { total: 1, cooling: 0 },
    });
  });

  test('/health counts the providers that cool down', async () => {
    const broken = startGateway(`
providers: [{ name: bad, api_base: "${simulator.url}" }, { name: good, api_base: "${simulator.url}" }]
models: { m: { routes: [{ provider: bad, model: mock/500 }, { provider: good, model: x, priority: 2 }] } }`);
    expect((await broken.post('/v1/chat/completions', chat('m'))).status).toBe(200);
    expect(await (await get('/health', '', broken)).json()).toMatchObject({
      providers: { total: 2, cooling: 1 },
    });
    await broken.stop();
  });

  test('/healthz says ok, /readyz says ready, neither needs a key', async () => {
    const healthz = await get('/healthz', '');
    expect([healthz.status, await healthz.text()]).toEqual([200, 'ok']);
    const readyz = await get('/readyz', '');
    expect([readyz.status, await readyz.text()]).toEqual([200, 'ready']);
  });

  test('no provider is asked for any of it', async () => {
    simulator.reset();
    for (const path of ['/health', '/healthz', '/readyz', '/v1/models', '/models/zeta']) await get(path);
    expect(simulator.attempts).toHaveLength(0);
  });

  test('a gateway that drains finishes what it serves', async () => {
    const leaving = startGateway(`providers: [{ name: a, api_base: "${simulator.url}" }]`);
    const model = 'mock/ok?pace=20&words=8';
    const stream = await leaving.post('/v1/chat/completions', chat(model, { stream: true }));
    const drained = leaving.app.drain();
    expect(await stream.text()).toContain('[DONE]');
    await drained;
  });

  test('a gateway that drains takes no new connections and lets idle ones go, and so is ready for nobody', async () => {
    const leaving = startGateway(`providers: [{ name: a, api_base: "${simulator.url}" }]`);
    const model = 'mock/ok?pace=20&words=8';
    const stream = await leaving.post('/v1/chat/completions', chat(model, { stream: true }));
    const idle = connect(Number(new URL(leaving.url).port), '127.0.0.1');
    const closed = new Promise<void>((resolve) => idle.once('close', () => resolve()));
    await new Promise<void>((resolve) =>
      idle.once('data', () => resolve()).write('GET /readyz HTTP/1.1\r\nhost: x\r\n\r\n'),
    );
    const drained = leaving.app.drain();
    await closed;
    expect(await fetch(`${leaving.url}/readyz`).catch(() => 'refused')).toBe('refused');
    expect(await stream.text()).toContain('[DONE]');
    await drained;
  });
});

describe('the list of models', () => {
  test("has OpenAI's shape", async () => {
    const response = await get('/v1/models');
    expect(response.headers.get('content-type')).toStartWith('application/json');
    const list = (await response.json()) as ModelList;
    expect(list.object).toBe('list');
    for (const model of list.data) {
      expect(model).toEqual({
        id: expect.any(String),
        object: 'model',
        created: expect.any(Number),
        owned_by: expect.any(String),
      });
    }
  });

  test('is sorted, and the same without /v1', async () => {
    const list = await ids('/v1/models');
    expect(list).toEqual([...list].sort());
    expect(list).toContain('org/alpha:free');
    expect(await ids('/models')).toEqual(list);
  });

  test('has no disabled model, and none that nobody serves', async () => {
    const list = await ids('/v1/models');
    expect(list).not.toContain('disabled');
    expect(list).not.toContain('gone');
  });

  test('has a model that only its fallback serves: a request for it is answered', async () => {
    expect(
      (await gateway.post('/v1/chat/completions', chat('stands-in'), { headers: { 'api-key': 'mk-all' } }))
        .status,
    ).toBe(200);
    expect(await ids('/v1/models')).toContain('stands-in');
  });

  test('has only what the key may use', async () => {
    expect(await ids('/v1/models', 'mk-some')).toEqual(['org/alpha:free']);
    expect(await ids('/v1/models', 'mk-none')).toEqual([]);
  });

  test('follows the configuration', async () => {
    const changing = startGateway(
      `providers: [{ name: a, api_base: "${simulator.url}", model_mapping: { x: y } }]`,
    );
    expect(await ids('/v1/models', '', changing)).toEqual(['x']);
    changing.reconfigure(`providers: [{ name: a, api_base: "${simulator.url}", model_mapping: { z: y } }]`);
    expect(await ids('/v1/models', '', changing)).toEqual(['z']);
    await changing.stop();
  });

  test('lists what a mapping names, but no pattern', async () => {
    const mapped = startGateway(
      `providers: [{ name: a, api_base: "${simulator.url}", model_mapping: { gpt-4: x, "gpt-*": "*", "*": y } }]`,
    );
    expect(await ids('/v1/models', '', mapped)).toEqual(['gpt-4']);
    await mapped.stop();
  });
});

describe('a key for the list of models', () => {
  test('is needed where there are keys', async () => {
    for (const path of ['/v1/models', '/models', '/v1/models/zeta']) {
      for (const key of ['', 'mk-wrong']) {
        const response = await get(path, key);
        expect(response.status).toBe(401);
        expect(response.headers.get('www-authenticate')).toStartWith('Bearer');
      }
    }
  });

  test('is not needed where there are none', async () =>
    expect(await ids('/v1/models', '', open)).toContain('zeta'));

  test('is not needed where there is one key for all', async () => {
    expect(await ids('/v1/models', '', oneKey)).toContain('zeta');
    expect((await get('/models/zeta', '', oneKey)).status).toBe(200);
    const response = await oneKey.post('/v1/chat/completions', chat('zeta'));
    expect(response.status).toBe(401);
  });

  test('is as public_models says, both ways', async () => {
    const base = `providers: [{ name: a, api_base: "${simulator.url}" }]${MODELS.replaceAll('off', 'a')}`;
    const closed = startGateway(`${base}\nproxy_api_key: mk-one\npublic_models: false`);
    expect((await get('/v1/models', '', closed)).status).toBe(401);
    expect(await ids('/v1/models', 'mk-one', closed)).toContain('zeta');
    const shown = startGateway(`${base}\nmaster_keys: [{ name: k, key: mk-k }]\npublic_models: true`);
    expect(await ids('/v1/models', '', shown)).toContain('zeta');
    await Promise.all([closed.stop(), shown.stop()]);
  });
});

describe('one model', () => {
  test('is found under its name, slashes and all, encoded or not, with /v1 or without', async () => {
    for (const path of [
      '/v1/models/org/alpha:free',
      '/v1/models/org%2Falpha%3Afree',
      '/models/org%2falpha:free',
    ]) {
      const response = await get(path);
      expect(response.status).toBe(200);
      expect(await response.json()).toMatchObject({ id: 'org/alpha:free', object: 'model' });
    }
  });

  test('that is not there, not enabled, or not for this key, is all the same: 404', async () => {
    for (const [id, key] of [
      ['nothing', 'mk-all'],
      ['disabled', 'mk-all'],
      ['gone', 'mk-all'],
      ['beta', 'mk-all'],
      ['zeta', 'mk-some'],
      ['disabled', 'mk-some'],
    ] as const) {
      const response = await get(`/v1/models/${id}`, key);
      expect({ id, status: response.status }).toEqual({ id, status: 404 });
      expect(await response.json()).toMatchObject({ error: { code: 'model_not_found', param: 'model' } });
    }
  });

  test('whose name is no valid encoding is no crash', async () =>
    expect((await get('/v1/models/%E0%A4%A')).status).toBe(404));
});

describe('methods', () => {
  const own = ['/health', '/healthz', '/readyz', '/v1/models', '/models'];

  for (const path of own) {
    test(`HEAD ${path} has the head of GET and no body`, async () => {
      const headers = { authorization: 'Bearer mk-all' };
      const head = await fetch(`${gateway.url}${path}`, { method: 'HEAD', headers });
      const whole = await fetch(`${gateway.url}${path}`, { headers });
      expect(head.status).toBe(whole.status);
      expect(head.headers.get('content-type')).toBe(whole.headers.get('content-type'));
      expect(await head.text()).toBe('');
    });

    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      test(`${method} ${path} is not allowed, and the answer says what is`, async () => {
        const response = await fetch(`${gateway.url}${path}`, {
          method,
          headers: { authorization: 'Bearer mk-all' },
        });
        expect(response.status).toBe(405);
        expect(response.headers.get('allow')).toBe('GET, HEAD');
        expect(await response.json()).toMatchObject({ error: { code: 'method_not_allowed' } });
      });
    }
  }
});

describe('a browser of an allowed origin', () => {
  const ORIGIN = 'https://app.example.com';
  let withCors: TestGateway;

  beforeAll(() => {
    withCors = startGateway(`providers: [{ name: a, api_base: "${simulator.url}" }]
master_keys: [{ name: k, key: mk-k }]`);
    withCors.app.swap({
      ...withCors.app.snapshot(),
      server: { ...withCors.app.snapshot().server, corsOrigins: [ORIGIN] },
    });
  });
  afterAll(() => withCors.stop());

  const call = (path: string, headers: Record<string, string>, method = 'GET'): Promise<Response> =>
    fetch(`${withCors.url}${path}`, { method, headers: { origin: ORIGIN, ...headers } });

  test('may ask beforehand, without a key', async () => {
    const response = await call(
      '/v1/chat/completions',
      { 'access-control-request-headers': 'authorization' },
      'OPTIONS',
    );
    expect(response.status).toBe(204);
    expect(response.headers.get('access-control-allow-origin')).toBe(ORIGIN);
    expect(response.headers.get('access-control-allow-headers')).toBe('authorization');
  });

  test('may read answers, and errors as well: those of providers, of the gateway, and of its own endpoints', async () => {
    const key = { authorization: 'Bearer mk-k', 'content-type': 'application/json' };
    const post = (body: unknown, headers: Record<string, string>): Promise<Response> =>
      fetch(`${withCors.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { origin: ORIGIN, ...headers },
        body: JSON.stringify(body),
      });
    const responses = {
      answer: await post(chat('m'), key),
      'error of a provider': await post(chat('mock/400'), key),
      'missing key': await post(chat('m'), {}),
      'list of models': await call('/v1/models', key),
      'list of models without a key': await call('/v1/models', {}),
      'unknown model': await call('/v1/models/nothing', key),
      'wrong method': await call('/health', key, 'DELETE'),
      'unknown path': await call('/admin/v1/x', key),
    };
    const readable = Object.entries(responses).map(([what, { headers }]) => [
      what,
      headers.get('access-control-allow-origin'),
    ]);
    expect(readable).toEqual(Object.keys(responses).map((what) => [what, ORIGIN]));
  });

  test('is the only one: another origin gets no such header', async () => {
    const response = await call('/health', { origin: 'https://evil.test' });
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
  });
});
