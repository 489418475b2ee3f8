import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DatabaseGateway, startDatabaseGateway } from './db-program.ts';
import { startGateway, type TestGateway } from './gateway.ts';

let locked: TestGateway;

beforeAll(() => {
  locked = startGateway('proxy_api_key: sk-test\nproviders: [{ name: p, api_base: "http://127.0.0.1:1" }]');
});
afterAll(() => locked.stop());

test('without an Admin API, the console says how to get one', async () => {
  const response = await fetch(`${locked.url}/console`);
  expect(response.status).toBe(404);
  expect(await response.text()).toContain('ADMIN_KEY');
  expect((await fetch(`${locked.url}/console/requests`)).status).toBe(404);
});

test('a provider is never asked for an address of the console, also where it is off', async () => {
  locked.reconfigure(
    'console: { enabled: false, path: /panel }\nproxy_api_key: sk-test\nproviders: [{ name: p, api_base: "http://127.0.0.1:1" }]',
  );
  const response = await fetch(`${locked.url}/panel/x`, { headers: { authorization: 'Bearer sk-test' } });
  expect(response.status).toBe(404);
  expect(await response.text()).toContain('path_not_found');
});

describe('in database mode', () => {
  let folder: string;
  let gateway: DatabaseGateway;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'console-serving-'));
    gateway = await startDatabaseGateway({ dbUrl: 'sqlite::memory:', folder });
  });
  afterAll(async () => {
    gateway.program.kill();
    await gateway.program.exited;
    await rm(folder, { recursive: true });
  });

  test('the console is there, or says that it is being prepared', async () => {
    const response = await fetch(`${gateway.url}/console/keys`);
    expect([200, 503]).toContain(response.status);
    expect(response.headers.get('content-security-policy')).toContain("default-src 'self'");
  });
});
