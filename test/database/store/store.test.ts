import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { SQL } from 'bun';
import { hashKey } from '../../../src/config/compile/compile-access.ts';
import type { Access } from '../../../src/config/snapshot.ts';
import { type Edit, RevisionRefused, VersionConflict, VersionUnknown } from '../../../src/store/change.ts';
import { openDatabase, StoreUnavailable } from '../../../src/store/database.ts';
import { createKeyring, SealBroken } from '../../../src/store/keyring.ts';
import { rekey } from '../../../src/store/rekey.ts';
import type { Kind } from '../../../src/store/resource-kinds.ts';
import { type JsonObject, withResource } from '../../../src/store/revision.ts';
import type { Store } from '../../../src/store/store.ts';
import type { StoreOptions } from '../../../src/store/store-options.ts';
import { authenticate } from '../../../src/gateway/authenticate.ts';
import { markOf, rotatedFields } from '../../../src/store/stored-key.ts';
import { until } from '../../e2e/gateway.ts';
import { ENGINES, openTestStore, startOwnDatabases, type OwnDatabases, type TestStore } from './databases.ts';

let databases: OwnDatabases;
const opened: Store[] = [];

beforeAll(async () => {
  databases = await startOwnDatabases();
});
afterAll(() => databases.stop());
afterEach(async () => {
  await Promise.all(opened.splice(0).map((store) => store.close()));
});

async function open(url: string, options?: Partial<StoreOptions>): Promise<TestStore> {
  const test = await openTestStore(url, options);
  opened.push(test.store);
  return test;
}

const WHO = { actor: 'test', action: 'test' };
const PROVIDER = { api_base: 'https://api.example.com/v1', api_key: 'sk-canary-0123456789' };
const KEY = { name: 'Key one', ...markOf('mk-one') };

interface Put {
  readonly kind?: Kind;
  readonly id?: string;
  readonly ifVersion?: number;
}

/** Writes one resource, by default a provider. Without fields, deletes it. */
function put(store: Store, { kind = 'providers', id = 'a', ifVersion }: Put, fields?: JsonObject) {
  const edit: Edit = ({ resources }, now) => withResource(resources, { kind, id }, fields, now);
  return store.change(edit, { ...WHO, ifVersion });
}

function keysOf(access: Access): string[] {
  return access.kind === 'keys' ? [...access.keys.keys()] : [];
}

/** Every text in every table. */
async function dump(url: string): Promise<string> {
  const sql = new SQL(url);
  const tables = [
    'providers',
    'master_keys',
    'models',
    'settings',
    'secrets',
    'config_version',
    'config_history',
  ];
  const rows = [];
  for (const table of tables) rows.push(...(await sql.unsafe(`select * from ${table}`)));
  await sql.close();
  return JSON.stringify(rows);
}

