import type { SQL } from 'bun';
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type Database, openDatabase } from '../../../src/store/database.ts';
import { buildRecordIndexes } from '../../../src/store/records/record-indexes.ts';
import { recordOf, type RequestRecord } from '../../../src/store/records/request-record.ts';
import { type RequestRecords, requestRecords } from '../../../src/store/records/request-record-table.ts';
import { TooManyGroups } from '../../../src/store/records/request-record-usage.ts';
import { ENGINES, startDatabases, type TestDatabases } from './databases.ts';
import { ended, record } from './request-records.ts';

const MIDNIGHT_MS = Date.parse('2026-01-01T00:00:00Z');
const HOUR_MS = 3_600_000;

let databases: TestDatabases;

beforeAll(async () => {
  databases = await startDatabases();
});
afterAll(() => databases.stop());

describe.each([...ENGINES])('the request records in %s', (engine) => {
  let database: Database;
  let records: RequestRecords;

  async function renew(): Promise<void> {
    database = openDatabase(await databases.newUrl(engine));
    records = requestRecords(database);
  }

  const all = (filter = {}): Promise<RequestRecord[]> =>
    records.list({ filter, before: undefined, limit: 100_000 });

  test('are found by the beginning of their id, over any time and with other filters', async () => {
    await renew();
    await buildRecordIndexes(database);
    const ids = ['req_00aa01', 'req_00aa02', 'req_00ab03', 'req_00aa'];
    const made = ids.map((requestId, at) =>
      record({ requestId, endedAtMs: MIDNIGHT_MS - at * 24 * HOUR_MS, model: at === 1 ? 'other' : 'fast' }),
    );
    await records.insert([...made, record({ endedAtMs: MIDNIGHT_MS, model: 'req_00aa' })]);
    const found = async (filter: object, limit = 10, before?: RequestRecord): Promise<string[]> => {
      const { records: list, searchedTo } = await records.search({ filter, before, limit });
      expect(searchedTo).toBeUndefined();
      return list.map(({ requestId }) => requestId);
    };
    expect(await found({ search: 'req_00aa' })).toEqual(['req_00aa01', 'req_00aa02', 'req_00aa']);
    expect(await found({ search: 'req_00aa', model: 'fast' }, 1)).toEqual(['req_00aa01']);
    expect(await found({ search: 'req_00aa' }, 10, made[0])).toEqual(['req_00aa02', 'req_00aa']);
    expect(await found({ search: 'req_00aa01' })).toEqual(['req_00aa01']);
    expect(await found({ search: 'req_ffff' })).toEqual([]);
    await database.close();
  });

  test('come back as they were written, the newest first, whatever of them is not known', async () => {
    await renew();
    const refused = record({
      endedAtMs: MIDNIGHT_MS + 1,
      ending: 'refused',
      status: 401,
      key: null,
      model: null,
      provider: null,
      promptTokens: null,
      completionTokens: null,
      totalTokens: null,
      cachedTokens: null,
      reasoningTokens: null,
      firstTokenMs: null,
    });
    const estimated = record({
      endedAtMs: MIDNIGHT_MS,
      isEstimated: true,
      isStreamed: false,
      providerCostNano: 2 ** 40,
      attemptsCost: '[]',
    });
    await records.insert([estimated, refused]);
    expect(await all()).toEqual([refused, estimated]);
    await database.close();
  });

  test('are there once, however often they are written', async () => {
    await renew();
    const [first, second] = [record(), record()];
    await records.insert([first]);
    await records.insert([first, second]);
    expect(await all()).toHaveLength(2);
    await database.close();
  });

  test('take any name and any number that a client or a provider makes up', async () => {
    await renew();
    const usage = {
      inputTokens: Number.MAX_SAFE_INTEGER,
      outputTokens: 1,
      totalTokens: undefined,
      cachedTokens: 0,
      reasoningTokens: 0,
    };
    const events = ['a\0b', 'half \ud83d', "'; drop table request_records; --", '语'.repeat(300)].map(
      (model) => ended({ model, usage }),
    );
    await records.insert(events.map((event) => recordOf(event, MIDNIGHT_MS)));
    const models = (await all()).map(({ model }) => model);
    expect(new Set(models)).toEqual(
      new Set(['a\u{fffd}b', 'half \u{fffd}', "'; drop table request_records; --", '语'.repeat(256)]),
    );
    expect(await records.sum({}, [])).toMatchObject([{ requests: 4, promptTokens: 4 * (2 ** 31 - 1) }]);
    await database.close();
  });

  test('are filtered by each field and by time, which begins with since and ends before until', async () => {
    await renew();
    const one = record({ endedAtMs: MIDNIGHT_MS });
    const other = record({
      endedAtMs: MIDNIGHT_MS + 5,
      key: 'team-b',
      model: 'slow',
      provider: 'azure',
      status: 502,
      ending: 'failed',
    });
    await records.insert([one, other]);
    expect(await all({ key: 'team-b' })).toEqual([other]);
    expect(await all({ model: 'fast' })).toEqual([one]);
    expect(await all({ provider: 'azure' })).toEqual([other]);
    expect(await all({ status: 502 })).toEqual([other]);
    expect(await all({ ending: 'complete' })).toEqual([one]);
    expect(await all({ sinceMs: MIDNIGHT_MS + 5 })).toEqual([other]);
    expect(await all({ untilMs: MIDNIGHT_MS + 5 })).toEqual([one]);
    expect(await all({ key: 'team-b', status: 200 })).toEqual([]);
    await database.close();
  });

  test('are read page by page, each once, while new ones come and many ended at the same moment', async () => {
    await renew();
    const old = Array.from({ length: 53 }, (_, n) => record({ endedAtMs: MIDNIGHT_MS + Math.floor(n / 10) }));
    await records.insert(old);
    const seen: RequestRecord[] = [];
    for (;;) {
      const page = await records.list({ filter: {}, before: seen.at(-1), limit: 7 });
      if (page.length === 0) break;
      seen.push(...page);
      await records.insert([record({ endedAtMs: MIDNIGHT_MS + 10 + seen.length })]);
    }
    expect(seen).toEqual(old.toReversed());
    await database.close();
  });

  test('are summed in pieces to the same as in one, by any of their names and by hour or day', async () => {
    await renew();
    const many = Array.from({ length: 11_000 }, (_, n) =>
      record({
        endedAtMs: MIDNIGHT_MS + Math.floor(n / 4000) * 11 * HOUR_MS + Math.floor(n / 100),
        key: ['team-a', 'team-b', null][n % 3] ?? null,
        model: n % 2 === 0 ? 'fast' : 'slow',
        promptTokens: n,
        ending: n % 10 === 0 ? 'failed' : n % 10 === 1 ? 'client-left' : 'complete',
      }),
    );
    for (let from = 0; from < many.length; from += 500) await records.insert(many.slice(from, from + 500));
    const expected = (of: readonly RequestRecord[]) => ({
      requests: of.length,
      failures: of.filter(({ ending }) => ending === 'failed').length,
      promptTokens: of.reduce((sum, { promptTokens }) => sum + (promptTokens ?? 0), 0),
      completionTokens: of.length * 5,
      totalTokens: of.length * 8,
      cachedTokens: of.length,
      reasoningTokens: of.length * 2,
      costNano: BigInt(of.length * 1_500),
      unpriced: 0,
    });
    expect(await records.sum({}, [])).toEqual([
      { ...expected(many), key: undefined, model: undefined, provider: undefined, fromMs: undefined },
    ]);
    const byKey = await records.sum({}, ['key', 'model']);
    expect(byKey).toHaveLength(6);
    for (const { key, model, provider, fromMs, ...sums } of byKey) {
      expect({ provider, fromMs }).toEqual({ provider: undefined, fromMs: undefined });
      expect(sums).toEqual(expected(many.filter((one) => one.key === key && one.model === model)));
    }
    const hours = await records.sum({}, ['hour']);
    expect(hours.map(({ fromMs, requests }) => [fromMs, requests])).toEqual([
      [MIDNIGHT_MS, 4000],
      [MIDNIGHT_MS + 11 * HOUR_MS, 4000],
      [MIDNIGHT_MS + 22 * HOUR_MS, 3000],
    ]);
    const days = await records.sum({ key: 'team-a', sinceMs: MIDNIGHT_MS + HOUR_MS }, ['day', 'provider']);
    expect(days).toMatchObject([{ fromMs: MIDNIGHT_MS, provider: 'openai', requests: 2333 }]);
    expect(await records.sum({ untilMs: MIDNIGHT_MS }, ['key'])).toEqual([]);
    await database.close();
  });

  test('keep costs that a double cannot count, the prices behind them, and what has no price', async () => {
    await renew();
    await records.insert([
      record({ key: 'cost', costNano: 2 ** 53 - 1, priceRef: 'ref-1', priceSheet: '{"input":1}' }),
      record({ key: 'cost', costNano: 2 ** 53 - 1, priceRef: 'ref-1', priceSheet: '{"input":1}' }),
      record({ key: 'cost', costNano: null }),
      record({ key: 'cost', costNano: null, costBasis: null }),
    ]);
    const [sum] = await records.sum({ key: 'cost' }, []);
    expect([sum?.costNano, sum?.unpriced]).toEqual([2n * (2n ** 53n - 1n), 1]);
    const sheets = await database.read((sql: SQL) => sql`select ref, body from price_sheets`);
    expect([...sheets]).toEqual([{ ref: 'ref-1', body: '{"input":1}' }]);
    await database.close();
  });

  test('of more groups than an answer should have are not summed', async () => {
    await renew();
    for (let n = 0; n < 41; n++) {
      await records.insert(Array.from({ length: 250 }, (_, m) => record({ model: `m-${n}-${m}` })));
    }
    await expect(records.sum({}, ['model'])).rejects.toThrow(TooManyGroups);
    await database.close();
  });

  test('are pruned up to a time, a piece at a time', async () => {
    await renew();
    const old = Array.from({ length: 2500 }, (_, n) => record({ endedAtMs: MIDNIGHT_MS + n }));
    const kept = record({ endedAtMs: MIDNIGHT_MS + 2500 });
    for (let from = 0; from < old.length; from += 500) await records.insert(old.slice(from, from + 500));
    await records.insert([kept]);
    expect(await records.prune(MIDNIGHT_MS + 2500)).toBe(true);
    expect(await all()).toHaveLength(501);
    expect(await records.prune(MIDNIGHT_MS + 2500)).toBe(false);
    expect(await all()).toEqual([kept]);
    await database.close();
  });
});
