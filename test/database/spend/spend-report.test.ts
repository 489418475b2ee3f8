import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { forecastOf } from '../../../src/spend/report/forecast.ts';
import { periodsOf, startOfDate, zonedText } from '../../../src/spend/report/report-period.ts';
import { spendGroups, type SpendQuery, totalOf } from '../../../src/spend/report/spend-report.ts';
import { csvLines, rowView } from '../../../src/spend/report/spend-view.ts';
import { type Database, openDatabase } from '../../../src/store/database.ts';
import { requestRecords } from '../../../src/store/records/request-record-table.ts';
import { ENGINES, startDatabases, type TestDatabases } from '../store/databases.ts';
import { record } from '../store/request-records.ts';
import { insertQuarters, type Quarter, QUARTER_MS } from './quarters.ts';

const NOVEMBER = { sinceMs: Date.parse('2026-11-01T00:00:00Z'), untilMs: Date.parse('2026-12-01T00:00:00Z') };

let databases: TestDatabases;

beforeAll(async () => {
  databases = await startDatabases();
});
afterAll(() => databases.stop());

describe.each([...ENGINES])('the report in %s', (engine) => {
  async function ledgerOf(quarters: readonly Quarter[]): Promise<Database> {
    const database = openDatabase(await databases.newUrl(engine));
    await insertQuarters(database, quarters);
    return database;
  }

  async function report(database: Database, query: Partial<SpendQuery>) {
    const whole = { ...NOVEMBER, period: undefined, names: [], timezone: 'UTC', filter: {}, ...query };
    const groups = (await Array.fromAsync(spendGroups(database, whole))).flat();
    const rows = groups.map((group) => {
      const { period = '', cost, requests, ...names } = rowView(group, whole);
      return [period, ...whole.names.map((name) => names[name]), Number(cost), requests];
    });
    return { rows, total: totalOf(groups) };
  }

  test('has days of any zone that add up to the month, to the nano-dollar', async () => {
    const quarters: Quarter[] = [];
    for (let at = -200; at < 3200; at++)
      quarters.push({ quarter_ms: NOVEMBER.sinceMs + at * QUARTER_MS, cost: 1_000_003 + at * 7 });
    const database = await ledgerOf(quarters);
    for (const timezone of ['UTC', 'Europe/Berlin', 'Asia/Kolkata', 'Australia/Lord_Howe', 'Africa/Cairo']) {
      const span = {
        sinceMs: startOfDate(timezone, '2026-11-01'),
        untilMs: startOfDate(timezone, '2026-12-01'),
      };
      const expected = quarters
        .filter(({ quarter_ms: ms }) => ms >= span.sinceMs && ms < span.untilMs)
        .reduce((sum, { cost = 0 }) => sum + BigInt(cost), 0n);
      for (const period of [undefined, 'hour', 'day', 'week', 'month'] as const) {
        const { total, rows } = await report(database, { ...span, timezone, period });
        expect(total.cost).toBe(expected);
        if (period === 'day') expect(rows.map(([day]) => day)).toHaveLength(30);
        if (period === 'month') expect(rows.map(([month]) => month)).toEqual(['2026-11']);
      }
    }
    await database.close();
  });

  test('groups by names, of which the missing ones come last', async () => {
    const [first, second] = [NOVEMBER.sinceMs, NOVEMBER.sinceMs + 86_400_000];
    const database = await ledgerOf([
      { quarter_ms: first, team: 'b', model: 'x', cost: 1e9 },
      { quarter_ms: first + QUARTER_MS, team: 'b', model: 'x', cost: 2e9 },
      { quarter_ms: first, team: 'a', model: 'y', cost: 4e9 },
      { quarter_ms: second, model: 'y', cost: 8e9, requests: 3 },
    ]);
    expect((await report(database, { names: ['team'] })).rows).toEqual([
      ['', 'a', 4, 1],
      ['', 'b', 3, 2],
      ['', null, 8, 3],
    ]);
    expect((await report(database, { period: 'day', names: ['model', 'team'] })).rows).toEqual([
      ['2026-11-01', 'x', 'b', 3, 2],
      ['2026-11-01', 'y', 'a', 4, 1],
      ['2026-11-02', 'y', null, 8, 3],
    ]);
    await database.close();
  });

  test('groups by the value of a tag, whatever its name', async () => {
    const at = NOVEMBER.sinceMs;
    const database = await ledgerOf([
      { quarter_ms: at, tags: { cost_center: '4711', 'a.b': 'x' }, cost: 1e9 },
      { quarter_ms: at, tags: { cost_center: '4711' }, cost: 2e9 },
      { quarter_ms: at, tags: { '7': 'seven' }, cost: 4e9 },
      { quarter_ms: at, cost: 8e9 },
    ]);
    expect((await report(database, { names: ['tag:cost_center'] })).rows).toEqual([
      ['', '4711', 3, 2],
      ['', null, 12, 2],
    ]);
    expect((await report(database, { names: ['tag:a.b', 'tag:7'] })).rows).toEqual([
      ['', 'x', null, 1, 1],
      ['', null, 'seven', 4, 1],
      ['', null, null, 10, 2],
    ]);
    await database.close();
  });

  test('filters by team with the teams below it, and by other names', async () => {
    const at = NOVEMBER.sinceMs;
    const database = await ledgerOf([
      { quarter_ms: at, team: 'acme', team_path: 'acme', cost: 1e9 },
      { quarter_ms: at, team: 'search', team_path: 'acme/search', cost: 2e9 },
      { quarter_ms: at, team: 'acme2', team_path: 'acme2', cost: 4e9 },
      { quarter_ms: at, team: 'a/b', team_path: 'acme2/a%2Fb', cost: 16e9 },
      { quarter_ms: at, team: '50%', team_path: 'acme2/50%25', cost: 32e9 },
      { quarter_ms: at, team: 'ACME', team_path: 'ACME', key_name: 'other', key_id: 'k2', cost: 8e9 },
    ]);
    const costOf = async (filter: SpendQuery['filter']) =>
      Number((await report(database, { filter })).total.cost) / 1e9;
    expect(await costOf({ team: 'acme' })).toBe(3);
    expect(await costOf({ team: 'search' })).toBe(2);
    expect(await costOf({ team: 'sea%' })).toBe(0);
    expect(await costOf({ team: 'b' })).toBe(0);
    expect(await costOf({ team: 'a/b' })).toBe(16);
    expect(await costOf({ team: '50%' })).toBe(32);
    expect(await costOf({ team: 'acme2' })).toBe(52);
    expect(await costOf({ key: 'other' })).toBe(8);
    expect(await costOf({ keyId: 'k', model: 'm', provider: 'p' })).toBe(55);
    expect(await costOf({ user: 'nobody' })).toBe(0);
    await database.close();
  });

  test('keeps the names of a time, whatever is renamed or deleted later', async () => {
    const at = NOVEMBER.sinceMs;
    const database = await ledgerOf([{ quarter_ms: at, key_name: 'old', team: 'before', cost: 1e9 }]);
    const before = await report(database, { names: ['team', 'key'] });
    await insertQuarters(database, [
      { quarter_ms: at + QUARTER_MS * 5000, key_name: 'new', team: 'after', cost: 1e9 },
    ]);
    expect(await report(database, { names: ['team', 'key'] })).toEqual(before);
    await database.close();
  });

  test('sums money past 2⁵³ nano-dollars exactly', async () => {
    const database = await ledgerOf([
      { quarter_ms: NOVEMBER.sinceMs, cost: 9_007_199_254_740_991 },
      { quarter_ms: NOVEMBER.sinceMs, cost: 2 },
    ]);
    expect((await report(database, {})).total.cost).toBe(9_007_199_254_740_993n);
    await database.close();
  });

  test('knows end users from the records of requests', async () => {
    const database = await ledgerOf([]);
    const endedAtMs = NOVEMBER.sinceMs + 1;
    await requestRecords(database).insert([
      record({ endedAtMs, costNano: 3e9, costBasis: 'provider' }),
      record({ endedAtMs, costNano: null, costBasis: 'provider' }),
    ]);
    await database.write(
      (sql) => sql`update request_records set end_user = 'bob' where cost_nano is not null`,
    );
    expect((await report(database, { names: ['end_user'] })).rows).toEqual([
      ['', 'bob', 3, 1],
      ['', null, 0, 1],
    ]);
    const { total } = await report(database, { filter: { endUser: 'bob' } });
    expect(total).toMatchObject({ requests: 1, unpriced: 0, cost: 3_000_000_000n });
    await database.close();
  });

  test('of nothing is nothing', async () => {
    const database = await ledgerOf([]);
    expect((await report(database, { period: 'day', names: ['team'] })).rows).toEqual([]);
    await database.close();
  });

  test('is safe as CSV, and ends with its total', async () => {
    const at = NOVEMBER.sinceMs;
    const database = await ledgerOf([
      { quarter_ms: at, model: '=cmd|"/c calc"!A1', cost: 1_500_000_000, input_tokens: 7 },
      { quarter_ms: at, model: '+1, or 2\nlines', cost: -500_000_000 },
      { quarter_ms: at, model: '-x', cost: 0, requests: 2 },
      { quarter_ms: at, model: "it's", cost: 0 },
    ]);
    const query = { ...NOVEMBER, period: 'day', names: ['model'], timezone: 'UTC', filter: {} } as const;
    const text = (await Array.fromAsync(csvLines(spendGroups(database, query), query))).join('');
    const zeros = '0,0,0,0,0';
    expect(text.split('\r\n')).toEqual([
      'day,model,requests,refused,failures,input_tokens,cached_tokens,cache_write_tokens,output_tokens,reasoning_tokens,cost,unpriced_requests,estimated_cost,lost_cost,saved',
      `2026-11-01,"'+1, or 2\nlines",1,0,0,${zeros},-0.500000000,0,0.000000000,0.000000000,0.000000000`,
      `2026-11-01,'-x,2,0,0,${zeros},0.000000000,0,0.000000000,0.000000000,0.000000000`,
      `2026-11-01,"'=cmd|""/c calc""!A1",1,0,0,7,0,0,0,0,1.500000000,0,0.000000000,0.000000000,0.000000000`,
      `2026-11-01,it's,1,0,0,${zeros},0.000000000,0,0.000000000,0.000000000,0.000000000`,
      `Total,,5,0,0,7,0,0,0,0,1.000000000,0,0.000000000,0.000000000,0.000000000`,
      '',
    ]);
    await database.close();
  });

  test('forecasts the month from the last seven whole days', async () => {
    const nowMs = Date.parse('2026-11-21T12:00:00Z');
    const quarters = Array.from({ length: 20 }, (_, day) => ({
      quarter_ms: NOVEMBER.sinceMs + day * 86_400_000,
      cost: day < 13 ? 1e9 : 3e9,
    }));
    const database = await ledgerOf(quarters);
    const query = { timezone: 'UTC', filter: {}, nowMs };
    // 13 days of $1 and 7 of $3 are spent; 9.5 days remain.
    expect(await forecastOf(database, query)).toMatchObject({
      spent: 34_000_000_000n,
      average: 3_000_000_000n,
      days: 7,
      forecast: 62_500_000_000n,
    });
    expect(await forecastOf(database, { ...query, filter: { key: 'other' } })).toMatchObject({
      forecast: 0n,
    });
    await database.close();
  });

  test('forecasts from fewer days where the ledger is younger, and nothing without a whole day', async () => {
    const nowMs = Date.parse('2026-11-21T12:00:00Z');
    const query = { timezone: 'UTC', filter: {}, nowMs };
    const young = await ledgerOf([
      { quarter_ms: Date.parse('2026-11-18T13:00:00Z'), cost: 100e9 },
      { quarter_ms: Date.parse('2026-11-19T13:00:00Z'), cost: 1e9 },
      { quarter_ms: Date.parse('2026-11-20T13:00:00Z'), cost: 3e9 },
    ]);
    expect(await forecastOf(young, query)).toMatchObject({ days: 2, average: 2_000_000_000n });
    await young.close();
    const empty = await ledgerOf([]);
    expect(await forecastOf(empty, query)).toMatchObject({ days: 0, forecast: undefined, spent: 0n });
    await empty.close();
  });
});

