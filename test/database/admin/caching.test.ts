import { afterAll, beforeAll, expect, test } from 'bun:test';
import { startDatabases, type TestDatabases } from '../store/databases.ts';
import { startApi, type TestApi } from './api.ts';

let databases: TestDatabases;
let api: TestApi;

beforeAll(async () => {
  databases = await startDatabases();
  api = await startApi(await databases.newUrl('sqlite'));
}, 180_000);

afterAll(async () => {
  await api.store.close();
  await databases.stop();
});

test('models, keys and the memory of the cache are set over the Admin API', async () => {
  const { call, store } = api;
  const made = [
    await call('POST', '/providers', { id: 'a', api_base: 'http://127.0.0.1:1/v1' }),
    await call('POST', '/models', { id: 'fast', cache: { ttl: 60 }, routes: [{ provider: 'a' }] }),
    await call('POST', '/master-keys', { id: 'app', cache: { any_temperature: true } }),
    await call('PUT', '/settings/cache', { value: { max_entries: 7 } }),
  ];
  for (const { status, text } of made) expect(`${status} ${text}`).toMatch(/^20[01] /);
  const { caching } = store.snapshot();
  expect(caching?.maxEntries).toBe(7);
  expect(caching?.ruleFor('app', 'fast')).toMatchObject({ ttlMs: 60_000, anyTemperature: true });
  const { body } = await call('GET', '/models/fast');
  expect(body.cache).toEqual({ ttl: 60 });
});
