import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { MasterKey } from '../../../src/config/snapshot.ts';
import { ObjectOwnerLedger } from '../../../src/gateway/objects/object-owners.ts';
import { type OwnerStore, StoredObjectOwners } from '../../../src/gateway/objects/stored-object-owners.ts';
import { systemClock } from '../../../src/lib/system-clock.ts';
import { snapshotOf } from '../../unit/config/configuration.ts';
import { openDatabase } from '../../../src/store/database.ts';
import { MIGRATIONS, migrateUp } from '../../../src/store/migrate.ts';
import { objectOwnerTable } from '../../../src/store/object-owner-table.ts';
import { ENGINES, openTestStore, startDatabases, type TestDatabases } from './databases.ts';

const { access } = snapshotOf(`
providers: [{ name: a, api_base: "http://127.0.0.1" }]
master_keys: [{ name: one, key: mk-one }, { name: two, key: mk-two }]`);
const keys = access.kind === 'keys' ? [...access.keys.values()] : [];
const key = (name: string): MasterKey | undefined => keys.find((one) => one.name === name);

const { store } = await openTestStore('sqlite::memory:');
let databases: TestDatabases;
beforeAll(async () => {
  databases = await startDatabases();
});
afterAll(() => Promise.all([store.close(), databases.stop()]));

function replica(kept: OwnerStore = store.objects): StoredObjectOwners {
  return new StoredObjectOwners(new ObjectOwnerLedger(), kept, systemClock);
}

describe('the owner of an object', () => {
  test('is known to every replica, and after a restart', async () => {
    const first = replica();
    first.note('file-1', { keyId: 'one', keyName: 'one', provider: 'a' });
    await first.flush();
    const owner = await replica().find('file-1');
    expect(owner?.isKey(key('one'))).toBe(true);
    expect(owner?.isKey(key('two'))).toBe(false);
    expect(owner?.isKey(undefined)).toBe(false);
    expect(owner?.isProvider('a')).toBe(true);
    expect(owner?.isProvider('b')).toBe(false);
    expect(await replica().find('file-2')).toBeUndefined();
  });

  test('is the one that was recorded first', async () => {
    const [first, second] = [replica(), replica()];
    for (const [owners, keyName] of [
      [first, 'one'],
      [second, 'two'],
    ] as const) {
      owners.note('file-3', { keyId: keyName, keyName, provider: 'a' });
      await owners.flush();
    }
    expect((await replica().find('file-3'))?.isKey(key('one'))).toBe(true);
  });

  test('is unknown while the database is unreachable, and is written once it is back', async () => {
    let isGone = true;
    const kept: OwnerStore = {
      insert: (records) => (isGone ? Promise.reject(new Error('gone')) : store.objects.insert(records)),
      find: (id) => (isGone ? Promise.reject(new Error('gone')) : store.objects.find(id)),
    };
    const owners = replica(kept);
    owners.note('file-4', { keyId: 'one', keyName: 'one', provider: 'a' });
    await owners.flush();
    expect((await owners.find('file-4'))?.isKey(key('one'))).toBe(true);
    expect(await replica(kept).find('file-4')).toBeUndefined();
    isGone = false;
    await owners.flush();
    expect((await replica(kept).find('file-4'))?.isKey(key('one'))).toBe(true);
  });
});

test('a key keeps its objects under a new name, and a new key with the former name has none of them', async () => {
  const owners = replica();
  owners.note('file-5', { keyId: 'k1', keyName: 'one', provider: 'a' });
  owners.note('file-6', { keyId: '', keyName: '', provider: 'a' });
  await owners.flush();
  const one = key('one') as MasterKey;
  for (const all of [owners, replica()]) {
    const owner = await all.find('file-5');
    expect(owner?.isKey({ ...one, id: 'k1', name: 'renamed' })).toBe(true);
    expect(owner?.isKey({ ...one, id: 'k2', name: 'one' })).toBe(false);
    expect((await all.find('file-6'))?.isKey(one)).toBe(false);
  }
});

test.each([...ENGINES])(
  'an older row in %s gets the key that has its name and is older, else none',
  async (engine) => {
    const database = openDatabase(await databases.emptyUrl(engine));
    await migrateUp(
      database,
      MIGRATIONS.filter(({ version }) => version < 12),
    );
    const madeAtMs = Date.UTC(2026, 0, 2);
    await database.write(async (sql) => {
      for (const [id, day] of [
        ['k1', '01'],
        ['k2', '03'],
      ] as const)
        await sql`insert into master_keys (id, position, body, secrets, created_at, updated_at)
        values (${id}, 0, ${JSON.stringify({ name: `name of ${id}` })}, '{}', ${`2026-01-${day}T00:00:00.000Z`}, '')`;
      for (const name of ['name of k1', 'name of k2', 'gone'])
        await sql`insert into object_owners (id, key_name, provider, made_at_ms)
        values (${`file of ${name}`}, ${name}, 'a', ${madeAtMs})`;
    });
    await migrateUp(database);
    const table = objectOwnerTable(database);
    const ids = ['name of k1', 'name of k2', 'gone'].map(
      async (name) => (await table.find(`file of ${name}`))?.keyId,
    );
    expect(await Promise.all(ids)).toEqual(['k1', '', '']);
    // A replica that does not know the column.
    await database.write(
      (sql) =>
        sql`insert into object_owners (id, key_name, provider, made_at_ms) values ('file-7', 'one', 'a', 1)`,
    );
    const owner = await replica(table).find('file-7');
    expect([owner?.isKey(key('one')), owner?.isKey(key('two'))]).toEqual([true, false]);
    await database.close();
  },
);

test('the memory of one process is bounded', () => {
  const owners = new ObjectOwnerLedger();
  for (let n = 0; n < 70_000; n++) owners.note(`file-${n}`, { keyId: 'one', keyName: 'one', provider: 'a' });
  expect(owners.find('file-0')).toBeUndefined();
  expect(owners.find('file-69999')).toBeDefined();
});
