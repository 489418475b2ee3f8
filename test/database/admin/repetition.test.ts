import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { SQL } from 'bun';
import { openDatabase } from '../../../src/store/database.ts';
import { createKeyring } from '../../../src/store/keyring.ts';
import { rekey } from '../../../src/store/rekey.ts';
import { ENGINES, startDatabases, type TestDatabases } from '../store/databases.ts';
import { startApi, type TestApi } from './api.ts';

let databases: TestDatabases;

beforeAll(async () => {
  databases = await startDatabases();
}, 180_000);
afterAll(() => databases.stop());

const HOUR_MS = 3_600_000;

describe.each(ENGINES)('a repeated request, on %s', (engine) => {
  let url: string;
  let api: TestApi;
  const post = (path: string, body: unknown, key: string) =>
    api.call('POST', path, body, { headers: { 'idempotency-key': key } });
  const version = async (): Promise<number> => (await api.call('GET', '/config/version')).body.version;

  beforeAll(async () => {
    url = await databases.newUrl(engine);
    api = await startApi(url);
  });
  afterAll(() => api.store.close());

  test('gets the same answer with the same secret, and is written once', async () => {
    const first = await post('/master-keys', { id: 'a' }, 'make-a');
    expect(first.status).toBe(201);
    expect(first.headers.get('idempotent-replayed')).toBeNull();
    const again = await post('/master-keys', { id: 'a' }, 'make-a');
    expect([again.status, again.body]).toEqual([201, first.body]);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(again.headers.get('etag')).toBe(first.headers.get('etag'));

    const rotated = await post('/master-keys/a/rotate', { grace_seconds: 60 }, 'rotate-a');
    const before = await version();
    const rotatedAgain = await post('/master-keys/a/rotate', { grace_seconds: 60 }, 'rotate-a');
    expect(rotatedAgain.body.key).toBe(rotated.body.key);
    expect(rotatedAgain.body.key).not.toBe(first.body.key);
    expect(await version()).toBe(before);
  });

  test('that differs is refused, and so is nothing that was not sent', async () => {
    await post('/master-keys', { id: 'b' }, 'make-b');
    const other = await post('/master-keys', { id: 'c' }, 'make-b');
    expect([other.status, other.body.error.code]).toEqual([422, 'idempotency_key_reused']);
    // Another operation has its own keys.
    expect((await post('/master-keys/b/rotate', {}, 'make-b')).status).toBe(200);
    for (const wrong of ['x'.repeat(256), 'é'])
      expect((await post('/master-keys', { id: 'd' }, wrong)).status).toBe(400);
  });

  test('of another caller is no repetition: nobody is shown the secret of somebody else', async () => {
    const [one, two] = await Promise.all(
      ['one', 'two'].map(async (name) => {
        const { body } = await api.call('POST', '/accounts', { name, role: 'operator' });
        return { authorization: `Bearer ${body.secret}`, 'idempotency-key': 'of-two' };
      }),
    );
    const rotated = await api.call('POST', '/master-keys/a/rotate', {}, { headers: one ?? {} });
    const other = await api.call('POST', '/master-keys/a/rotate', {}, { headers: two ?? {} });
    const again = await api.call('POST', '/master-keys/a/rotate', {}, { headers: one ?? {} });
    expect([rotated.status, other.status]).toEqual([200, 200]);
    expect(other.body.key).not.toBe(rotated.body.key);
    expect(again.body.key).toBe(rotated.body.key);
  });

  test('of a refused one is tried again', async () => {
    expect((await post('/master-keys', { id: 'e', name: 'b' }, 'make-e')).status).toBe(409);
    await api.call('PUT', '/master-keys/b', { name: 'renamed' });
    expect((await post('/master-keys', { id: 'e', name: 'b' }, 'make-e')).status).toBe(201);
  });

  test('comes from several clients and replicas at once, and is written once', async () => {
    const other = engine === 'postgres' ? await startApi(url) : api;
    const apis = [api, other, api, other, api, other];
    const answers = await Promise.all(
      apis.map((one) =>
        one.call('POST', '/master-keys', { id: 'many' }, { headers: { 'idempotency-key': 'many' } }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 6 }, () => 201));
    expect(new Set(answers.map(({ body }) => body.key)).size).toBe(1);
    expect(answers.filter(({ headers }) => headers.get('idempotent-replayed') === null)).toHaveLength(1);
    if (other !== api) await other.store.close();
  });

  test('is a new one a day later', async () => {
    const first = await post('/master-keys/a/rotate', {}, 'daily');
    api.clock.nowMs += 24 * HOUR_MS - 1;
    expect((await post('/master-keys/a/rotate', {}, 'daily')).body.key).toBe(first.body.key);
    api.clock.nowMs += 1;
    expect((await post('/master-keys/a/rotate', {}, 'daily')).body.key).not.toBe(first.body.key);
  });

  test('leaves no secret in the database that is not sealed', async () => {
    const { body } = await post('/master-keys', { id: 'sealed' }, 'sealed');
    await using sql = new SQL(url);
    const rows: { answer: string }[] = await sql`select answer from idempotency`;
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).not.toContain(body.key);

    const database = openDatabase(url);
    const keyring = createKeyring({ current: 'another passphrase', former: ['a passphrase for tests'] });
    await rekey(database, keyring);
    await database.close();
    const sealedAnew = createKeyring({ current: 'another passphrase' });
    const renewed = await startApi(url, { keyring: sealedAnew });
    const again = await renewed.call(
      'POST',
      '/master-keys',
      { id: 'sealed' },
      { headers: { 'idempotency-key': 'sealed' } },
    );
    expect(again.body.key).toBe(body.key);
    await renewed.store.close();
  });
});

describe.each(ENGINES)('the id of a deleted key, on %s', (engine) => {
  test('is not given again for 400 days, but a rollback brings its owner back', async () => {
    const api = await startApi(await databases.newUrl(engine));
    await api.call('POST', '/master-keys', { id: 'k', name: 'Key of somebody' });
    const { body } = await api.call('GET', '/config/version');
    await api.call('DELETE', '/master-keys/k');
    const again = await api.call('POST', '/master-keys', { id: 'k' });
    expect([again.status, again.body.error.code]).toEqual([409, 'already_exists']);
    expect(again.body.error.message).toContain('2027-04-05');
    expect((await api.call('POST', '/master-keys', { id: 'other' })).status).toBe(201);

    await api.call('POST', '/config/rollback', { version: body.version });
    expect((await api.call('GET', '/master-keys/k')).body.name).toBe('Key of somebody');
    await api.call('DELETE', '/master-keys/k');
    api.clock.nowMs += 400 * 24 * HOUR_MS;
    expect((await api.call('POST', '/master-keys', { id: 'k' })).status).toBe(201);
    await api.store.close();
  });
});