describe('periods', () => {
  const labels = (unit: 'hour' | 'day' | 'week' | 'month', timezone: string, from: string, to: string) => {
    const span = { sinceMs: startOfDate(timezone, from), untilMs: startOfDate(timezone, to) };
    return [...periodsOf(unit, timezone, span)];
  };

  test.each([
    ['Europe/Berlin', '2026-03-29', '2026-03-30', 23],
    ['Europe/Berlin', '2026-10-25', '2026-10-26', 25],
    ['Asia/Kolkata', '2026-11-01', '2026-11-02', 24],
    // The clocks go back by half an hour, which makes an hour of 30 minutes.
    ['Australia/Lord_Howe', '2026-04-05', '2026-04-06', 25],
  ])('of an hour follow each other in %s on %s', (timezone, from, to, count) => {
    const hours = labels('hour', timezone, from, to);
    expect(hours).toHaveLength(count);
    expect(new Set(hours.map(({ label }) => label)).size).toBe(count);
    for (const [at, { sinceMs }] of hours.entries()) if (at > 0) expect(sinceMs).toBe(hours[at - 1]!.untilMs);
  });

  test('are labelled by the clocks of the zone', () => {
    expect(
      labels('hour', 'Europe/Berlin', '2026-10-25', '2026-10-26')
        .slice(1, 4)
        .map(({ label }) => label),
    ).toEqual(['2026-10-25T01:00:00+02:00', '2026-10-25T02:00:00+02:00', '2026-10-25T02:00:00+01:00']);
    expect(labels('week', 'UTC', '2026-11-01', '2026-11-10').map(({ label }) => label)).toEqual([
      '2026-10-26',
      '2026-11-02',
      '2026-11-09',
    ]);
    expect(zonedText('America/New_York', Date.parse('2026-11-30T23:00:00Z'))).toBe(
      '2026-11-30T18:00:00-05:00',
    );
    expect(zonedText('UTC', 0)).toBe('1970-01-01T00:00:00Z');
  });
});