describe.each([...ENGINES])('a store in %s', (engine) => {
  test('puts what is written in force at once, and anew when it is opened again', async () => {
    const url = await databases.newUrl(engine);
    const { store, inForce } = await open(url);
    expect(inForce().version).toBe(0);
    await put(
      store,
      { id: 'one' },
      {
        ...PROVIDER,
        headers: { 'X-Team': 'red-canary' },
        proxy: 'http://u:p@127.0.0.1:3128',
      },
    );
    await put(store, { kind: 'models', id: 'chat' }, { routes: [{ provider: 'one', model: 'gpt-4o' }] });
    await put(store, { kind: 'settings', id: 'metrics' }, { value: { token: 'metrics-canary' } });
    await put(
      store,
      { kind: 'settings', id: 'alerts' },
      { value: [{ url: 'https://a.example' }, { url: 'https://b.example', secret: 'hook-canary' }] },
    );
    await put(store, { kind: 'master_keys', id: 'k1' }, KEY);
    for (const snapshot of [inForce(), (await open(url)).inForce()]) {
      expect(snapshot.version).toBe(5);
      expect(snapshot.alerts.map(({ secret }) => secret)).toEqual([undefined, 'hook-canary']);
      expect(snapshot.providers.get('one')).toMatchObject({
        apiKey: PROVIDER.api_key,
        headers: { 'X-Team': 'red-canary' },
        proxy: 'http://u:p@127.0.0.1:3128',
      });
      expect(snapshot.findModel('chat')?.routes[0]?.upstreamModel).toBe('gpt-4o');
      expect(snapshot.metrics.token).toBe('metrics-canary');
      expect(keysOf(snapshot.access)).toEqual([hashKey('mk-one')]);
    }
    const text = await dump(url);
    for (const secret of [
      PROVIDER.api_key,
      'red-canary',
      'u:p@',
      'metrics-canary',
      'hook-canary',
      'mk-one',
    ]) {
      expect(text).not.toContain(secret);
      expect(text).not.toContain(Buffer.from(secret).toString('base64').replaceAll('=', ''));
    }
  });

  test('asks for keys from the first moment, and goes on when the last one is gone', async () => {
    const { store, inForce } = await open(await databases.newUrl(engine));
    expect(inForce().access.kind).toBe('keys');
    await put(store, { kind: 'settings', id: 'allow_unauthenticated' }, { value: true });
    expect(inForce().access.kind).toBe('open');
    await put(store, { kind: 'master_keys', id: 'k1' }, KEY);
    await put(store, { kind: 'master_keys', id: 'k1' });
    expect(inForce().access).toMatchObject({ kind: 'keys', keys: new Map() });
  });

  test('refuses what would not compile, naming the resource and the field, and stores nothing of it', async () => {
    const { store, inForce } = await open(await databases.newUrl(engine));
    await put(store, { id: 'openai' }, PROVIDER);
    const refused = await put(store, { kind: 'models', id: 'm' }, { routes: [{ provider: 'opanai' }] }).catch(
      (error: unknown) => error,
    );
    expect(refused).toBeInstanceOf(RevisionRefused);
    expect((refused as RevisionRefused).findings).toMatchObject([
      { resource: { kind: 'models', id: 'm' }, path: ['routes', 0, 'provider'], suggestion: 'openai' },
    ]);
    await put(store, { kind: 'models', id: 'm' }, { routes: [{ provider: 'openai' }] });
    const inUse = await put(store, { id: 'openai' }).catch((error: unknown) => error);
    expect((inUse as RevisionRefused).findings).toMatchObject([{ resource: { kind: 'models', id: 'm' } }]);
    expect(inForce().version).toBe(2);
    expect((await store.read()).version).toBe(2);
    expect(await store.history({ before: 9, limit: 9 })).toHaveLength(2);
  });

  test('writes only what its writer has seen, where the writer says what that was', async () => {
    const { store } = await open(await databases.newUrl(engine));
    await put(store, { ifVersion: 0 }, PROVIDER);
    await expect(put(store, { ifVersion: 0 }, PROVIDER)).rejects.toThrow(VersionConflict);
    await put(store, { ifVersion: 1 }, { ...PROVIDER, weight: 2 });
  });

  test('takes writes of several replicas at once, each as a version of its own', async () => {
    const url = await databases.newUrl(engine);
    const replicas = await Promise.all([open(url), open(url), open(url)]);
    await Promise.all(
      Array.from({ length: 12 }, (_, n) => put(replicas[n % 3]!.store, { id: `p${n}` }, PROVIDER)),
    );
    const now = await replicas[0].store.read();
    expect(now.version).toBe(12);
    expect(now.resources.providers.size).toBe(12);
    expect(new Set([...now.resources.providers.values()].map(({ position }) => position)).size).toBe(12);
    await Promise.all(replicas.map(({ inForce }) => until(() => inForce().version === 12 || undefined)));
  });

  test('keeps a history that can not be changed, tells what happened without secrets, and goes back', async () => {
    const url = await databases.newUrl(engine);
    const { store, inForce } = await open(url);
    await put(store, {}, PROVIDER);
    await put(store, {}, { ...PROVIDER, api_key: 'sk-canary-the-second', weight: 3 });
    await put(store, { id: 'b' }, PROVIDER);
    await put(store, {});
    const [deleted, , updated] = await store.history({ before: 5, limit: 10 });
    expect(deleted).toMatchObject({ version: 4, actor: 'test', changes: [{ id: 'a', action: 'deleted' }] });
    expect(updated?.changes).toEqual([
      {
        kind: 'providers',
        id: 'a',
        action: 'updated',
        fields: [
          { path: 'weight', before: undefined, after: 3 },
          { path: 'api_key', before: '(secret)', after: '(secret)' },
        ],
      },
    ]);
    expect(JSON.stringify(await store.history({ before: 5, limit: 10 }))).not.toContain('canary');
    await store.rollback(1, WHO);
    expect(inForce().version).toBe(5);
    expect([...inForce().providers.values()].map(({ name, apiKey }) => [name, apiKey])).toEqual([
      ['a', PROVIDER.api_key],
    ]);
    await store.rollback(4, WHO);
    expect([...inForce().providers.keys()]).toEqual(['b']);
    await expect(store.rollback(6, WHO)).rejects.toThrow(VersionUnknown);
    const sql = new SQL(url);
    await expect(sql`update config_history set actor = 'nobody'`.execute()).rejects.toThrow('append-only');
    await expect(sql`delete from config_history`.execute()).rejects.toThrow('append-only');
    if (engine === 'postgres')
      await expect(sql`truncate config_history`.execute()).rejects.toThrow('append-only');
    await sql.close();
  });

  test('honours a rotated key until its time is over, and no longer', async () => {
    const now = new Date('2026-01-01T00:00:00Z');
    const { store, inForce } = await open(await databases.newUrl(engine), { now: () => now });
    await put(store, { kind: 'master_keys', id: 'k' }, KEY);
    const fields = rotatedFields(KEY, 'mk-two', { now, graceSeconds: 60 });
    await put(store, { kind: 'master_keys', id: 'k' }, fields);
    const present = (secret: string, epochMs: number) => {
      const headers = new Headers({ authorization: `Bearer ${secret}` });
      return authenticate({ headers, search: '' }, inForce().access, { epochMs: () => epochMs })?.hash;
    };
    const endMs = now.getTime() + 60_000;
    expect(keysOf(inForce().access).sort()).toEqual([hashKey('mk-one'), hashKey('mk-two')].sort());
    expect(present('mk-one', endMs - 1)).toBe(hashKey('mk-two'));
    expect(() => present('mk-one', endMs)).toThrow('expired at 2026-01-01T00:01:00Z');
    expect(present('mk-two', endMs)).toBe(hashKey('mk-two'));
  });

  test('does not open with another passphrase, until what it has is sealed anew', async () => {
    const url = await databases.newUrl(engine);
    const { store, events } = await open(url);
    await put(store, {}, { ...PROVIDER, api_key: 'sk-canary-former' });
    await put(store, {}, PROVIDER);
    const other = createKeyring({ current: 'another passphrase' });
    await expect(open(url, { keyring: other })).rejects.toThrow(SealBroken);
    const both = createKeyring({ current: 'another passphrase', former: ['a passphrase for tests'] });
    const database = openDatabase(url);
    expect(await rekey(database, both)).toEqual({ total: 2, changed: 2 });
    expect(await rekey(database, both)).toEqual({ total: 2, changed: 0 });
    await database.close();
    const after = await open(url, { keyring: other });
    expect(after.inForce().providers.get('a')?.apiKey).toBe(PROVIDER.api_key);
    await after.store.rollback(1, WHO);
    expect(after.inForce().providers.get('a')?.apiKey).toBe('sk-canary-former');
    // The first program does not have the new key. It reports that once and keeps its current configuration.
    const refusals = () => events.filter(({ type }) => type === 'refused');
    await until(() => refusals().length > 0 || undefined);
    await Bun.sleep(1000);
    expect(refusals()).toEqual([{ type: 'refused', reasons: [expect.stringContaining(other.keyId)] }]);
    expect(store.snapshot().version).toBe(2);
  });

  test('starts from the sealed copy of its last configuration when the database is gone, and only with its own', async () => {
    const folder = `${databases.folder}/${crypto.randomUUID()}`;
    const url = await databases.newUrl(engine);
    const lastGoodPath = `${folder}/state/last-good`;
    const first = await open(url, { lastGoodPath });
    await put(first.store, {}, PROVIDER);
    await until(() => Bun.file(lastGoodPath).size > 0 || undefined);
    await first.store.close();
    const text = await Bun.file(lastGoodPath).text();
    expect(text).not.toContain('canary');
    expect((await Bun.file(lastGoodPath).stat()).mode & 0o777).toBe(0o600);
    const gone = url
      .replace(/\/test_\d+/, '/no_such_database')
      .replace(/sqlite:.*/, 'sqlite:///proc/no/such.db');
    await expect(open(gone, { lastGoodPath })).rejects.toThrow(SealBroken);
    await expect(open(gone, { lastGoodPath: `${folder}/none` })).rejects.toThrow(StoreUnavailable);
  });
});

