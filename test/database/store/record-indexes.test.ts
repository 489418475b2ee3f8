import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type Database, openDatabase } from '../../../src/store/database.ts';
import { migrateDown, MIGRATIONS } from '../../../src/store/migrate.ts';
import { buildRecordIndexes, hasRecordIndexes } from '../../../src/store/records/record-indexes.ts';
import type { RecordPage } from '../../../src/store/records/request-record-filter.ts';
import { requestRecords, type RequestRecords } from '../../../src/store/records/request-record-table.ts';
import type { Found } from '../../../src/store/records/request-search.ts';
import { ENGINES, startDatabases, type TestDatabases } from './databases.ts';

const ROWS = 30_000;

let databases: TestDatabases;

beforeAll(async () => {
  databases = await startDatabases();
});
afterAll(() => databases.stop());

describe.each([...ENGINES])('the indexes of request records in %s', (engine) => {
  async function filled(rows: number): Promise<Database> {
    const database = openDatabase(await databases.newUrl(engine));
    const numbers =
      engine === 'postgres'
        ? `generate_series(1, ${rows}) as g(n)`
        : `(with recursive g(n) as (select 1 union all select n + 1 from g where n < ${rows}) select n from g)`;
    await database.writeSlowly((sql) =>
      sql.unsafe(`insert into request_records (ended_at_ms, request_id, key_name, attempts, ending, status, is_estimated,
        is_streamed, duration_ms) select 1000 + n, 'req_' || n, 'key-' || (n % 10000), 1, 'complete', 200, 0, 0, 1 from ${numbers}`),
    );
    return database;
  }

  test('are created beside the requests, and searches find the same before', async () => {
    const database = await filled(ROWS);
    expect(await hasRecordIndexes(database)).toBe(false);
    const records = requestRecords(database);
    const page = { filter: { key: 'key-77' }, before: undefined, limit: 10 };
    const before = [await searchAll(records, page), await records.find('req_5'), await records.find('none')];
    expect(before[0]).toMatchObject({
      records: [{ requestId: 'req_20077' }, { requestId: 'req_10077' }, { requestId: 'req_77' }],
    });
    expect(before[1]).toMatchObject({ requestId: 'req_5' });
    expect(await buildRecordIndexes(database)).toBe(true);
    expect(await hasRecordIndexes(database)).toBe(true);
    expect([await searchAll(records, page), await records.find('req_5'), await records.find('none')]).toEqual(
      before,
    );
    expect(await buildRecordIndexes(database)).toBe(true);
    await database.close();
  });

  test('are created at once in a small table, and by several gateways', async () => {
    const database = await filled(10);
    const other = openDatabase(await databases.newUrl(engine));
    await Promise.all([
      buildRecordIndexes(database),
      buildRecordIndexes(database),
      buildRecordIndexes(other),
    ]);
    expect(await hasRecordIndexes(database)).toBe(true);
    // A column can only be dropped after its indexes.
    for (const _ of MIGRATIONS) await migrateDown(database, { drops: true });
    await Promise.all([database.close(), other.close()]);
  });
});

/** Searches on where a search stopped because it took too long. */
async function searchAll(records: RequestRecords, page: RecordPage): Promise<Found> {
  const found = await records.search(page);
  if (found.searchedTo === undefined) return found;
  const rest = await searchAll(records, { ...page, before: found.searchedTo });
  return { ...rest, records: [...found.records, ...rest.records] };
}

test('an index that PostgreSQL did not complete is created again', async () => {
  const database = openDatabase(await databases.newUrl('postgres'));
  const row = {
    attempts: 1,
    ending: 'complete',
    status: 200,
    is_estimated: 0,
    is_streamed: 0,
    duration_ms: 1,
  };
  await database.write(
    (sql) =>
      sql`insert into request_records ${sql([
        { ended_at_ms: 1, request_id: 'twice', ...row },
        { ended_at_ms: 2, request_id: 'twice', ...row },
      ])}`,
  );
  await database
    .build('create unique index concurrently request_records_by_id on request_records (request_id)')
    .catch(() => undefined);
  const broken = await database.read((sql) => sql`select 1 from pg_index where not indisvalid`);
  expect(broken).toHaveLength(1);
  expect(await buildRecordIndexes(database)).toBe(true);
  expect(await database.read((sql) => sql`select 1 from pg_index where not indisvalid`)).toHaveLength(0);
  await database.close();
});
