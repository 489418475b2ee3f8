import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sharePostgres, type TestDatabaseServer } from './db-postgres.ts';
import { ADMIN_KEY, type DatabaseGateway, startDatabaseGateway, timeUntil } from './db-program.ts';

describe('sessions of two replicas', () => {
  let postgres: TestDatabaseServer;
  let folder: string;
  let first: DatabaseGateway;
  let second: DatabaseGateway;

  beforeAll(async () => {
    postgres = await sharePostgres();
    folder = await mkdtemp(join(tmpdir(), 'console-sessions-'));
    const dbUrl = await postgres.newDatabase();
    first = await startDatabaseGateway({ dbUrl, folder: join(folder, 'a') });
    second = await startDatabaseGateway({ dbUrl, folder: join(folder, 'b'), args: ['--workers', '2'] });
    await first.admin('PUT', '/settings/server', {
      value: { host: '127.0.0.1', trusted_proxies: ['127.0.0.1'] },
    });
  }, 180_000);
  afterAll(async () => {
    for (const { program } of [first, second]) program.kill();
    await Promise.all([first, second].map(({ program }) => program.exited));
    await postgres.stop();
    await rm(folder, { recursive: true });
  });

  async function signIn({ url }: DatabaseGateway, key: string, headers = {}): Promise<string> {
    const response = await fetch(`${url}/admin/v1/sessions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ key }),
    });
    expect(response.status).toBe(201);
    return response.headers.get('set-cookie') ?? '';
  }

  const statusOf = async ({ url }: DatabaseGateway, cookie: string, headers = {}): Promise<number> =>
    (await fetch(`${url}/admin/v1/session`, { headers: { cookie: cookie.split(';')[0] ?? '', ...headers } }))
      .status;

  test('count on both, and soon end on both', async () => {
    const account = await first.admin('POST', '/accounts', { name: 'alice', role: 'operator' });
    const key = await first.admin('POST', '/master-keys', { id: 'k' });
    const alice = await signIn(first, String(account['secret']));
    const admin = await signIn(second, ADMIN_KEY);
    const holder = await signIn(first, String(key['key']));
    // The other replica hears of the key with its next look at the database.
    await timeUntil(async () => (await statusOf(second, holder)) === 200);
    for (const cookie of [alice, admin, holder])
      for (const replica of [first, second]) expect(await statusOf(replica, cookie)).toBe(200);
    await second.admin('PUT', `/accounts/${String(account['id'])}`, { is_enabled: false });
    await second.admin('DELETE', '/master-keys/k');
    for (const cookie of [alice, holder])
      expect(await timeUntil(async () => (await statusOf(first, cookie)) === 401)).toBeLessThan(20_000);
    expect(await statusOf(first, admin)).toBe(200);
  });

  test('have a cookie that is Secure where a trusted proxy says that the client uses TLS', async () => {
    const tls = { 'x-forwarded-proto': 'https', 'x-forwarded-for': '192.0.2.9' };
    for (const replica of [first, second]) {
      await timeUntil(async () =>
        (await signIn(replica, ADMIN_KEY, tls)).startsWith('__Host-llm_proxy_session='),
      );
      const cookie = await signIn(replica, ADMIN_KEY, tls);
      expect(cookie).toMatch(/; Path=\/; .*; SameSite=Strict; Secure$/);
      expect(await statusOf(replica, cookie, tls)).toBe(200);
      expect(await signIn(replica, ADMIN_KEY)).not.toContain('Secure');
    }
    const { sessions } = await first.admin('GET', '/sessions');
    expect((sessions as { address: string }[]).some(({ address }) => address === '192.0.2.9')).toBe(true);
  });
});
