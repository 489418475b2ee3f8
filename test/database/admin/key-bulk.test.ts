import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { isMistyped } from '../../../src/lib/key-secret.ts';
import { ENGINES, startDatabases, type TestDatabases } from '../store/databases.ts';
import { startApi, type TestApi } from './api.ts';

let databases: TestDatabases;

beforeAll(async () => {
  databases = await startDatabases();
}, 180_000);
afterAll(() => databases.stop());

interface Made {
  readonly id: string;
  readonly key: string;
  readonly created_by: string;
}

describe.each(ENGINES)('a bulk of keys, on %s', (engine) => {
  let api: TestApi;
  const version = async (): Promise<number> => (await api.call('GET', '/config/version')).body.version;

  beforeAll(async () => {
    api = await startApi(await databases.newUrl(engine));
    await api.call('POST', '/teams', { id: 'search' });
  });
  afterAll(() => api.store.close());

  test('of 500 is one version, and may be repeated', async () => {
    const create = Array.from({ length: 500 }, (_, index) => ({
      id: `app-${index}`,
      team: 'search',
      limits: [{ cost: 5, per: 'month' }],
    }));
    const before = await version();
    const options = { headers: { 'idempotency-key': 'five-hundred' } };
    const { status, body } = await api.call('POST', '/master-keys/bulk', { create }, options);
    expect(status).toBe(201);
    const made: Made[] = body.master_keys;
    expect(made.map(({ id }) => id)).toEqual(create.map(({ id }) => id));
    expect(new Set(made.map(({ key }) => key)).size).toBe(500);
    expect(made.filter(({ key }) => isMistyped(key))).toEqual([]);
    expect(made[0]?.created_by).toBe('admin@192.0.2.1');
    expect(await version()).toBe(before + 1);
    expect((await api.call('POST', '/master-keys/bulk', { create }, options)).body).toEqual(body);
    expect(await version()).toBe(before + 1);
    expect((await api.call('GET', '/master-keys?limit=1')).body.total).toBe(500);
    const [change] = (await api.call('GET', '/config/history?limit=1')).body.history;
    expect(change.action).toBe('create 500 master_keys');
  });

  test('is made completely or not at all, and each key that is at fault is named', async () => {
    const before = await version();
    const wrong: [object[], number, string[]][] = [
      [[{ id: 'b-1' }, { id: 'app-1' }, { id: 'b-1', name: 'Other' }], 409, ['create[1]', 'create[2]']],
      [
        [
          { id: 'b-1', key: 'sk-same-0123456' },
          { id: 'b-2', key: 'sk-same-0123456' },
        ],
        409,
        ['create[1]'],
      ],
      [[{ id: 'b-1' }, { id: 'b-2', name: 'app-7' }], 409, ['create[1]']],
      [[{ id: 'b-1' }, { id: 'b-2', team: 'nobody' }], 422, ['master_keys.b-2.team']],
      [[{ id: 'b-1' }, { id: 'b-2', limit: 5 }], 422, ['create[1].limit']],
      [[], 422, ['create']],
    ];
    for (const [create, status, paths] of wrong) {
      const answer = await api.call('POST', '/master-keys/bulk', { create });
      const details: { path: string }[] = answer.body.error.details;
      expect([answer.status, details.map(({ path }) => path)]).toEqual([status, paths]);
    }
    const many = Array.from({ length: 501 }, (_, index) => ({ id: `c-${index}` }));
    expect((await api.call('POST', '/master-keys/bulk', { create: many })).status).toBe(422);
    expect(await version()).toBe(before);
  });

  test('does not get ids of deleted keys', async () => {
    await api.call('DELETE', '/master-keys/app-3');
    const answer = await api.call('POST', '/master-keys/bulk', { create: [{ id: 'new' }, { id: 'app-3' }] });
    expect([answer.status, answer.body.error.code]).toEqual([409, 'already_exists']);
    expect(answer.body.error.message).toContain('app-3');
  });
});
