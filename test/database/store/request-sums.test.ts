import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { percentile } from '../../../src/lib/histogram.ts';
import { RecentRecords } from '../../../src/store/records/recent-records.ts';
import { recordOf, type RequestRecord } from '../../../src/store/records/request-record.ts';
import type { RequestRecords } from '../../../src/store/records/request-record-table.ts';
import { HOUR_MS } from '../../../src/store/records/request-sums.ts';
import { ENGINES, openTestStore, startDatabases, type TestDatabases } from './databases.ts';
import { ended } from './request-records.ts';

let databases: TestDatabases;

beforeAll(async () => {
  databases = await startDatabases();
}, 180_000);
afterAll(() => databases.stop());

const MINUTE_MS = 60_000;
const AT_MS = Math.floor(1_767_225_600_000 / HOUR_MS) * HOUR_MS;

function record(requestId: string, more: Partial<RequestRecord> = {}): RequestRecord {
  return { ...recordOf(ended({ requestId }), AT_MS), durationMs: 100, ...more };
}

const RECORDS = [
  record('req_1'),
  record('req_2', {
    endedAtMs: AT_MS + 1,
    model: 'slow',
    durationMs: 9000,
    ending: 'failed',
    hasFallback: 1,
  }),
  record('req_3', { endedAtMs: AT_MS + MINUTE_MS, costNano: 5, costBasis: 'reported' }),
  record('req_4', {
    endedAtMs: AT_MS + HOUR_MS,
    key: null,
    costNano: null,
    costBasis: 'reported',
    durationMs: 9000,
  }),
  record('req_5', { endedAtMs: AT_MS + HOUR_MS, provider: 'other', ending: 'refused', durationMs: 1 }),
];

test('a provider that failed before another one answered has its failures', async () => {
  const attempt = (provider: string, outcome: string) => ({ provider, outcome });
  const attemptsJson = JSON.stringify([
    attempt('broken', 'failed'),
    attempt('broken', 'timed-out'),
    attempt('picky', 'unsuitable'),
    attempt('openai', 'answered'),
  ]);
  const records = new RecentRecords();
  await records.insert([record('req_6', { hasFallback: 1, attemptsJson }), record('req_7')]);
  const period = { sinceMs: AT_MS, untilMs: AT_MS + HOUR_MS, stepMs: HOUR_MS, name: undefined };
  const sums = await records.series({ dimension: 'provider', ...period });
  expect(
    Object.fromEntries(sums.map(({ name, requests, failures }) => [name, [requests, failures]])),
  ).toEqual({
    broken: [1, 1],
    openai: [2, 0],
  });
  const [all] = await records.series({ dimension: 'all', ...period });
  expect([all?.requests, all?.failures]).toEqual([2, 0]);
});

