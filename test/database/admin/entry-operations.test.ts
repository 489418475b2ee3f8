import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { insertPastUse } from '../../../src/spend/ledger/past-use.ts';
import { openDatabase } from '../../../src/store/database.ts';
import { ENGINES, startDatabases, type TestDatabases } from '../store/databases.ts';
import { startApi } from './api.ts';

const MONTH_MS = Date.parse('2026-03-01');
const SECRET = 'lp-0123456789abcdef0123456789abcdef';

let databases: TestDatabases;
beforeAll(async () => {
  databases = await startDatabases();
});
afterAll(() => databases.stop());

describe.each([...ENGINES])('the operations on entries in %s', (engine) => {
  async function start() {
    const url = await databases.newUrl(engine);
    const database = openDatabase(url);
    let flushes = 0;
    const spend = {
      database: () => database,
      hashEndUser: undefined,
      sendHook: () => Promise.resolve(200),
      flush: async () => void (flushes += 1),
      costAt: async () =>
        ({ nano: 1_000, basis: 'provider', priceRef: undefined, priceSheet: undefined }) as const,
    };
    const api = await startApi(url, { spend });
    const limits = [
      { cost: 50, per: 'month' },
      { requests: 3, per: 'minute' },
    ];
    const made = await api.call('POST', '/master-keys', { id: 'app', key: SECRET, limits });
    expect(made.status).toBe(201);
    const claim = [...api.store.snapshot().limits.all()].find(({ kind }) => kind === 'cost');
    if (claim === undefined) throw new Error('no claim');
    const used = async (): Promise<number> => {
      const [row] = await database.read(
        (sql) => sql`select sum(used) as used from counter_windows where counter = ${claim.counter}`,
      );
      return Number(row.used);
    };
    await database.write((sql) =>
      insertPastUse(sql, new Map([[{ claim, windowMs: MONTH_MS }, 7_000_000_000]]), 0),
    );
    const end = async (): Promise<void> => {
      await api.store.close();
      await database.close();
    };
    return { api, counter: claim.counter, used, flushes: () => flushes, end };
  }

  test('adjust and reset a limit, each once for an Idempotency-Key', async () => {
    const { api, counter, used, flushes, end } = await start();
    const body = { counter, amount: -2.5, reason: 'outage' };
    const headers = { 'idempotency-key': 'once' };
    const first = await api.call('POST', '/limits/adjust', body, { headers });
    expect(first.body).toMatchObject({
      counter,
      kind: 'adjust',
      amount: '-2.500000000',
      window_start: '2026-03-01T00:00:00.000Z',
      reason: 'outage',
    });
    expect((await api.call('POST', '/limits/adjust', body, { headers })).text).toBe(first.text);
    expect(await used()).toBe(4_500_000_000);
    expect(flushes()).toBeGreaterThan(1);
    await api.call('POST', '/limits/adjust', { counter, reset: true, reason: 'new month' });
    expect(await used()).toBe(0);
    const { entries } = (await api.call('GET', '/spend/entries')).body;
    expect(entries).toMatchObject([
      { kind: 'reset', amount: '-4.500000000', reason: 'new month' },
      { kind: 'adjust', amount: '-2.500000000' },
    ]);
    await end();
  });

  test.each([
    ['no number', { amount: 'NaN', reason: 'x' }],
    ['too large a number', { amount: 1e300, reason: 'x' }],
    ['no reason', { amount: 1 }],
    ['an amount and a reset', { amount: 1, reset: true, reason: 'x' }],
    ['neither', { reason: 'x' }],
    ['too much', { amount: 9_000_001, reason: 'x' }],
    ['too large a credit', { amount: -8_999_999, reason: 'x' }],
    ['a limit that is none', { counter: 'key:nobody/cost/month', amount: 1, reason: 'x' }],
    ['a limit of a minute', { counter: 'key:app/requests/minute', amount: 1, reason: 'x' }],
  ])('adjust nothing with %s', async (_, body) => {
    const { api, counter, used, end } = await start();
    const { status } = await api.call('POST', '/limits/adjust', { counter, ...body });
    expect(status).toBe(422);
    expect(await used()).toBe(7_000_000_000);
    await end();
  });

  test('import a file once, and say what is wrong with its lines', async () => {
    const { api, counter, used, end } = await start();
    const csv = 'at,key,cost\n2026-03-01T10:00:00Z,app,1.25\nyesterday,app,1\n';
    const headers = { 'content-type': 'text/csv' };
    const path = '/spend/import?source=old';
    expect((await api.call('POST', `${path}&dry_run=true`, csv, { headers })).body).toMatchObject({
      inserted: 1,
    });
    const answer = await api.call('POST', path, csv, { headers });
    expect(answer.body).toMatchObject({ inserted: 1, known: 0, refused: [{ line: 3 }] });
    expect((await api.call('POST', path, csv, { headers })).body).toMatchObject({ inserted: 0, known: 1 });
    expect(await used()).toBe(8_250_000_000);
    expect(counter).toBe('key:app/cost/month');
    await end();
  });

  test('reprice what there is', async () => {
    const { api, end } = await start();
    const { body } = await api.call('POST', '/spend/reprice', { since: '2026-02-01', dry_run: true });
    expect(body).toEqual({ rows: 0, before: '0.000000000', after: '0.000000000', entries: 0 });
    await end();
  });
});
