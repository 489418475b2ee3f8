import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ANSWER_HEADERS } from '../../src/openapi/answer-headers.ts';
import { ANSWERS } from '../../src/openapi/answer-schemas.ts';
import { PROXIED } from '../../src/openapi/proxied-endpoints.ts';
import type { OpenApiDocument } from '../../src/openapi/types.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { ADMIN_KEY, type DatabaseGateway, startDatabaseGateway } from './db-program.ts';
import { chat, startGateway, type TestGateway } from './gateway.ts';
import { pathsOfTheCode } from './paths-of-the-code.ts';

const KEY = 'mk-canary-key';

let simulator: Simulator;
let gateway: TestGateway;

const config = (more = ''): string => `
providers: [{ name: canary-provider, api_base: "${simulator.url}/v1", api_key: sk-canary }]
models: { canary-model: { routes: [{ provider: canary-provider, model: mock/ok }] } }
master_keys: [{ name: canary-name, key: ${KEY}, rate_limit: { requests_per_second: 100 } }]
${more}`;

beforeAll(async () => {
  simulator = await startSimulator();
  gateway = startGateway(config());
});
afterAll(async () => {
  await gateway.stop();
  await simulator.stop();
});

const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${gateway.url}${path}`, { headers, redirect: 'manual' });
const withKey = { authorization: `Bearer ${KEY}` };

async function documentAt(url: string): Promise<OpenApiDocument> {
  return (await (await fetch(`${url}/openapi.json`)).json()) as OpenApiDocument;
}

describe('the page', () => {
  test('is open to everybody, and nothing about it is left to the browser', async () => {
    const { status, headers } = await get('/docs');
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(headers.get('content-security-policy')).toStartWith("default-src 'none'; script-src 'self';");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('cache-control')).toBe('no-cache');
  });

  test('names only files that are there', async () => {
    const html = await (await get('/docs')).text();
    const named = [...html.matchAll(/(?:href|src)="(docs\/[^"]+)"/g)].map(([, path = '']) => path);
    expect(named.length).toBeGreaterThan(20);
    for (const path of named) expect((await get(`/${path}`)).status).toBe(200);
    expect(html).not.toMatch(/https?:/);
  });

  test('is not sent again to who has it', async () => {
    for (const path of ['/docs', '/docs/main.ts', '/openapi.json']) {
      const etag = (await get(path)).headers.get('etag') ?? '';
      const again = await get(path, { 'if-none-match': `"other", W/${etag}` });
      expect([again.status, await again.text()]).toEqual([304, '']);
      expect((await get(path, { 'if-none-match': '"other"' })).status).toBe(200);
    }
  });

  test('is found with a slash behind it too, and what is not there is not', async () => {
    const { status, headers } = await get('/docs/');
    expect([status, headers.get('location')]).toEqual([308, '../docs']);
    for (const path of ['/docs/nothing.ts', '/docs/index.html', '/docs/page/main.ts', '/openapi.yaml'])
      expect([404, 401]).toContain((await get(path)).status);
    expect((await fetch(`${gateway.url}/docs`, { method: 'POST' })).status).toBe(405);
    const head = await fetch(`${gateway.url}/docs`, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  test('says nothing of the configuration', async () => {
    const html = await (await get('/docs')).text();
    const document = await (await get('/openapi.json')).text();
    expect(html + document).not.toMatch(/canary/);
    expect(html + document).not.toContain(simulator.url);
  });

  test('is not there when the setting says so, from one request to the next', async () => {
    gateway.reconfigure(config('docs: { enabled: false }'));
    for (const path of ['/docs', '/docs/', '/docs/main.ts', '/openapi.json']) {
      const response = await get(path);
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ error: { code: 'path_not_found' } });
    }
    gateway.reconfigure(config());
    expect((await get('/docs')).status).toBe(200);
  });
});

describe('the document', () => {
  test('describes every path that the code of the server names', async () => {
    const described = Object.keys((await documentAt(gateway.url)).paths);
    // Leaves out prefixes of paths, aliases of documented paths, and the Admin API, which has a document of its own.
    const paths = pathsOfTheCode().filter(
      (path) =>
        !path.endsWith('/') && path !== '/models' && path !== '/v1beta/models' && !path.startsWith('/admin/'),
    );
    expect(paths.length).toBeGreaterThan(20);
    expect(described).toEqual(expect.arrayContaining(paths));
  });

  test('has no Admin API without a database, and no metrics where they have a port of their own', async () => {
    const other = startGateway(`${config()}\nmetrics: { port: 0 }`);
    const paths = Object.keys((await documentAt(other.url)).paths);
    expect(paths).not.toContain('/metrics');
    expect(paths.filter((path) => path.startsWith('/admin'))).toEqual([]);
    await other.stop();
  });

  test('says what the own endpoints answer, field by field', async () => {
    const answers = {
      Health: await (await get('/health')).json(),
      DetailedHealth: await (await get('/health/detailed?probe=chat', withKey)).json(),
      ModelObject: await (await get('/v1/models/canary-model', withKey)).json(),
    };
    for (const [name, answer] of Object.entries(answers))
      expect(ANSWERS[name as keyof typeof ANSWERS].parse(answer) as unknown).toEqual(answer);
    expect(JSON.stringify(answers.DetailedHealth)).toContain('"model"');
  });

  test('names every header that the gateway adds, and no other', async () => {
    const caching = config().replace('canary-model: {', 'canary-model: { cache: { enabled: true }, ');
    const other = startGateway(`${caching}