test('a store in PostgreSQL tells a lost database from one that answers, and finds it again', async () => {
  const url = await databases.newUrl('postgres');
  const lastGoodPath = `${databases.folder}/${crypto.randomUUID()}`;
  const { store, events, inForce } = await open(url, { lastGoodPath });
  await put(store, {}, PROVIDER);
  const access = inForce().access;
  const isStale = access.kind === 'keys' ? access.isStale : undefined;
  expect(isStale?.()).toBe(false);
  await databases.postgres.crash();
  await until(() => isStale?.());
  await until(() => events.some(({ type }) => type === 'lost') || undefined);
  await expect(put(store, { id: 'b' }, PROVIDER)).rejects.toThrow(StoreUnavailable);
  const late = await open(url, { lastGoodPath });
  expect(late.inForce().providers.get('a')?.apiKey).toBe(PROVIDER.api_key);
  await databases.postgres.restart();
  await until(() => events.some(({ type }) => type === 'back') || undefined);
  await until(() => late.events.some(({ type }) => type === 'back') || undefined);
  await put(late.store, { id: 'b' }, PROVIDER);
  await until(() => inForce().providers.has('b') || undefined);
  expect(isStale?.()).toBe(false);
});

test('a store in PostgreSQL whose database hangs without closing its connections is stale too, until it goes on', async () => {
  const { store, events, inForce } = await open(await databases.newUrl('postgres'));
  const { access } = inForce();
  databases.postgres.freeze();
  await until(() => (access.kind === 'keys' && access.isStale?.()) || undefined);
  // The store becomes stale before a query to the database times out.
  expect(events.filter(({ type }) => type === 'lost')).toEqual([]);
  databases.postgres.thaw();
  await until(() => (access.kind === 'keys' && !access.isStale?.()) || undefined);
  await put(store, {}, PROVIDER);
  expect(events.filter(({ type }) => type === 'refused')).toEqual([]);
});
