import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { type Database, openDatabase } from '../../../src/store/database.ts';
import { requestRecords } from '../../../src/store/records/request-record-table.ts';
import { createHookSender } from '../../../src/upstream/hook-sender.ts';
import { insertQuarters } from '../spend/quarters.ts';
import { ENGINES, startDatabases, type TestDatabases } from '../store/databases.ts';
import { record } from '../store/request-records.ts';
import { startApi, type TestApi } from './api.ts';

const FEBRUARY_MS = Date.parse('2026-02-01T00:00:00Z');

let databases: TestDatabases;

beforeAll(async () => {
  databases = await startDatabases();
});
afterAll(() => databases.stop());

describe.each([...ENGINES])('the Admin API for spending over %s', (engine) => {
  let database: Database;
  let api: TestApi;

  beforeEach(async () => {
    const url = await databases.newUrl(engine);
    database = openDatabase(url);
    const spend = {
      database: () => database,
      hashEndUser: (name: string) => `hash-of-${name}`,
      sendHook: createHookSender(),
      flush: () => Promise.resolve(),
      costAt: () => Promise.reject(new Error('not asked')),
    };
    api = await startApi(url, { spend });
  });
  afterEach(async () => {
    await api.store.close();
    await database.close();
  });

  test('reports as JSON, with costs to nine decimals and a total', async () => {
    await insertQuarters(database, [
      { quarter_ms: FEBRUARY_MS, team: 'search', cost: 1_000_000_001, requests: 2, failures: 1 },
      { quarter_ms: FEBRUARY_MS + 86_400_000, cost: 5, unpriced: 1 },
    ]);
    const { status, body } = await api.call(
      'GET',
      '/spend?group_by=day,team&since=2026-02-01&until=2026-03-01&timezone=Europe/Berlin',
    );
    expect(status).toBe(200);
    expect(body).toMatchObject({
      since: '2026-02-01T00:00:00+01:00',
      until: '2026-03-01T00:00:00+01:00',
      timezone: 'Europe/Berlin',
      group_by: ['day', 'team'],
      spend: [
        { period: '2026-02-01', team: 'search', requests: 2, failures: 1, cost: '1.000000001' },
        { period: '2026-02-02', team: null, requests: 1, cost: '0.000000005', unpriced_requests: 1 },
      ],
      total: { requests: 3, cost: '1.000000006' },
    });
  });

  test('reports this month by itself', async () => {
    await insertQuarters(database, [
      { quarter_ms: FEBRUARY_MS, cost: 1e9 },
      { quarter_ms: Date.parse('2026-03-01T11:45:00Z'), cost: 2e9 },
    ]);
    expect((await api.call('GET', '/spend')).body).toMatchObject({
      since: '2026-03-01T00:00:00Z',
      until: '2026-03-01T12:00:00Z',
      spend: [{ cost: '2.000000000' }],
    });
  });

  test('reports as a CSV file', async () => {
    await insertQuarters(database, [{ quarter_ms: FEBRUARY_MS, model: '@x', cost: 7 }]);
    const { headers, text } = await api.call('GET', '/spend?group_by=model&since=2026-02-01&format=csv');
    expect(headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(headers.get('content-disposition')).toBe('attachment; filename="spend.csv"');
    const lines = text.split('\r\n');
    expect(lines).toHaveLength(4);
    expect(lines[1]).toStartWith("'@x,1,");
    expect(lines[2]).toStartWith('Total,1,');
  });

  test.each([
    ['group_by=colour', 'group_by', 'takes any of hour, day'],
    ['group_by=day,month', 'group_by', 'takes one of'],
    ['group_by=team,team', 'group_by', 'contains a duplicate'],
    ["group_by=tag:a'b", 'group_by', 'takes any of'],
    ['timezone=Mars/Base', 'timezone', 'must be a time zone'],
    ['since=2026-13-01', 'since', 'must be a date'],
    ['since=yesterday', 'since', 'must be a date'],
    ['since=2026-03-02', 'until', 'must be after since'],
    ['group_by=hour&since=2025-01-01', 'group_by', 'has more than 2500 periods'],
    ['colour=red', '', 'colour'],
  ])('refuses %s', async (search, path, message) => {
    const { status, body } = await api.call('GET', `/spend?${search}`);
    expect(status).toBe(400);
    expect(body.error).toMatchObject({ code: 'invalid_parameter' });
    expect(body.error.message).toContain(message);
    if (path !== '') expect(body.error.details[0].path).toBe(path);
  });

  test('forecasts the month', async () => {
    const quarters = Array.from({ length: 28 }, (_, day) => ({
      quarter_ms: FEBRUARY_MS + day * 86_400_000,
      cost: 2e9,
    }));
    await insertQuarters(database, quarters);
    expect((await api.call('GET', '/spend/forecast')).body).toEqual({
      timezone: 'UTC',
      month: { start: '2026-03-01T00:00:00Z', end: '2026-04-01T00:00:00Z' },
      spent: '0.000000000',
      daily_average: '2.000000000',
      days: 7,
      forecast: '61.000000000',
    });
  });

  test('lists corrections page by page, the newest first', async () => {
    const entry = (at: number) => ({
      at_ms: FEBRUARY_MS + at,
      created_ms: FEBRUARY_MS + at,
      counter: at === 2 ? 'key:app/tokens/month' : 'team:search/cost/month',
      window_ms: FEBRUARY_MS,
      amount: -25_500_000_000,
      kind: 'adjust',
      reason: 'credit for outage',
      actor: 'admin',
      source: 'test',
      external_id: `e${at}`,
    });
    for (const at of [1, 2, 3]) {
      const row = entry(at);
      await database.write((sql) => sql`insert into spend_entries ${sql(row)}`);
    }
    const first = (await api.call('GET', '/spend/entries?limit=2')).body;
    expect(first.entries).toMatchObject([
      {
        counter: 'team:search/cost/month',
        window_start: '2026-02-01T00:00:00.000Z',
        amount: '-25.500000000',
        kind: 'adjust',
      },
      { counter: 'key:app/tokens/month', amount: '-25500000000' },
    ]);
    const rest = (await api.call('GET', `/spend/entries?limit=2&cursor=${first.next_cursor}`)).body;
    expect(rest).toMatchObject({ entries: [{ kind: 'adjust' }], next_cursor: null });
    const own = (await api.call('GET', '/spend/entries?counter=key:app/tokens/month')).body;
    expect(own.entries).toHaveLength(1);
  });

  test('forgets an end user by name and by hash, and no other', async () => {
    const names = ['bob', 'hash-of-bob', 'alice', 'bob', null];
    const records = names.map((_, at) => record({ endedAtMs: FEBRUARY_MS + at * 50_000_000, costNano: 1 }));
    await requestRecords(database).insert(records);
    for (const [at, name] of names.entries()) {
      const { requestId } = records[at]!;
      await database.write(
        (sql) => sql`update request_records set end_user = ${name} where request_id = ${requestId}`,
      );
    }
    const counters = ['end_user:app:bob/cost/day', 'end_user:app:bobby/cost/day', 'key:bob/cost/day'];
    for (const counter of counters) {
      const row = { counter, window_ms: 0, node: '', used: 1, updated_ms: 0 };
      await database.write((sql) => sql`insert into counter_windows ${sql(row)}`);
    }
    expect((await api.call('DELETE', '/end-users/bob')).body).toEqual({ records: 3 });
    const left: { end_user: string | null }[] = await database.read(
      (sql) => sql`select end_user from request_records where end_user is not null`,
    );
    expect(left).toEqual([{ end_user: 'alice' }]);
    const kept: { counter: string }[] = await database.read(
      (sql) => sql`select counter from counter_windows order by counter`,
    );
    expect(kept.map(({ counter }) => counter)).toEqual(['end_user:app:bobby/cost/day', 'key:bob/cost/day']);
    expect(JSON.stringify(api.audit)).not.toContain('bob');
  });

  test('tests the webhooks, and tells their answers', async () => {
    expect((await api.call('POST', '/alerts/test', {})).body).toEqual({ hooks: [] });
  });
});

test('where nothing is stored, a report says why', async () => {
  const api = await startApi();
  const { status, body } = await api.call('GET', '/spend');
  expect([status, body.error.code]).toEqual([409, 'no_store']);
  await api.store.close();
});
