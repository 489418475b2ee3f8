import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { Account } from '../../../src/store/console/account-table.ts';
import type { Session, Sessions } from '../../../src/store/console/session-table.ts';
import { memorySessions } from '../../../src/store/console/session-table.ts';
import { ENGINES, openTestStore, startDatabases, type TestDatabases } from './databases.ts';

let databases: TestDatabases;

beforeAll(async () => {
  databases = await startDatabases();
}, 180_000);
afterAll(() => databases.stop());

const ACCOUNT: Account = {
  id: 'ac_1',
  name: 'alice',
  role: 'operator',
  secretHash: 'a'.repeat(64),
  isEnabled: true,
  createdMs: 1_767_225_600_000,
  lastUsedMs: null,
};

const SESSION: Session = {
  hash: 'h1',
  id: 's_1',
  kind: 'account',
  account: 'ac_1',
  name: 'alice',
  role: 'operator',
  credential: ACCOUNT.secretHash,
  address: '192.0.2.1',
  createdMs: 1_767_225_600_000,
  expiresMs: 1_767_268_800_000,
};

async function playSessions(sessions: Sessions): Promise<void> {
  await sessions.insert(SESSION);
  await sessions.insert({
    ...SESSION,
    hash: 'h2',
    id: 's_2',
    account: null,
    createdMs: SESSION.createdMs + 1,
  });
  expect(await sessions.find([])).toEqual([]);
  expect(await sessions.find(['h1', 'none'])).toEqual([SESSION]);
  expect((await sessions.list(SESSION.createdMs)).map(({ id }) => id)).toEqual(['s_2', 's_1']);
  expect(await sessions.list(SESSION.expiresMs)).toEqual([]);
  expect([await sessions.remove('s_2'), await sessions.remove('s_2')]).toEqual([true, false]);
  await sessions.prune(SESSION.expiresMs);
  expect(await sessions.find(['h1'])).toEqual([SESSION]);
  await sessions.prune(SESSION.expiresMs + 1);
  expect(await sessions.find(['h1'])).toEqual([]);
}

for (const engine of ENGINES) {
  describe(engine, () => {
    test('keeps accounts, whose names and secrets are unique', async () => {
      const { store } = await openTestStore(await databases.newUrl(engine));
      const { accounts } = store.console;
      expect(await accounts.insert(ACCOUNT)).toBe(true);
      expect(await accounts.insert({ ...ACCOUNT, id: 'ac_2', secretHash: 'b' })).toBe(false);
      expect(await accounts.insert({ ...ACCOUNT, id: 'ac_2', name: 'bob', secretHash: 'b' })).toBe(true);
      expect(await accounts.findBySecret(ACCOUNT.secretHash)).toEqual(ACCOUNT);
      expect(await accounts.update({ ...ACCOUNT, name: 'bob' })).toBe('name');
      expect(await accounts.update({ ...ACCOUNT, id: 'none', name: 'carol' })).toBe('gone');
      const changed: Account = { ...ACCOUNT, role: 'viewer', isEnabled: false };
      expect(await accounts.update(changed)).toBe('updated');
      await accounts.noteUse('ac_1', 5);
      expect(await accounts.find('ac_1')).toEqual({ ...changed, lastUsedMs: 5 });
      expect((await accounts.list()).map(({ name }) => name)).toEqual(['alice', 'bob']);
      await store.console.sessions.insert(SESSION);
      expect([await accounts.remove('ac_1'), await accounts.remove('ac_1')]).toEqual([true, false]);
      expect(await store.console.sessions.find(['h1'])).toEqual([]);
      await store.close();
    });

    test('keeps sessions', async () => {
      const { store } = await openTestStore(await databases.newUrl(engine));
      await playSessions(store.console.sessions);
      await store.close();
    });
  });
}

test('memory keeps sessions', () => playSessions(memorySessions()));
