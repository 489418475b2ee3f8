import { afterAll, beforeAll, expect, test } from 'bun:test';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { ADMIN_KEY } from './db-program.ts';
import { chat } from './gateway.ts';
import { startProcess, type TestProcess } from './process.ts';

let simulator: Simulator;
let folder: string;
let program: TestProcess;
let url: string;
let cookie: string;

beforeAll(async () => {
  simulator = await startSimulator({});
  folder = await mkdtemp(join(tmpdir(), 'console-file-'));
  const config = `server: { host: 127.0.0.1, port: 0 }
master_keys: [{ name: k, key: sk-of-a-client }]
providers: [{ name: p, api_base: "${simulator.url}/v1", api_key: sk-p }]
models: { fast: { routes: [{ provider: p, model: mock/ok }] } }`;
  await writeFile(join(folder, 'config.yaml'), config);
  program = startProcess(['--workers', '2'], { cwd: folder, env: { ADMIN_KEY } });
  [, url = ''] = await program.printed(/listening on (http\S+)/);
});
afterAll(async () => {
  program.kill();
  expect(await program.exited).toBe(0);
  await simulator.stop();
  await rm(folder, { recursive: true });
});

// oxlint-disable-next-line typescript/no-explicit-any -- tests look where they like
async function call(method: string, path: string, body?: unknown): Promise<{ status: number; body: any }> {
  const response = await fetch(`${url}/admin/v1${path}`, {
    method,
    headers: { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin', cookie },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const [given] = (response.headers.get('set-cookie') ?? '').split(';');
  if (given !== undefined && given !== '') cookie = given;
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
}

async function ask(): Promise<number> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer sk-of-a-client' },
    body: JSON.stringify(chat('fast')),
  });
  await response.text();
  return response.status;
}

test('with a file, an operator signs in, reads, drains and tests, and is told where to change the rest', async () => {
  cookie = '';
  expect((await call('POST', '/sessions', { key: ADMIN_KEY })).status).toBe(201);
  const { gateway } = (await call('GET', '/session')).body;
  expect([gateway.mode, gateway.configuration_file]).toEqual([
    'file',
    expect.stringContaining('config.yaml'),
  ]);
  expect(await ask()).toBe(200);
  for (let n = 0; ; n++) {
    if ((await call('GET', '/overview')).body.requests === 1) break;
    expect(n).toBeLessThan(2_000);
    await Bun.sleep(25);
  }
  const [request] = (await call('GET', '/requests')).body.requests;
  expect((await call('GET', `/requests/${request.request_id}`)).body.attempts_detail).toHaveLength(1);
  const [route] = (await call('GET', '/routes')).body.routes;
  expect((await call('POST', `/routes/${route.id}/drain`)).body.state).toBe('draining');
  for (let n = 0; n < 4; n++) expect(await ask()).toBe(503);
  expect((await call('POST', `/routes/${route.id}/resume`)).body.state).toBe('available');
  expect((await call('POST', '/providers/p/test', {})).body.ok).toBe(true);
  // null would say that nobody has used it.
  expect((await call('GET', '/master-keys/k')).body).not.toHaveProperty('last_used_at');
  const written = await call('POST', '/master-keys', { id: 'x' });
  expect([written.status, written.body.error.code]).toEqual([409, 'configuration_is_a_file']);
  await expectEntriesThatTheFileTakes();
  const account = await call('POST', '/accounts', { name: 'a', role: 'viewer' });
  expect([account.status, account.body.error.code]).toEqual([409, 'no_store']);
  expect((await call('GET', '/demo')).status).toBe(404);
  expect((await call('DELETE', '/session')).status).toBe(204);
  expect((await call('GET', '/overview')).status).toBe(401);
});

/** The file with the change that the preview of a write proposes. */
async function expectEntriesThatTheFileTakes(): Promise<void> {
  const preview = async (kind: string, id: string, fields: unknown) =>
    (await call('POST', '/config/preview', { kind, id, fields })).body;
  const routes = [{ provider: 'p', model: 'mock/ok' }];
  const key = await preview('master_keys', 'x', { allowed_models: ['fast'], rate_limit: null });
  expect(key.changes[0].diff.map(({ path }: { path: string }) => path)).toEqual(['name', 'allowed_models']);
  const entries = [
    key.file,
    (await preview('providers', 'p', { api_base: `${simulator.url}/v1`, weight: 3, is_enabled: true })).file,
    (await preview('models', 'slow', { is_enabled: true, routes, fallbacks: ['fast'] })).file,
    (await preview('models', 'fast', { is_enabled: false, fallbacks: [] })).file,
    (await preview('teams', 't', { parent: null, limits: [] })).file,
  ];
  const [keys, providers, slow, fast, teams] = entries;
  const models = { ...slow.models, ...fast.models };
  const yaml = stringify({ ...keys, ...providers, ...slow, ...teams, models });
  expect(entries).toMatchObject([
    { master_keys: [{ name: 'x', key: expect.stringMatching(/^sk-lp-\w{49}$/), allowed_models: ['fast'] }] },
    { providers: [{ name: 'p', weight: 3, enabled: true, api_key: '${P_API_KEY}' }] },
    { models: { slow: { enabled: true, routes } }, fallback: { alias_fallback: { slow: ['fast'] } } },
    { models: { fast: { enabled: false, routes } } },
    { teams: [{ name: 't' }] },
  ]);
  expect((await call('POST', '/config/validate', { yaml })).body).toMatchObject({ ok: true, problems: [] });
}
