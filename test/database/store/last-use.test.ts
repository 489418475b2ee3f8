import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type Database, openDatabase } from '../../../src/store/database.ts';
import { lastUseIn } from '../../../src/store/last-use.ts';
import { ENGINES, startDatabases, type TestDatabases } from './databases.ts';

let databases: TestDatabases;

beforeAll(async () => {
  databases = await startDatabases();
}, 180_000);
afterAll(() => databases.stop());

const DAY_MS = 86_400_000;
const NOON = Date.parse('2026-11-30T12:00:00Z');

async function use(database: Database, keyId: string, quarterMs: number): Promise<void> {
  await database.write(
    async (sql) => sql`insert into spend_quarters (quarter_ms, key_id, model, provider, end_bucket)
      values (${quarterMs}, ${keyId}, 'm', ${crypto.randomUUID()}, '')`,
  );
}

describe.each(ENGINES)('the last use of keys, on %s', (engine) => {
  test('is the day of the newest sum, and is followed', async () => {
    const database = openDatabase(await databases.newUrl(engine));
    let nowMs = NOON;
    const lastUse = lastUseIn(database, () => nowMs);
    await use(database, 'today', NOON - 900_000);
    await use(database, 'today', NOON - 3 * DAY_MS);
    await use(database, 'last month', NOON - 40 * DAY_MS);
    await use(database, 'long ago', NOON - 200 * DAY_MS);
    const all = ['today', 'last month', 'long ago', 'never'];
    expect([...((await lastUse.of(all)) ?? [])]).toEqual([
      ['today', '2026-11-30'],
      ['last month', '2026-10-21'],
    ]);
    await use(database, 'never', NOON);
    expect((await lastUse.of(all))?.get('never')).toBe('2026-11-30');
    nowMs += 2 * DAY_MS;
    await use(database, 'today', NOON + DAY_MS);
    expect((await lastUse.of(['today']))?.get('today')).toBe('2026-12-01');
    await database.close();
  });
});
