import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { existsSync } from 'node:fs';
import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { NotAdopted, whyNoSuccessor } from '../../../src/store/adoption.ts';
import { openDatabase } from '../../../src/store/database.ts';
import { followRevision } from '../../../src/store/follow-revision.ts';
import { migrateDown, MIGRATIONS, migrateUp } from '../../../src/store/migrate.ts';
import { mapKinds } from '../../../src/store/resource-kinds.ts';
import {
  type JsonObject,
  type Resource,
  type Resources,
  type Revision,
  withResource,
} from '../../../src/store/revision.ts';
import type { Store } from '../../../src/store/store.ts';
import { readVersion } from '../../../src/store/tables.ts';
import { until } from '../../e2e/gateway.ts';
import {
  ENGINES,
  KEYRING,
  openTestStore,
  startDatabases,
  type TestDatabases,
  type TestStore,
} from './databases.ts';

let databases: TestDatabases;
beforeAll(async () => {
  databases = await startDatabases();
});
afterAll(() => databases.stop());

const WHO = { actor: 'test', action: 'test' };

function put(store: Store, id: string) {
  return write(store, id, { api_base: `https://${id}.example.com`, api_key: 'sk-test-0123456789' });
}

const remove = (store: Store, id: string) => write(store, id, undefined);

function write(store: Store, id: string, fields: JsonObject | undefined) {
  return store.change(
    ({ resources }, now) => withResource(resources, { kind: 'providers', id }, fields, now),
    WHO,
  );
}

const providersOf = ({ inForce }: TestStore) => [...inForce().providers.keys()];
const notAdopted = ({ events }: TestStore) => events.filter(({ type }) => type === 'not-adopted');

/** Drops everything and creates it again, as a restart after an accident does. */
async function empty(url: string): Promise<void> {
  const database = openDatabase(url);
  for (const _ of MIGRATIONS) await migrateDown(database, { drops: true });
  await migrateUp(database);
  await database.close();
}

describe.each([...ENGINES])('a database in %s that was emptied', (engine) => {
  test('is not taken over by a replica that runs, and its emergency copy stays', async () => {
    const url = await databases.newUrl(engine);
    const lastGoodPath = join(databases.folder, crypto.randomUUID());
    const replica = await openTestStore(url, { lastGoodPath });
    await put(replica.store, 'a');
    await put(replica.store, 'b');
    await empty(url);
    await until(() => notAdopted(replica).length > 0);
    expect(providersOf(replica)).toEqual(['a', 'b']);
    await until(() => replica.store.status().isAnswering);
    expect(replica.store.status()).toMatchObject({
      notAdopted: expect.stringContaining('another database'),
    });
    // Nothing overwrites it, and the warning appears once.
    expect(await put(replica.store, 'c').catch((error: unknown) => error)).toBeInstanceOf(NotAdopted);
    await Bun.sleep(900);
    expect(notAdopted(replica)).toHaveLength(1);
    await replica.store.close();

    const restarted = await openTestStore(url, { lastGoodPath });
    expect(providersOf(restarted)).toEqual(['a', 'b']);
    expect(notAdopted(restarted)).toHaveLength(1);
    expect(existsSync(`${lastGoodPath}.kept`)).toBe(false);
    // Until an operator confirms it.
    await restarted.store.refresh();
    expect(providersOf(restarted)).toEqual([]);
    expect(restarted.store.status().notAdopted).toBeUndefined();
    await put(restarted.store, 'd');
    expect(providersOf(restarted)).toEqual(['d']);
    await restarted.store.close();
    expect(existsSync(`${lastGoodPath}.kept`)).toBe(true);
  });

  test('by steps whose data is kept is as it was, and serves on', async () => {
    const url = await databases.newUrl(engine);
    const replica = await openTestStore(url);
    await put(replica.store, 'a');
    const database = openDatabase(url);
    for (const _ of MIGRATIONS) await migrateDown(database);
    await migrateUp(database);
    await database.close();
    await put(replica.store, 'b');
    expect(providersOf(replica)).toEqual(['a', 'b']);
    expect(notAdopted(replica)).toEqual([]);
    await replica.store.close();
  });
});

test('a database that was restored from a backup is taken over when it is asked for', async () => {
  const file = join(databases.folder, `${crypto.randomUUID()}.db`);
  const lastGoodPath = join(databases.folder, crypto.randomUUID());
  const first = await openTestStore(`sqlite://${file}`, { lastGoodPath });
  await put(first.store, 'a');
  await first.store.close();
  await copyFile(file, `${file}.backup`);
  const second = await openTestStore(`sqlite://${file}`, { lastGoodPath });
  await put(second.store, 'b');
  await second.store.close();
  for (const end of ['-wal', '-shm']) await rm(`${file}${end}`, { force: true });
  await copyFile(`${file}.backup`, file);
  const third = await openTestStore(`sqlite://${file}`, { lastGoodPath });
  expect(providersOf(third)).toEqual(['a', 'b']);
  expect(third.store.status().notAdopted).toBe('it went back to version 1, where version 2 is in force');
  await third.store.refresh();
  expect(providersOf(third)).toEqual(['a']);
  await third.store.close();
});

test('a higher version of the same database replaces the current configuration, and so does anything if none is in force', () => {
  const none: Resources = mapKinds(() => new Map<string, Resource>());
  const resources = withResource(none, { kind: 'models', id: 'm' }, {}, '');
  const inForce = { version: 5, changedAt: 'then', hadKeys: true, identity: 'a', resources };
  const found = { version: 6, changedAt: 'now', identity: 'a' };
  expect(whyNoSuccessor(found, inForce)).toBeUndefined();
  expect(whyNoSuccessor({ ...found, version: 5, changedAt: 'then' }, inForce)).toBeUndefined();
  expect(whyNoSuccessor({ ...found, identity: 'b' }, inForce)).toContain('another database');
  expect(whyNoSuccessor({ ...found, version: 4 }, inForce)).toContain('went back to version 4');
  expect(whyNoSuccessor({ ...found, version: 5 }, inForce)).toContain('is not the one');
  expect(whyNoSuccessor({ ...found, identity: 'b' }, { ...inForce, resources: none })).toBeUndefined();
  // Written by a version without identities.
  expect(whyNoSuccessor(found, { ...inForce, identity: undefined })).toBeUndefined();
});

test('a replica that follows the history has what is stored, unless the history is another one', async () => {
  const { store } = await openTestStore(await databases.newUrl('sqlite'));
  await put(store, 'a');
  const known = await store.read();
  await put(store, 'b');
  await put(store, 'a');
  const follow = (from: Revision) =>
    store.database.read(async (sql) =>
      followRevision(sql, KEYRING, { known: from, found: await readVersion(sql) }),
    );
  const followed = await follow(known);
  expect(followed).toEqual(await store.read());
  expect([...(followed?.resources.providers.keys() ?? [])]).toEqual(['a', 'b']);
  expect(followed?.resources.models).toBe(known.resources.models);
  expect(await follow({ ...known, changedAt: 'then' })).toBeUndefined();
  await remove(store, 'a');
  expect(await follow(known)).toEqual(await store.read());
  // It comes after "b" now, so the places of all have to be read.
  await put(store, 'a');
  expect(await follow(known)).toBeUndefined();
  await store.close();
});
