import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import type { RequestRecord } from '../../../src/store/records/request-record.ts';
import { type RecordTrouble, RequestRecordQueue } from '../../../src/store/records/request-record-queue.ts';
import { type Database, openDatabase } from '../../../src/store/database.ts';
import { migrateUp } from '../../../src/store/migrate.ts';
import { type RequestRecords, requestRecords } from '../../../src/store/records/request-record-table.ts';
import { until } from '../../e2e/gateway.ts';
import { ended, record } from '../../database/store/request-records.ts';

const DAY_MS = 86_400_000;

let database: Database;
let records: RequestRecords;
let trouble: RecordTrouble[];
let batches: number[];
/** Whether the database rejects writes at the moment. */
let isAway: boolean;

beforeEach(async () => {
  database = openDatabase('sqlite::memory:');
  await migrateUp(database);
  const table = requestRecords(database);
  trouble = [];
  batches = [];
  isAway = false;
  records = {
    ...table,
    async insert(batch) {
      if (isAway) throw new Error('the database is away');
      batches.push(batch.length);
      await table.insert(batch);
    },
  };
});
afterEach(() => database.close());

function open(mostWaiting?: number): RequestRecordQueue {
  return new RequestRecordQueue({
    records,
    retentionMs: 30 * DAY_MS,
    nowMs: Date.now,
    onTrouble: (one) => trouble.push(one),
    ...(mostWaiting !== undefined && { mostWaiting }),
  });
}

const written = (): Promise<RequestRecord[]> =>
  records.list({ filter: {}, before: undefined, limit: 10_000 });

const say = (queue: RequestRecordQueue, count: number): void => {
  for (let n = 0; n < count; n++) queue.listen(ended());
};

describe('the queue of request records', () => {
  test('writes a few within about a second, in one transaction, and nothing while it is told', async () => {
    const queue = open();
    say(queue, 3);
    expect(await written()).toHaveLength(0);
    await until(() => batches.length > 0);
    expect(batches).toEqual([3]);
    await queue.close();
    expect(await written()).toHaveLength(3);
  });

  test('writes many without waiting, in batches', async () => {
    const queue = open();
    say(queue, 600);
    await until(() => batches.length === 2);
    expect(batches).toEqual([250, 250]);
    await queue.close();
    expect(batches).toEqual([250, 250, 100]);
    expect(await written()).toHaveLength(600);
    expect(trouble).toEqual([]);
  });

  test('hears only of requests that have ended', async () => {
    const queue = open();
    queue.listen({ type: 'bug', requestId: 'req_1', error: 'none' });
    await queue.close();
    expect(await written()).toEqual([]);
  });

  test('keeps what comes while the database is away, says so once, and writes it when it is back', async () => {
    const queue = open();
    isAway = true;
    say(queue, 700);
    await queue.flush();
    await queue.flush();
    expect(trouble).toEqual([{ type: 'held', reason: 'the database is away' }]);
    say(queue, 10);
    isAway = false;
    await until(() => batches.length === 2);
    await queue.close();
    expect(await written()).toHaveLength(710);
    expect(queue.dropped).toBe(0);
  });

  test('drops what is more than it holds, counts it, and tells it once a minute', async () => {
    const queue = open(100);
    isAway = true;
    say(queue, 130);
    expect(queue.dropped).toBe(30);
    expect(trouble).toEqual([{ type: 'dropped', count: 1 }]);
    isAway = false;
    await queue.close();
    expect(await written()).toHaveLength(100);
  });

  test('tells at its end what the database did not take', async () => {
    const queue = open();
    isAway = true;
    say(queue, 5);
    await queue.close();
    expect(trouble.at(-1)).toEqual({ type: 'dropped', count: 5 });
  });

  test('deletes what is older than the retention when it opens', async () => {
    const nowMs = Date.now();
    const kept = record({ endedAtMs: nowMs - 29 * DAY_MS });
    await records.insert([record({ endedAtMs: nowMs - 31 * DAY_MS }), kept]);
    const queue = open();
    await queue.close();
    expect(await written()).toEqual([kept]);
  });

  test('lives on where pruning fails', async () => {
    records = { ...records, prune: () => Promise.reject(new Error('no')) };
    const queue = open();
    say(queue, 1);
    await queue.close();
    expect(trouble).toEqual([{ type: 'not-pruned', reason: 'no' }]);
    expect(await written()).toHaveLength(1);
  });
});