prices: { models: { "canary-provider/*": { input: 1, output: 1 } } }`);
    const passed = await other.post('/v1/chat/completions', chat('canary-model'), { headers: withKey });
    await other.stop();
    const translating = startGateway(
      config().replace('name: canary-provider', 'name: canary-provider, provider_type: openai'),
    );
    const counted = await translating.post(
      '/v1/messages/count_tokens',
      { model: 'canary-model', messages: [{ role: 'user', content: 'Hi' }] },
      { headers: withKey },
    );
    await translating.stop();
    const added = [passed, counted]
      .flatMap(({ headers }) => [...headers.keys()])
      .filter((name) => /^(x-llm-proxy-|x-ratelimit-|x-request-id|server-timing)/.test(name));
    expect([...new Set(added)].sort()).toEqual(Object.keys(ANSWER_HEADERS).sort());
  });

  test('has bodies to begin with that are understood, whatever the API', async () => {
    const route = '{ routes: [{ provider: canary-provider, model: mock/ok }] }';
    gateway.reconfigure(
      config().replace('models: {', `models: { demo: ${route}, demo-embedding: ${route}, `),
    );
    // The simulator has no such endpoints.
    const missing = new Set(['createRerank', 'countMessageTokens', 'createBatch']);
    for (const [path, { post }] of Object.entries(PROXIED)) {
      if (post === undefined || post.body !== 'json' || missing.has(post.id)) continue;
      for (const [title, fields] of Object.entries(post.examples)) {
        const body = { model: post.model ?? 'demo', ...fields };
        const response = await gateway.post(path, body, { headers: withKey });
        await response.text();
        expect({ path, title, status: response.status }).toEqual({ path, title, status: 200 });
        const isStream = response.headers.get('content-type')?.startsWith('text/event-stream');
        expect({ path, title, isStream }).toEqual({ path, title, isStream: 'stream' in fields });
      }
    }
    gateway.reconfigure(config());
  });
});

describe('in database mode the document', () => {
  let folder: string;
  let database: DatabaseGateway;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'llm-proxy-docs-'));
    database = await startDatabaseGateway({ dbUrl: `sqlite://${join(folder, 'proxy.db')}`, folder });
    await database.admin('POST', '/providers', { id: 'p', api_base: `${simulator.url}/v1` });
    await database.admin('POST', '/master-keys', { id: 'k', key: KEY });
  });
  afterAll(async () => {
    database.program.kill();
    await database.program.exited;
    await rm(folder, { recursive: true });
  });

  test('describes nothing that is not served', async () => {
    const { paths } = await documentAt(database.url);
    const all = Object.entries(paths).flatMap(([path, item]) =>
      Object.keys(item).map((method) => [method.toUpperCase(), path] as const),
    );
    expect(all.length).toBeGreaterThan(60);
    for (const [method, path] of all) {
      const url = database.url + path.replace('{version}', '999').replaceAll(/\{\w+\}/g, 'x');
      const response = await fetch(url, {
        method,
        headers: {
          authorization: `Bearer ${path.startsWith('/admin') ? ADMIN_KEY : KEY}`,
          'content-type': 'application/json',
        },
        ...(method !== 'GET' && { body: '{}' }),
      });
      const isEndless = response.headers.get('content-type')?.includes('event-stream') === true;
      const text = isEndless ? '' : await response.text();
      if (isEndless) await response.body?.cancel();
      const isUnknown = !response.ok && /path_not_found|method_not_allowed|does not exist here/.test(text);
      expect({ method, path, isUnknown }).toEqual({ method, path, isUnknown: false });
    }
  });

  test('has the Admin API, which without a key can still only be read about', async () => {
    const document = await documentAt(database.url);
    expect(document['x-tagGroups'].map(({ name }) => name)).toEqual(['API', 'Gateway', 'Admin API']);
    const alone = await fetch(`${database.url}/admin/v1/openapi.json`, {
      headers: { authorization: `Bearer ${ADMIN_KEY}` },
    });
    const { paths } = (await alone.json()) as OpenApiDocument;
    expect(Object.keys(document.paths)).toEqual(expect.arrayContaining(Object.keys(paths)));
    expect((await fetch(`${database.url}/admin/v1/openapi.json`)).status).toBe(401);
    expect((await fetch(`${database.url}/admin/v1/providers`)).status).toBe(401);
  });

  test('goes away by the setting of that name', async () => {
    await database.admin('PUT', '/settings/docs', { value: { enabled: false } });
    expect((await fetch(`${database.url}/openapi.json`)).status).toBe(404);
    await database.admin('DELETE', '/settings/docs');
    expect((await fetch(`${database.url}/openapi.json`)).status).toBe(200);
  });
});
