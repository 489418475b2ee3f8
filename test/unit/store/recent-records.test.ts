import { describe, expect, test } from 'bun:test';
import { RecentRecords } from '../../../src/store/records/recent-records.ts';
import { record } from '../../database/store/request-records.ts';

const EVERYTHING = { filter: {}, before: undefined, limit: 5000 };

describe('the records of a gateway without a database', () => {
  test('are the last thousand, the newest first, in pages that do not shift', async () => {
    const records = new RecentRecords();
    await records.insert(Array.from({ length: 1500 }, (_, index) => record({ endedAtMs: 1000 + index })));
    const all = await records.list(EVERYTHING);
    expect(all.map(({ endedAtMs }) => endedAtMs)).toEqual(
      Array.from({ length: 1000 }, (_, index) => 2499 - index),
    );
    const page = await records.list({ ...EVERYTHING, limit: 10 });
    records.add(record({ endedAtMs: 9000 }));
    expect(await records.list({ ...EVERYTHING, before: page.at(-1), limit: 10 })).toEqual(all.slice(10, 20));
  });

  test('of one moment are ordered by their ids', async () => {
    const records = new RecentRecords();
    for (const requestId of ['b', 'c', 'a']) records.add(record({ endedAtMs: 5, requestId }));
    const list = await records.list({ ...EVERYTHING, before: { endedAtMs: 5, requestId: 'c' } });
    expect(list.map(({ requestId }) => requestId)).toEqual(['b', 'a']);
  });

  test('are filtered and summed as in a database', async () => {
    const records = new RecentRecords();
    await records.insert([
      record({ endedAtMs: 10 }),
      record({ endedAtMs: 3_600_000, key: 'team-b', ending: 'failed', status: 502, costNano: null }),
      record({ endedAtMs: 3_600_001, key: 'team-b', model: null, costBasis: null, costNano: null }),
    ]);
    const of = async (filter: Parameters<RecentRecords['sum']>[0]) =>
      (await records.list({ ...EVERYTHING, filter })).length;
    expect(await of({ key: 'team-b' })).toBe(2);
    expect(await of({ status: 502, ending: 'failed' })).toBe(1);
    expect(await of({ model: 'fast', provider: 'openai' })).toBe(2);
    expect(await of({ sinceMs: 10, untilMs: 3_600_000 })).toBe(1);
    expect(await records.sum({}, ['hour', 'key'])).toMatchObject([
      { fromMs: 0, key: 'team-a', requests: 1, failures: 0, promptTokens: 3, costNano: 1_500n, unpriced: 0 },
      { fromMs: 3_600_000, key: 'team-b', requests: 2, failures: 1, promptTokens: 6, unpriced: 1 },
    ]);
    expect(await records.sum({ key: 'nobody' }, [])).toEqual([]);
  });
});
