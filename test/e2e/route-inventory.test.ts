import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { chat, compiled, startGateway, type TestGateway } from './gateway.ts';
import { pathsOfTheCode } from './paths-of-the-code.ts';
import { rawRequest, sendRaw } from './raw-client.ts';

let simulator: Simulator;
/** An address where no request may ever arrive. */
let elsewhere: Simulator;
let gateway: TestGateway;

beforeAll(async () => {
  [simulator, elsewhere] = await Promise.all([startSimulator(), startSimulator()]);
  gateway = startGateway(`
providers: [{ name: a, api_base: "${simulator.url}/v1", api_key: sk-canary }]
master_keys: [{ name: k, key: mk-key }, { name: off, key: mk-off, enabled: false }]
metrics: { token: metrics-token }
fallback: { retries: 0 }`);
});
beforeEach(() => {
  simulator.reset();
  elsewhere.reset();
});
afterAll(async () => {
  await gateway.stop();
  await Promise.all([simulator.stop(), elsewhere.stop()]);
});

/** Public paths: health, and how to use the gateway. `docs.test.ts` checks that they reveal nothing about the configuration. */
const PUBLIC = /^\/(|api\/hello|health|healthz|readyz|docs(\/.*)?|openapi\.json)$/;

/** The gateway's own paths. They may answer 404 or 405 before they authenticate. */
const OWN =
  /^\/(admin|health|healthz|readyz|metrics|docs|openapi\.json|favicon\.ico)?(\/|$)|^(\/v1(beta)?)?\/models$/;

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

const FURTHER = [
  '/',
  '/v1',
  '/v1/',
  '/v1/models/gpt-4',
  '/models/a/b',
  '/v1/files/file-1/content',
  '/v1/threads/t/messages',
  '/v1/fine_tuning/jobs',
  '/v1/realtime',
  '/chat/completions',
  '/v2/anything',
  '/admin/v1/providers',
  '/admin/v1/master-keys',
  '/admin/v1/config/reload',
  '/health/detailed',
  '/Health',
  '/healthz/x',
  '/health%2f..%2fv1',
  '//v1/models',
  '/unknown',
  '/.env',
  '/v1/chat/completions/',
  '/v1/chat/completions?api_key=mk-key',
];

describe('without a key', () => {
  const paths = pathsOfTheCode();

  test('the inventory knows the paths of the code', () => {
    for (const path of [
      '/health',
      '/readyz',
      '/v1/models',
      '/models',
      '/v1/chat/completions',
      '/v1/embeddings',
    ])
      expect(paths).toContain(path);
    expect(paths.length).toBeGreaterThan(15);
  });

  for (const path of [...new Set([...paths, ...FURTHER])].filter((each) => !PUBLIC.test(each))) {
    test(`${path} answers 401 to every method and asks no provider`, async () => {
      for (const method of METHODS) {
        const hasBody = !['GET', 'HEAD', 'OPTIONS'].includes(method);
        for (const authorization of [
          '',
          'Bearer mk-wrong',
          'Bearer mk-off',
          'Bearer sk-canary',
          'Basic bWsta2V5',
        ]) {
          const response = await fetch(`${gateway.url}${path}`, {
            method,
            headers: { 'content-type': 'application/json', ...(authorization !== '' && { authorization }) },
            ...(hasBody && { body: JSON.stringify(chat('gpt')) }),
            redirect: 'manual',
          });
          const text = await response.text();
          const allowed = OWN.test(path) ? [401, 404, 405] : path.includes('%2f') ? [400, 401] : [401];
          expect({ method, status: response.status, ok: allowed.includes(response.status) }).toMatchObject({
            ok: true,
          });
          expect(text).not.toContain('canary');
        }
      }
      expect(simulator.attempts).toHaveLength(0);
    });
  }

  test('a method that nobody has heard of is no way in', async () => {
    for (const method of ['PURGE', 'TRACE', 'PROPFIND', 'CONNECT', 'get']) {
      for (const path of ['/v1/models', '/v1/chat/completions', '/v1/files']) {
        const { status } = await sendRaw(gateway.url, rawRequest(`${method} ${path}`, []));
        // The runtime does not even answer some of them.
        expect({ method, path, isLetIn: status < 400 || status >= 500 }).toEqual({
          method,
          path,
          isLetIn: false,
        });
      }
    }
    expect(simulator.attempts).toHaveLength(0);
  });

  test('a key is none where no client puts one', async () => {
    expect((await fetch(`${gateway.url}/v1/models?key=mk-key`)).status).toBe(200);
    for (const path of ['/v1/models?api_key=mk-key', '/v1/models?keys=mk-key'])
      expect((await fetch(`${gateway.url}${path}`)).status).toBe(401);
    expect((await fetch(`${gateway.url}/v1/models`, { headers: { cookie: 'api-key=mk-key' } })).status).toBe(
      401,
    );
  });
});

