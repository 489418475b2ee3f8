import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { fileName } from '../../../src/spend/journal/file-name.ts';
import { REFUSED_FILE } from '../../../src/spend/ledger/part-store.ts';
import { openDatabase } from '../../../src/store/database.ts';
import { migrateUp } from '../../../src/store/migrate.ts';
import type { RequestRecord } from '../../../src/store/records/request-record.ts';
import { type RecordTrouble, RequestRecordQueue } from '../../../src/store/records/request-record-queue.ts';
import { requestRecords } from '../../../src/store/records/request-record-table.ts';
import { ENGINES, type OwnDatabases, startOwnDatabases } from '../store/databases.ts';
import { ended } from '../store/request-records.ts';
import { AT_MS, closeLine, COUNTER, newFolder, newLedger, newWriter } from './lines.ts';

let databases: OwnDatabases;
beforeAll(async () => {
  databases = await startOwnDatabases();
});
afterAll(() => databases.stop());

/** Values that each database refuses. */
const REFUSED = {
  postgres: { provider: 'a\0b' },
  sqlite: { attempts: null as unknown as number },
} satisfies Record<string, Partial<RequestRecord>>;

const PRICES = { priceRef: 'ref', priceSheet: '{}' };

describe.each([...ENGINES])('in %s', (engine) => {
  test('requests that the database refuses are put aside, and all others are stored', async () => {
    const database = openDatabase(await databases.newUrl(engine));
    const folder = newFolder();
    const { ledger, troubles } = newLedger(database, folder);
    await ledger.start();
    const writer = newWriter(folder, ledger.begin());
    for (let at = 0; at < 600; at++)
      writer.close(closeLine(`r${at}`, 100, at === 3 || at === 300 ? { ...REFUSED[engine], ...PRICES } : {}));
    writer.flush();
    await ledger.flush();
    expect(troubles.map((trouble) => trouble.type === 'refused' && trouble.requestId)).toEqual([
      'r3',
      'r300',
    ]);
    expect(ledger.unflushedBytes).toBe(0);
    expect(ledger.waiting).toBe(0);
    const [rows] = await database.read((sql) => sql`select count(*) as count from request_records`);
    expect(Number(rows.count)).toBe(598);
    // Their use of a limit still counts.
    const [used] = await database.read((sql) => sql`select sum(used) as used from counter_windows`);
    expect(Number(used.used)).toBe(60_000);
    // The prices, which later requests of the file leave out.
    const sheets = await database.read((sql) => sql`select ref, body from price_sheets`);
    expect(sheets.map(({ ref, body }: { ref: string; body: string }) => [ref, body])).toEqual([
      ['ref', '{}'],
    ]);
    const path = join(folder.path, REFUSED_FILE);
    const kept = readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(kept).toMatchObject([
      { request: { id: 'r3', uses: [[COUNTER, AT_MS, 100]] } },
      { request: { id: 'r300' } },
    ]);
    expect(kept[0].reason).toMatch(engine === 'postgres' ? /0x00/ : /NOT NULL/);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    writer.end();
    await ledger.close();
    await database.close();
  });

  test('a refused record does not hold up those behind it in memory', async () => {
    const database = openDatabase(await databases.newUrl(engine));
    const table = requestRecords(database);
    const troubles: RecordTrouble[] = [];
    const queue = new RequestRecordQueue({
      records: {
        ...table,
        insert: (records) =>
          table.insert(
            records.map((record) =>
              record.requestId === 'refused' ? { ...record, ...REFUSED[engine] } : record,
            ),
          ),
      },
      retentionMs: 86_400_000,
      nowMs: Date.now,
      onTrouble: (trouble) => troubles.push(trouble),
    });
    for (let at = 0; at < 20; at++) queue.listen(ended({ requestId: at === 4 ? 'refused' : `good${at}` }));
    await queue.close();
    expect(troubles).toMatchObject([{ type: 'refused' }, { type: 'dropped', count: 1 }]);
    expect(await table.list({ filter: {}, before: undefined, limit: 100 })).toHaveLength(19);
    await database.close();
  });
});

test('a line of another form is skipped, and the lines behind it are read', async () => {
  const database = openDatabase('sqlite::memory:');
  await migrateUp(database);
  const folder = newFolder();
  const life = folder.nextLife();
  const lines = [
    { ...closeLine('a'), uses: undefined },
    { t: 'close', id: 'b', uses: [] },
    { t: 'open', id: 'c', atMs: 1, holds: [['x']], names: {} },
    { t: 'later', id: 'd' },
    7,
    closeLine('good', 900),
  ].map((line) => {
    const json = JSON.stringify(line);
    return `${crc32(json).toString(16).padStart(8, '0')} ${json}\n`;
  });
  const name = fileName({ node: folder.node, worker: 1, life, number: 1 });
  writeFileSync(join(folder.path, name), lines.join(''));
  const { ledger, troubles } = newLedger(database, folder);
  await ledger.start();
  await ledger.flush();
  expect(troubles).toEqual(Array.from({ length: 5 }, () => ({ type: 'torn', file: name })));
  const [rows] = await database.read((sql) => sql`select request_id from request_records`);
  expect(rows.request_id).toBe('good');
  await ledger.close();
  await database.close();
});
