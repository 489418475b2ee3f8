import type { SQL } from 'bun';
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type Database, openDatabase } from '../../../src/store/database.ts';
import { buildRecordIndexes } from '../../../src/store/records/record-indexes.ts';
import { readSeries } from '../../../src/store/records/read-sums.ts';
import type { Position, RecordFilter } from '../../../src/store/records/request-record-filter.ts';
import { requestRecords } from '../../../src/store/records/request-record-table.ts';
import { needsSlices, nextSlice, searchRecords } from '../../../src/store/records/request-search.ts';
import { HOUR_MS } from '../../../src/store/records/request-sums.ts';
import { ENGINES, startDatabases, type TestDatabases } from './databases.ts';
import { record } from './request-records.ts';

const AT_MS = Date.parse('2026-01-01T00:00:00Z');
/** Filters that no index answers. */
const UNINDEXED: readonly RecordFilter[] = [
  { status: 418 },
  { minDurationMs: 5000 },
  { minCostNano: 7 },
  { model: 'fast', provider: 'openai' },
  { search: 'nothing' },
];

let databases: TestDatabases;

beforeAll(async () => {
  databases = await startDatabases();
}, 180_000);
afterAll(() => databases.stop());

/** A database with records, of which each four-thousandth is slow. */
async function filled(url: string, count: number): Promise<Database> {
  const database = openDatabase(url);
  await buildRecordIndexes(database);
  const many = Array.from({ length: count }, (_, n) =>
    record({ requestId: `req_${n}`, endedAtMs: AT_MS + n, durationMs: n % 4000 === 0 ? 5000 : 10 }),
  );
  const records = requestRecords(database);
  for (let from = 0; from < many.length; from += 250) await records.insert(many.slice(from, from + 250));
  return database;
}

describe.each([...ENGINES])('a search in %s', (engine) => {
  test('finds what a filter without an index names, slice by slice, and pages on', async () => {
    const database = await filled(await databases.newUrl(engine), 12_000);
    const ids: string[] = [];
    let before: Position | undefined;
    do {
      const found = await searchRecords(database, { filter: { minDurationMs: 5000 }, before, limit: 1 });
      ids.push(...found.records.map(({ requestId }) => requestId));
      before = found.records.at(-1) ?? found.searchedTo;
    } while (before !== undefined);
    expect(ids).toEqual(['req_8000', 'req_4000', 'req_0']);
    const filter = { endings: ['failed', 'refused'] as const, model: 'fast' };
    expect((await searchRecords(database, { filter, before: undefined, limit: 5 })).records).toEqual([]);
    await database.close();
  });
});

/** The database, and the plan of each statement that it reads with. */
function explained(database: Database): { readonly database: Database; readonly plans: string[] } {
  const plans: string[] = [];
  const explain = async (sql: SQL, statement: string, values: unknown[]): Promise<unknown> => {
    if (/^\s*select .* from (?:request_records|request_sums)/s.test(statement)) {
      const explaining = database.dialect.kind === 'postgres' ? 'explain' : 'explain query plan';
      const lines: Record<string, string>[] = await sql.unsafe(`${explaining} ${statement}`, values);
      plans.push(lines.map((line) => line['QUERY PLAN'] ?? line['detail']).join('\n'));
    }
    return sql.unsafe(statement, values);
  };
  const watched = (sql: SQL): SQL =>
    new Proxy(sql, {
      get: (of, name) =>
        name === 'unsafe'
          ? (statement: string, values: unknown[] = []) => explain(of, statement, values)
          : (Reflect.get(of, name) as unknown),
    });
  return { database: { ...database, read: (work) => database.read((sql) => work(watched(sql))) }, plans };
}

test('PostgreSQL reads no whole table for a search or for sums, although it is small', async () => {
  const database = await filled(await databases.newUrl('postgres'), 1000);
  await database.write((sql) => sql.unsafe('analyze'));
  const { database: watched, plans } = explained(database);
  for (const filter of UNINDEXED) await searchRecords(watched, { filter, before: undefined, limit: 100 });
  const period = { sinceMs: AT_MS, untilMs: AT_MS + HOUR_MS, stepMs: HOUR_MS };
  await readSeries(watched, { ...period, dimension: 'model', name: undefined });
  expect(plans.length).toBeGreaterThan(2 * UNINDEXED.length);
  for (const plan of plans) expect(plan).not.toContain('Seq Scan');
  await database.close();
});

test('SQLite reads a slice by the index that the slice was measured with', async () => {
  const database = await filled(await databases.newUrl('sqlite'), 1000);
  const { database: watched, plans } = explained(database);
  const filter = { key: 'team-a', model: 'fast', provider: 'openai', ending: 'lost' as const };
  await searchRecords(watched, { filter, before: undefined, limit: 100 });
  expect(plans.length).toBeGreaterThan(4);
  for (const plan of plans) expect(plan).toContain('request_records_by_key');
  await database.close();
});

test('a search goes slice by slice unless one index answers its filter', () => {
  const sinceMs = AT_MS;
  for (const filter of [{}, { sinceMs }, { key: 'a' }, { model: 'm', sinceMs }, { provider: 'p' }])
    expect(needsSlices(filter)).toBe(false);
  const both = { key: 'a', model: 'm' };
  const few = { endings: ['failed', 'lost'] as const };
  for (const filter of [both, few, { ending: 'lost' as const }, { key: 'a', search: 'x' }, ...UNINDEXED])
    expect(needsSlices(filter)).toBe(true);
});

/** The sizes of ten slices of a database that needs `recordMs` for each record. */
function sizes(recordMs: number): number[] {
  const found = [200];
  while (found.length < 10) {
    const size = found.at(-1)!;
    found.push(nextSlice({ size, tookMs: size * recordMs, leftMs: 1000 }));
  }
  return found;
}

test('slices grow while records come from memory, and stay small while they come from a slow disk', () => {
  expect(sizes(0.001).at(-1)).toBe(2000);
  expect(sizes(0.02).at(-1)).toBe(1000);
  expect(new Set(sizes(1))).toEqual(new Set([200]));
  expect(nextSlice({ size: 2000, tookMs: 1600, leftMs: 1000 })).toBe(200);
  expect(nextSlice({ size: 200, tookMs: 0, leftMs: 1000 })).toBe(800);
});

test('the last slices of a search are small, since their records may lie on a disk', () => {
  expect(nextSlice({ size: 2000, tookMs: 2, leftMs: 50 })).toBe(500);
  expect(nextSlice({ size: 2000, tookMs: 2, leftMs: 1 })).toBe(200);
});
