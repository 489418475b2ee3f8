import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { type DatabaseGateway, startDatabaseGateway, timeUntil } from './db-program.ts';
import { sharePostgres, type TestDatabaseServer } from './db-postgres.ts';
import { chat } from './gateway.ts';
import { startProcess } from './process.ts';

let simulator: Simulator;
let postgres: TestDatabaseServer;
let folder: string;
/** Two replicas over one database. */
let here: DatabaseGateway;
let there: DatabaseGateway;

beforeAll(async () => {
  simulator = await startSimulator({});
  postgres = await sharePostgres();
  folder = mkdtempSync(join(tmpdir(), 'llm-proxy-key-life-'));
  const dbUrl = await postgres.newDatabase();
  [here, there] = (await Promise.all(
    ['here', 'there'].map((name) => startDatabaseGateway({ dbUrl, folder: join(folder, name) })),
  )) as [DatabaseGateway, DatabaseGateway];
  await here.admin('POST', '/providers', { id: 'a', api_base: `${simulator.url}/v1`, api_key: 'sk-a' });
  await here.admin('POST', '/models', { id: 'any', routes: [{ provider: 'a', model: 'mock/ok' }] });
}, 180_000);

afterAll(async () => {
  for (const { program } of [here, there]) program.kill('SIGTERM');
  await Promise.all([here, there].map(({ program }) => program.exited));
  await postgres.stop();
  await simulator.stop();
  rmSync(folder, { recursive: true });
});