describe('the host that a client names never changes where its request goes:', () => {
  const KEY = ['Authorization', 'Bearer mk-key'] as const;
  const TYPE = ['Content-Type', 'application/json'] as const;
  const body = JSON.stringify(chat('gpt'));

  async function arrives(line: string, fields: readonly (readonly [string, string])[]): Promise<void> {
    const { status } = await sendRaw(gateway.url, rawRequest(line, [KEY, TYPE, ...fields], body));
    expect(status).toBe(200);
    expect(simulator.attempts.map(({ path }) => path)).toEqual(['/v1/chat/completions']);
    expect(simulator.attempts[0]?.headers['host']).toBe(new URL(simulator.url).host);
    expect(elsewhere.attempts).toHaveLength(0);
  }

  test('in the request line', () => arrives(`POST ${elsewhere.url}/v1/chat/completions`, []));

  test('in the Host header', async () => {
    const text = rawRequest('POST /v1/chat/completions', [KEY, TYPE], body);
    const { status } = await sendRaw(gateway.url, text.replace('gateway.test', new URL(elsewhere.url).host));
    expect(status).toBe(200);
    expect(simulator.attempts).toHaveLength(1);
    expect(elsewhere.attempts).toHaveLength(0);
  });

  test('in fields that proxies set', () => {
    const { host } = new URL(elsewhere.url);
    return arrives('POST /v1/chat/completions', [
      ['X-Forwarded-Host', host],
      ['X-Forwarded-Proto', 'http'],
      ['Forwarded', `host="${host}"`],
      ['X-Original-Host', host],
      ['X-Host', host],
      ['X-Original-URL', `${elsewhere.url}/v1/chat/completions`],
      ['X-Rewrite-URL', '/admin'],
    ]);
  });

  test('in the path', async () => {
    const { host } = new URL(elsewhere.url);
    for (const path of [
      `//${host}/v1/chat/completions`,
      `/@${host}/chat/completions`,
      `/v1/@${host}/chat/completions`,
    ]) {
      await sendRaw(gateway.url, rawRequest(`POST ${path}`, [KEY, TYPE], body));
      expect(elsewhere.attempts).toHaveLength(0);
    }
    for (const { headers, path } of simulator.attempts) {
      expect(headers['host']).toBe(new URL(simulator.url).host);
      expect(path).toStartWith('/v1/');
    }
  });

  test('in the name of a provider or of a model', async () => {
    for (const fields of [
      [['X-Llm-Proxy-Provider', elsewhere.url]],
      [['X-Llm-Proxy-Provider', `a@${new URL(elsewhere.url).host}`]],
    ] as const) {
      await sendRaw(gateway.url, rawRequest('GET /v1/files', [KEY, ...fields]));
    }
    await sendRaw(
      gateway.url,
      rawRequest('POST /v1/chat/completions', [KEY, TYPE], JSON.stringify(chat(`${elsewhere.url}/x`))),
    );
    expect(elsewhere.attempts).toHaveLength(0);
  });
});

describe('a redirect of a provider is not followed:', () => {
  const target = (): string => encodeURIComponent(`${elsewhere.url}/v1/chat/completions`);

  for (const code of [301, 302, 303, 307, 308]) {
    for (const stream of [false, true]) {
      test(`${code} ${stream ? 'to a stream' : 'to a request'} is a failure, and nobody else gets the credential`, async () => {
        const response = await gateway.post(
          '/v1/chat/completions',
          chat(`mock/redirect?code=${code}&location=${target()}`, { stream }),
          { headers: { authorization: 'Bearer mk-key' }, redirect: 'manual' },
        );
        expect(response.status).toBe(502);
        expect(response.headers.get('location')).toBeNull();
        expect(await response.text()).not.toContain(new URL(elsewhere.url).host);
        expect(simulator.attempts).toHaveLength(1);
        expect(elsewhere.attempts).toHaveLength(0);
      });
    }
  }

  test('the next route is taken instead', async () => {
    const falling = startGateway(`
providers: [{ name: a, api_base: "${simulator.url}/a", api_key: sk-a }, { name: b, api_base: "${simulator.url}/b" }]
models: { m: { routes: [{ provider: a, model: "mock/redirect?location=${target()}" }, { provider: b, model: x, priority: 2 }] } }`);
    const response = await falling.post('/v1/chat/completions', chat('m'));
    expect([response.status, response.headers.get('x-llm-proxy-provider')]).toEqual([200, 'b']);
    expect(elsewhere.attempts).toHaveLength(0);
    await falling.stop();
  });
});

describe('a provider that is where clouds keep credentials is refused:', () => {
  for (const base of [
    'http://169.254.169.254/latest',
    'http://169.254.170.2/v2/credentials',
    'http://[fe80::1]/v1',
    'http://[::ffff:169.254.169.254]/v1',
    'http://metadata.google.internal/v1',
    'http://METADATA.google.internal./v1',
    'http://0xA9FEA9FE/v1',
    'http://2852039166/v1',
    'http://[fd00:ec2::254]/v1',
  ]) {
    test(base, () => {
      const config = `allow_unauthenticated: true\nproviders: [{ name: a, api_base: "${base}" }]`;
      expect(() => compiled(config)).toThrow(/link-local or metadata/);
    });
  }
});
