import { afterAll, describe, expect, test } from 'bun:test';
import type { MasterKey } from '../../../src/config/snapshot.ts';
import { ObjectOwnerLedger } from '../../../src/gateway/objects/object-owners.ts';
import { type OwnerStore, StoredObjectOwners } from '../../../src/gateway/objects/stored-object-owners.ts';
import { systemClock } from '../../../src/lib/system-clock.ts';
import { snapshotOf } from '../config/configuration.ts';
import { openTestStore } from './databases.ts';

const { access } = snapshotOf(`
providers: [{ name: a, api_base: "http://127.0.0.1" }]
master_keys: [{ name: one, key: mk-one }, { name: two, key: mk-two }]`);
const keys = access.kind === 'keys' ? [...access.keys.values()] : [];
const key = (name: string): MasterKey | undefined => keys.find((one) => one.name === name);

const { store } = await openTestStore('sqlite::memory:');
afterAll(() => store.close());

function replica(kept: OwnerStore = store.objects): StoredObjectOwners {
  return new StoredObjectOwners(new ObjectOwnerLedger(), kept, systemClock);
}

describe('the owner of an object', () => {
  test('is known to every replica, and after a restart', async () => {
    const first = replica();
    first.note('file-1', { keyName: 'one', provider: 'a' });
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
      owners.note('file-3', { keyName, provider: 'a' });
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
    owners.note('file-4', { keyName: 'one', provider: 'a' });
    await owners.flush();
    expect((await owners.find('file-4'))?.isKey(key('one'))).toBe(true);
    expect(await replica(kept).find('file-4')).toBeUndefined();
    isGone = false;
    await owners.flush();
    expect((await replica(kept).find('file-4'))?.isKey(key('one'))).toBe(true);
  });
});

test('the memory of one process is bounded', () => {
  const owners = new ObjectOwnerLedger();
  for (let n = 0; n < 70_000; n++) owners.note(`file-${n}`, { keyName: 'one', provider: 'a' });
  expect(owners.find('file-0')).toBeUndefined();
  expect(owners.find('file-69999')).toBeDefined();
});