/** The answer of one of the gateway's APIs to a key. */
async function told(gateway: { readonly url: string }, key: string, path = '/v1/chat/completions') {
  const response = await fetch(`${gateway.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': key },
    body: JSON.stringify(chat('any')),
  });
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look where they like
  const body: any = await response.json();
  return { status: response.status, code: body.error?.code, error: body.error, body };
}

async function keyOf(body: Record<string, unknown>): Promise<string> {
  const { key } = await here.admin('POST', '/master-keys', body);
  return String(key);
}

describe('a key that expires', () => {
  test('is told when it did, in the shape of each API', async () => {
    const key = await keyOf({ id: 'old', expires_at: '2026-01-31T12:00:00+01:00' });
    const chatted = await told(here, key);
    expect([chatted.status, chatted.code]).toEqual([401, 'key_expired']);
    expect(chatted.error).toMatchObject({ type: 'authentication_error', param: null });
    expect(chatted.error.message).toContain('"old" expired at 2026-01-31T11:00:00Z');
    const messages = await told(here, key, '/v1/messages');
    expect(messages.body).toMatchObject({ type: 'error', error: { type: 'authentication_error' } });
    const gemini = await told(here, key, '/v1beta/models/any:generateContent');
    expect(gemini.error).toMatchObject({ code: 401, status: 'UNAUTHENTICATED' });
    expect(JSON.stringify(gemini.body)).toContain('key_expired');
    expect((await told(here, `${key.slice(0, -1)}!`)).error.message).toContain('mistyped');
    expect((await here.admin('GET', '/master-keys/old'))['status']).toBe('expired');
  });

  test('is good until its time, on every replica', async () => {
    const expiresAtMs = Date.now() + 3_000;
    const key = await keyOf({ id: 'short', expires_at: new Date(expiresAtMs).toISOString() });
    await timeUntil(async () => (await told(there, key)).status === 200 || Date.now() >= expiresAtMs);
    for (;;) {
      const beforeMs = Date.now();
      const { status } = await told(there, key);
      // The clock is that of this machine, so the answer is certain unless the time passes meanwhile.
      if (beforeMs >= expiresAtMs) {
        expect(status).toBe(401);
        break;
      }
      if (Date.now() < expiresAtMs) expect(status).toBe(200);
    }
  });

  test('goes on for the time of grace, if there is one', async () => {
    const key = await keyOf({ id: 'late', expires_at: new Date(Date.now() - 60_000).toISOString() });
    expect((await told(here, key)).code).toBe('key_expired');
    await here.admin('PUT', '/settings/limits_options', { value: { grace_after_expiry: 3600 } });
    expect((await told(here, key)).status).toBe(200);
    expect((await here.admin('GET', '/master-keys/late'))['status']).toBe('active');
    await here.admin('DELETE', '/settings/limits_options');
  });
});

describe('a key that is rotated', () => {
  test('has two secrets for a while, or until the former one is revoked', async () => {
    const first = await keyOf({ id: 'rotated' });
    const { key: second, status } = await here.admin('POST', '/master-keys/rotated/rotate', {
      grace_seconds: 3600,
    });
    expect(status).toBe('rotating');
    expect([(await told(here, first)).status, (await told(here, String(second))).status]).toEqual([200, 200]);
    await here.admin('POST', '/master-keys/rotated/rotate', { grace_seconds: 1 });
    await timeUntil(async () => (await told(here, String(second))).status !== 200);
    expect((await told(here, String(second))).code).toBe('key_expired');
    expect((await told(here, first)).code).toBe('invalid_api_key');
    const { key: third } = await here.admin('POST', '/master-keys/rotated/rotate', {});
    const { key: fourth } = await here.admin('POST', '/master-keys/rotated/rotate', {});
    expect((await told(here, String(third))).status).toBe(200);
    const revoked = await here.admin('POST', '/master-keys/rotated/rotate', { revoke_previous: true });
    expect([revoked['key'], revoked['status']]).toEqual([undefined, 'active']);
    expect(revoked['previous_key_preview']).toBeNull();
    expect((await told(here, String(third))).code).toBe('invalid_api_key');
    expect((await told(here, String(fourth))).status).toBe(200);
  });

  test('has used up what its former secret has used up', async () => {
    const first = await keyOf({ id: 'spent', limits: [{ requests: 2, per: 'day' }] });
    expect((await told(here, first)).status).toBe(200);
    expect((await told(here, first)).status).toBe(200);
    expect((await told(here, first)).code).toBe('rate_limit_exceeded');
    const { key: second } = await here.admin('POST', '/master-keys/spent/rotate', { grace_seconds: 3600 });
    expect([(await told(here, first)).status, (await told(here, String(second))).status]).toEqual([429, 429]);
    expect((await here.admin('GET', '/master-keys/spent'))['usage']).toMatchObject([
      { id: 'requests/day', amount: 2, used: 2, held: 0, remaining: 0 },
    ]);
    const { limits } = await here.admin('GET', '/limits?scope=key:spent&over=100');
    expect(limits).toMatchObject([{ counter: 'key:spent/requests/day', used: 2 }]);
  });
});

describe('a key that is disabled', () => {
  test('is unknown on every replica within two seconds, and back when it is enabled', async () => {
    const key = await keyOf({ id: 'leaked' });
    await timeUntil(async () => (await told(there, key)).status === 200);
    const view = await here.admin('POST', '/master-keys/leaked/disable', { reason: 'found on a web page' });
    expect(view).toMatchObject({
      status: 'disabled',
      is_enabled: false,
      disabled_reason: 'found on a web page',
    });
    expect((await told(here, key)).code).toBe('invalid_api_key');
    await timeUntil(async () => (await told(there, key)).code === 'invalid_api_key');
    const enabled = await here.admin('POST', '/master-keys/leaked/enable');
    expect(enabled).toMatchObject({ status: 'active', disabled_reason: null });
    expect((await told(here, key)).status).toBe(200);
    await here.admin('POST', '/master-keys/leaked/disable', { reason: 'again' });
    const put = await here.admin('PUT', '/master-keys/leaked', { is_enabled: true });
    expect(put).toMatchObject({ status: 'active', disabled_reason: null });
  });
});

test('a key in a file expires, too', async () => {
  const path = join(folder, 'config.yaml');
  writeFileSync(
    path,
    `
providers: [{ name: a, api_base: "${simulator.url}/v1" }]
models: { any: { routes: [{ provider: a, model: mock/ok }] } }
master_keys:
  - { name: old, key: sk-old-0123456789, expires_at: "2026-01-31T12:00:00Z" }
  - { name: new, key: sk-new-0123456789, expires_at: "2126-01-31T12:00:00Z" }`,
  );
  const program = startProcess(['--config', path, '--host', '127.0.0.1', '--port', '0'], { cwd: folder });
  const [, url = ''] = await program.printed(/listening on (http\S+)/);
  expect((await told({ url }, 'sk-old-0123456789')).code).toBe('key_expired');
  expect((await told({ url }, 'sk-new-0123456789')).status).toBe(200);
  program.kill('SIGTERM');
  await program.exited;
});
