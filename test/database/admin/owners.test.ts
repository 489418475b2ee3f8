import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { stringify } from 'yaml';
import { compileText } from '../../../src/config/read/compile-text.ts';
import type { MasterKey, Snapshot } from '../../../src/config/snapshot.ts';
import { exportFile } from '../../../src/migrate/export-file.ts';
import { planImport } from '../../../src/migrate/import-file.ts';
import { ENGINES, startDatabases, type TestDatabases } from '../store/databases.ts';
import { startApi, type TestApi } from './api.ts';

let databases: TestDatabases;

beforeAll(async () => {
  databases = await startDatabases();
}, 180_000);
afterAll(() => databases.stop());

const PROVIDER = { id: 'a', api_base: 'http://127.0.0.1:9/v1' };

function keysOf({ access }: Snapshot): readonly MasterKey[] {
  return access.kind === 'keys' ? [...access.keys.values()] : [];
}

describe.each(ENGINES)('teams and users, on %s', (engine) => {
  let api: TestApi;
  const key = (id: string): MasterKey | undefined =>
    keysOf(api.store.snapshot()).find((one) => one.id === id);

  beforeAll(async () => {
    api = await startApi(await databases.newUrl(engine));
    await api.call('POST', '/providers', PROVIDER);
  });
  afterAll(() => api.store.close());

  test('are made and read, with how each of their limits stands', async () => {
    await api.call('POST', '/teams', { id: 'acme', timezone: 'Europe/Berlin', tags: { site: 'b' } });
    const { status, body } = await api.call('POST', '/teams', {
      id: 'search',
      name: 'Search & Find',
      parent: 'acme',
      limits: [{ cost: 200, per: 'month' }],
      per_user: [{ requests: 5, per: 'minute' }],
    });
    expect([status, body.name, body.parent, body.usage]).toEqual([201, 'Search & Find', 'acme', undefined]);
    await api.call('POST', '/users', {
      id: 'alice',
      email: 'alice@example.com',
      limits: [{ concurrent: 2 }],
    });
    const made = await api.call('POST', '/master-keys', { id: 'app', team: 'search', user: 'alice' });
    expect(made.status).toBe(201);
    const team = key('app')?.team;
    expect([team?.id, team?.name, team?.path, team?.tags]).toEqual([
      'search',
      'Search & Find',
      'acme/Search & Find',
      { site: 'b' },
    ]);
    expect(key('app')?.user).toMatchObject({ id: 'alice', email: 'alice@example.com' });
    const read = await api.call('GET', '/teams/search');
    expect(read.body.usage).toEqual([
      {
        id: 'cost/month',
        scope: 'team',
        kind: 'cost',
        per: 'month',
        amount: 200,
        used: null,
        held: null,
        remaining: null,
        resets_at: '2026-03-31T22:00:00.000Z',
        on_exceed: 'refuse',
        counted_by: 'this machine',
      },
    ]);
    expect((await api.call('GET', '/users')).body.users[0].usage).toMatchObject([{ kind: 'concurrent' }]);
  });

  test('are counted by their ids, which outlive their names', async () => {
    const counters = () => [...api.store.snapshot().limits.all()].map(({ counter }) => counter).sort();
    const before = counters();
    expect(before).toContain('team:search/cost/month');
    expect(before).toContain('team_user:search:alice/requests/minute');
    await api.call('PUT', '/teams/search', { name: 'Finding' });
    await api.call('PUT', '/users/alice', { name: 'Alice A.' });
    expect(counters()).toEqual(before);
    expect([key('app')?.team?.name, key('app')?.user?.name]).toEqual(['Finding', 'Alice A.']);
    expect((await api.call('GET', '/master-keys/app')).body).toMatchObject({ team: 'search', user: 'alice' });
  });

  test('are not deleted while a key or a team belongs to them', async () => {
    for (const path of ['/teams/search', '/teams/acme', '/users/alice']) {
      const { status, body } = await api.call('DELETE', path);
      expect([path, status, body.error.code]).toEqual([path, 409, 'in_use']);
    }
    expect((await api.call('DELETE', '/teams/search')).body.error.details[0].path).toContain('app');
  });

  test('say what is wrong with them', async () => {
    const wrong: [string, object, number, RegExp][] = [
      ['/master-keys', { id: 'x', team: 'serch' }, 422, /"serch", and there is no such/],
      ['/master-keys', { id: 'x', team: 'Finding' }, 422, /"id Finding", and there is no such/],
      ['/master-keys', { id: 'x', user: 'bob' }, 422, /"bob", and there is no such/],
      ['/teams', { id: 'x', parent: 'nobody' }, 422, /"nobody"/],
      ['/teams', { id: 'x', name: 'Finding' }, 409, /has the name "Finding"/],
      ['/users', { id: 'x', name: 'Alice A.' }, 409, /has the name/],
      ['/teams', { id: 'x', limits: [{ cost: 1 }] }, 422, /say per/],
      ['/teams', { id: 'x', renamed_from: 'y' }, 422, /unknown field/],
    ];
    for (const [path, body, status, message] of wrong) {
      const answer = await api.call('POST', path, body);
      expect([answer.status, answer.body.error.message]).toEqual([status, expect.stringMatching(message)]);
    }
    const circle = await api.call('PUT', '/teams/acme', { parent: 'search' });
    expect([circle.status, circle.body.error.message]).toEqual([422, expect.stringContaining('circle')]);
  });

  test('are exported and imported as they are, and a rollback brings them back', async () => {
    await api.call('POST', '/master-keys', { id: 'k-1', name: 'Key One' });
    const revision = await api.store.read();
    const text = stringify(exportFile(revision, { withSecrets: true }));
    const loaded = compileText(text, { file: 'x', env: {}, overrides: {}, version: 1, now: new Date() });
    if (loaded.kind === 'refused') throw new Error(JSON.stringify(loaded.problems));
    expect([...loaded.snapshot.limits.all()].map(({ counter }) => counter).sort()).toEqual(
      [...api.store.snapshot().limits.all()].map(({ counter }) => counter).sort(),
    );
    const plan = planImport(loaded.file, revision.resources, { now: revision.changedAt, prunes: true });
    expect(plan.steps.filter(({ action }) => action !== 'unchanged')).toEqual([]);

    const empty = await startApi(await databases.newUrl(engine));
    await empty.store.change(
      ({ resources }, now) => planImport(loaded.file, resources, { now, prunes: false }).resources,
      { actor: 'test', action: 'import' },
    );
    expect((await empty.call('GET', '/teams/search')).body).toMatchObject({
      name: 'Finding',
      parent: 'acme',
    });
    expect((await empty.call('GET', '/master-keys/app')).body).toMatchObject({
      team: 'search',
      user: 'alice',
    });
    expect((await empty.call('GET', '/master-keys/k-1')).body.name).toBe('Key One');
    await empty.store.close();

    await api.call('DELETE', '/master-keys/app');
    await api.call('DELETE', '/teams/search');
    expect((await api.call('GET', '/teams')).body.total).toBe(1);
    await api.call('POST', '/config/rollback', { version: revision.version });
    expect(key('app')?.team?.name).toBe('Finding');
    const history = await api.call('GET', '/config/history?limit=3');
    expect(history.body.history.map(({ action }: { action: string }) => action)).toEqual([
      `rollback to version ${revision.version}`,
      'delete teams/search',
      'delete master_keys/app',
    ]);
  });

  test('and their limits are listed, by scope and in pages', async () => {
    const ids = async (query: string): Promise<string[]> =>
      (await api.call('GET', `/limits${query}`)).body.limits.map(
        ({ counter }: { counter: string }) => counter,
      );
    const all = await ids('');
    expect(all).toHaveLength(3);
    expect(await ids('?scope=team:search')).toEqual(['team:search/cost/month']);
    expect(await ids('?scope=user:nobody')).toEqual([]);
    expect(await ids('?over=1')).toEqual([]);
    expect(await ids('?kind=cost&sort=used&limit=1')).toEqual(['team:search/cost/month']);
    expect(await ids('?sort=used')).toHaveLength(3);
    expect(await ids('?kind=output_tokens')).toEqual([]);
    const first = await api.call('GET', '/limits?limit=2');
    expect(first.body.limits).toHaveLength(2);
    expect(await ids(`?limit=2&cursor=${first.body.next_cursor}`)).toEqual(all.slice(2));
    const [team] = (await api.call('GET', '/limits?scope=team:search')).body.limits;
    expect(team).toMatchObject({
      name: 'Finding',
      window: { start: '2026-02-28T23:00:00.000Z', end: '2026-03-31T22:00:00.000Z' },
    });
    expect((await api.call('GET', '/limits?cursor=x')).status).toBe(400);
  });
});
