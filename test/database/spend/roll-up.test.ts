import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { pruneLedger } from '../../../src/spend/ledger/prune.ts';
import { rollUp } from '../../../src/spend/ledger/roll-up.ts';
import { DAY_MS, SUM_STEPS_MS } from '../../../src/spend/ledger/sum-steps.ts';
import { discardSums, findWrongSums } from '../../../src/spend/entries/verify-sums.ts';
import { startOfDate } from '../../../src/spend/report/report-period.ts';
import { spendGroups, type SpendQuery } from '../../../src/spend/report/spend-report.ts';
import { type Database, openDatabase } from '../../../src/store/database.ts';
import { seededDice } from '../../simulation/seeded-dice.ts';
import { ENGINES, startDatabases, type TestDatabases } from '../store/databases.ts';
import { insertQuarters, type Quarter, QUARTER_MS } from './quarters.ts';

/** In the following days Berlin's clocks are set back, a week begins, and a month. */
const START_MS = Date.parse('2026-10-23T05:30:00Z');
const DAYS = 12;
const NOW_MS = START_MS + DAYS * DAY_MS;
const KEPT_MS = 400 * DAY_MS;

let databases: TestDatabases;

beforeAll(async () => {
  databases = await startDatabases();
});
afterAll(() => databases.stop());

/** Sparse use of some keys and models, with holes of hours and days, and money that a double cannot add up. */
function someQuarters(): Quarter[] {
  const dice = seededDice(11);
  const quarters: Quarter[] = [];
  for (let at = 0; at < DAYS * 96; at++) {
    if (at % 300 > 250 || dice() < 0.3) continue;
    for (let key = 0; key < 4; key++) {
      if (dice() < 0.5) continue;
      quarters.push({
        quarter_ms: START_MS + at * QUARTER_MS,
        key_id: `k${key}`,
        key_name: `key ${key}`,
        model: `m${Math.floor(dice() * 2)}`,
        team: `t${key % 2}`,
        team_path: `acme/t${key % 2}`,
        tags: { app: `a${key}` },
        requests: 1 + Math.floor(dice() * 5),
        cost: 4_000_000_000_000_000 + Math.floor(dice() * 1e9),
        estimated_cost: Math.floor(dice() * 1e6),
      });
    }
  }
  return quarters;
}