async function playSums(records: RequestRecords): Promise<void> {
  await records.insert(RECORDS.slice(0, 3));
  const series = (more: object) =>
    records.series({
      dimension: 'all',
      name: undefined,
      sinceMs: AT_MS,
      untilMs: AT_MS + 2 * HOUR_MS,
      stepMs: MINUTE_MS,
      ...more,
    });
  const minutes = (await series({})).toSorted((a, b) => a.fromMs - b.fromMs);
  expect(
    minutes.map(({ fromMs, requests, failures, fallbacks }) => [
      fromMs - AT_MS,
      requests,
      failures,
      fallbacks,
    ]),
  ).toEqual([
    [0, 2, 1, 1],
    [MINUTE_MS, 1, 0, 0],
  ]);
  await records.insert(RECORDS.slice(3));
  const hours = await series({ stepMs: HOUR_MS });
  const byTime = hours.toSorted((a, b) => a.fromMs - b.fromMs);
  expect(byTime.map(({ requests, unpriced, costNano }) => [requests, unpriced, costNano])).toEqual([
    [3, 0, 5],
    [2, 1, 0],
  ]);
  const models = await series({ stepMs: 2 * HOUR_MS, dimension: 'model' });
  expect(Object.fromEntries(models.map(({ name, requests }) => [name, requests]))).toEqual({
    fast: 4,
    slow: 1,
  });
  const [slow] = await series({ stepMs: HOUR_MS, dimension: 'model', name: 'slow' });
  expect(slow?.promptTokens).toBe(3);
  // A failed request has no latency.
  expect([slow?.requests, percentile(slow?.durations ?? [], 0.5)]).toEqual([1, null]);
  const [, late] = await series({ stepMs: HOUR_MS, dimension: 'model', name: 'fast' });
  expect(percentile(late?.durations ?? [], 0.9)).toBeWithin(8700, 10_001);
  const [other] = await series({ stepMs: HOUR_MS, dimension: 'provider', name: 'other' });
  expect([other?.requests, other?.failures, percentile(other?.durations ?? [], 0.5)]).toEqual([1, 1, null]);
  const found = await records.search({ filter: { hasFallback: true }, before: undefined, limit: 10 });
  expect(found.records.map(({ requestId }) => requestId)).toEqual(['req_2']);
  expect((await records.find('req_3'))?.costNano).toBe(5);
  expect(await records.find('none')).toBeUndefined();
}

for (const engine of ENGINES) {
  describe(engine, () => {
    test('adds up minutes and hours, by name and in all', async () => {
      const { store } = await openTestStore(await databases.newUrl(engine));
      await playSums(store.requests);
      await store.close();
    });

    test('counts a record once, however often it is written, and by however many writers', async () => {
      const url = await databases.newUrl(engine);
      const [one, other] = [await openTestStore(url), await openTestStore(url)];
      for (let n = 0; n < 3; n++)
        await Promise.all([
          one.store.requests.insert(RECORDS),
          other.store.requests.insert([...RECORDS].toReversed()),
        ]);
      const sums = await one.store.requests.series({
        dimension: 'all',
        name: undefined,
        sinceMs: 0,
        untilMs: AT_MS + 2 * HOUR_MS,
        stepMs: 24 * HOUR_MS,
      });
      expect(sums.reduce((all, { requests }) => all + requests, 0)).toBe(5);
      await one.store.close();
      await other.store.close();
    });

    test('adds up the names beyond the busiest ones, for each step', async () => {
      const { store } = await openTestStore(await databases.newUrl(engine));
      await store.requests.insert([
        ...RECORDS,
        record('req_6', { model: 'rare', costNano: 7, durationMs: 9000 }),
        record('req_7', { model: null, endedAtMs: AT_MS + HOUR_MS }),
      ]);
      const asked = {
        name: undefined,
        sinceMs: AT_MS,
        untilMs: AT_MS + 2 * HOUR_MS,
        stepMs: HOUR_MS,
      } as const;
      for (const stepMs of [HOUR_MS, HOUR_MS / 2]) {
        const query = { ...asked, dimension: 'model', stepMs, mostNames: 1 } as const;
        const found = (await store.requests.series(query)).toSorted((a, b) => a.fromMs - b.fromMs);
        const named = found.filter(({ isOfOthers }) => isOfOthers === undefined);
        expect(named.map(({ name, requests }) => [name, requests])).toEqual([
          ['fast', 2],
          ['fast', 2],
        ]);
        const others = found.filter(({ isOfOthers }) => isOfOthers === true);
        expect(others.map((sum) => [sum.requests, sum.failures, sum.fallbacks, sum.costNano])).toEqual([
          [2, 1, 1, 7],
          [1, 0, 0, 0],
        ]);
        expect(percentile(others[0]?.durations ?? [], 0.99)).toBeWithin(7500, 10_001);
      }
      const all = await store.requests.series({ ...asked, dimension: 'model', mostNames: 4 });
      expect(all.some(({ isOfOthers }) => isOfOthers)).toBe(false);
      await store.close();
    });
  });
}

test('memory adds up minutes, and finds by what happened', () => playSums(new RecentRecords()));