describe.each([...ENGINES])('the sums over longer times in %s', (engine) => {
  async function ledgerOf(quarters: readonly Quarter[]): Promise<Database> {
    const database = openDatabase(await databases.newUrl(engine));
    // The same names each time, as the ledger has them, so that quarters can be added up.
    await insertQuarters(database, quarters);
    await database.write((sql) => sql`update spend_quarters set end_bucket = 'b'`);
    return database;
  }

  const sumUp = (database: Database, nowMs = NOW_MS): Promise<void> =>
    rollUp(database, { nowMs, keptMs: KEPT_MS, isStopped: () => false, share: 1 });

  const summed = async (database: Database): Promise<number> =>
    Number((await database.read((sql) => sql`select count(*) as count from spend_summed`))[0].count);

  const QUERIES: readonly Partial<SpendQuery>[] = [
    {},
    { names: ['key', 'model'] },
    { period: 'hour' },
    { period: 'day', names: ['key'] },
    { period: 'week', names: ['team'] },
    { period: 'month', names: ['tag:app'], filter: { team: 'acme' } },
    { period: 'day', filter: { key: 'key 1', model: 'm1' } },
  ];

  const ZONES = ['UTC', 'Europe/Berlin', 'Asia/Kolkata', 'Asia/Kathmandu', 'Australia/Lord_Howe'];

  async function reports(database: Database, zones = ZONES): Promise<unknown[]> {
    const all: unknown[] = [];
    for (const timezone of zones) {
      const span = {
        sinceMs: startOfDate(timezone, '2026-10-24'),
        untilMs: startOfDate(timezone, '2026-11-03'),
      };
      for (const query of QUERIES) {
        const whole = { ...span, period: undefined, names: [], timezone, filter: {}, ...query };
        all.push((await Array.fromAsync(spendGroups(database, whole))).flat());
      }
    }
    return all;
  }

  test('change no report in any zone, and are no longer used where a quarter has changed', async () => {
    const database = await ledgerOf(someQuarters());
    const before = await reports(database);
    await sumUp(database);
    expect(await summed(database)).toBeGreaterThan(DAYS * 30);
    expect(await reports(database)).toEqual(before);
    expect(await findWrongSums(database)).toMatchObject({ wrong: [] });
    // As a program writes that knows nothing of them.
    const late = START_MS + 6 * DAY_MS;
    await database.write(
      (sql) =>
        sql`update spend_quarters set cost = cost + 5 where quarter_ms >= ${late} and quarter_ms < ${late + DAY_MS}`,
    );
    await insertQuarters(database, [{ quarter_ms: START_MS + 3 * DAY_MS, key_id: 'new', cost: 7 }]);
    await database.write(
      (sql) =>
        sql`delete from spend_quarters where quarter_ms >= ${START_MS} and quarter_ms < ${START_MS + DAY_MS}`,
    );
    const changed = await reports(database);
    expect(changed).not.toEqual(before);
    expect(await findWrongSums(database)).toMatchObject({ wrong: [] });
    const left = await summed(database);
    await sumUp(database);
    expect(await summed(database)).toBeGreaterThan(left);
    expect(await reports(database)).toEqual(changed);
    await database.write((sql) => sql`delete from spend_summed`);
    expect(await reports(database)).toEqual(changed);
    await database.close();
  });

  test('that are wrong are found and computed again', async () => {
    const database = await ledgerOf(someQuarters());
    await sumUp(database);
    const before = await reports(database, ['UTC']);
    const day = DAY_MS / 1000;
    await database.write(
      (sql) => sql`update spend_sums set saved = saved + 1 where step_s = ${day} and key_id = 'k2'`,
    );
    const { wrong, sums } = await findWrongSums(database);
    expect(sums).toBe(await summed(database));
    expect(new Set(wrong.map(({ stepMs }) => stepMs))).toEqual(new Set([DAY_MS]));
    await discardSums(database, wrong);
    await sumUp(database);
    expect(await findWrongSums(database)).toMatchObject({ wrong: [] });
    expect(await reports(database, ['UTC'])).toEqual(before);
    await database.close();
  });

  test('wait for time to pass, and go with the quarters', async () => {
    const database = await ledgerOf(someQuarters());
    await sumUp(database, START_MS + 2 * DAY_MS);
    const [last] = await database.read((sql) => sql`select max(from_ms) as at from spend_summed`);
    expect(Number(last.at)).toBeLessThan(START_MS + 2 * DAY_MS);
    await sumUp(database);
    const nowMs = NOW_MS + 6 * DAY_MS;
    while (await pruneLedger(database, { quartersMs: DAYS * DAY_MS }, { nowMs, totals: [] }));
    const firstMs = START_MS + 6 * DAY_MS;
    for (const table of ['spend_sums', 'spend_summed']) {
      const [row] = await database.read((sql) => sql`select min(from_ms) as at from ${sql(table)}`);
      expect(Number(row.at)).toBeGreaterThanOrEqual(firstMs - (SUM_STEPS_MS.at(-1) ?? 0));
    }
    expect(await findWrongSums(database)).toMatchObject({ wrong: [] });
    await database.close();
  });

  test('that several gateways compute while the ledger is written are right', async () => {
    const url = await databases.newUrl(engine);
    const gateways = Array.from({ length: 3 }, () => openDatabase(url));
    const [first = openDatabase(url)] = gateways;
    await insertQuarters(first, someQuarters().slice(0, 800));
    const load = { isOver: false };
    const writer = (async () => {
      const dice = seededDice(3);
      while (!load.isOver) {
        const atMs = START_MS + Math.floor(dice() * 8 * 96) * QUARTER_MS;
        await first.write(
          (
            sql,
          ) => sql`insert into spend_quarters (quarter_ms, key_id, model, provider, end_bucket, cost, requests)
            values (${atMs}, 'late', 'm', 'p', 'b', 3, 1)
            on conflict (quarter_ms, key_id, model, provider, end_bucket) do update set cost = spend_quarters.cost + 3`,
        );
        await Bun.sleep(1);
      }
    })();
    await Promise.all(gateways.map((database) => sumUp(database)));
    load.isOver = true;
    await writer;
    expect(await findWrongSums(first)).toMatchObject({ wrong: [] });
    await sumUp(first);
    expect(await summed(first)).toBeGreaterThan(100);
    expect(await findWrongSums(first)).toMatchObject({ wrong: [] });
    await Promise.all(gateways.map((database) => database.close()));
  });
});
