import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { Snapshot } from '../../../src/config/snapshot.ts';
import { windowOf } from '../../../src/limits/window.ts';
import { adjustLimit, findClaim, WrongAdjustment } from '../../../src/spend/entries/adjust.ts';
import { readImport } from '../../../src/spend/entries/import-rows.ts';
import { importUse } from '../../../src/spend/entries/import-use.ts';
import { type RepriceOptions, repriceRequests } from '../../../src/spend/entries/reprice.ts';
import { repairLedger, verifyLedger } from '../../../src/spend/entries/verify.ts';
import type { Use } from '../../../src/spend/journal/line.ts';
import { type Database, openDatabase } from '../../../src/store/database.ts';
import { compiled } from '../../e2e/gateway.ts';
import { ENGINES, startDatabases, type TestDatabases } from '../store/databases.ts';
import { AT_MS, closeLine, newFolder, newLedger, newWriter } from './lines.ts';

const NOW_MS = AT_MS + 3_600_000;
const MONTH_MS = windowOf({ unit: 'month', timezone: 'UTC' }, NOW_MS).startMs;

const SNAPSHOT = compiled(`
providers: [{name: p, api_base: "http://127.0.0.1:9/v1", api_key: sk-test-0123456789}]
models: {fast: {routes: [{provider: p, model: up}]}}
teams: [{name: acme, limits: [{cost: 500, per: month}]}, {name: search, parent: acme, per_user: [{cost: 5, per: day}]}]
users: [{name: alice, limits: [{cost: 60, per: month}]}]
master_keys:
  - {name: app, key: "lp-0123456789abcdef0123456789abcdef", team: search, user: alice,
     limits: [{cost: 50, per: month}, {tokens: 1000, per: day}, {cost: 2, per: month, models: [other], id: other}]}
limits: [{cost: 20000, per: month}]
`);

const COUNTERS = ['key:app/cost/month', 'team:acme/cost/month', 'user:alice/cost/month', 'global/cost/month'];

let databases: TestDatabases;
beforeAll(async () => {
  databases = await startDatabases();
});
afterAll(() => databases.stop());

function claimOf(counter: string) {
  const claim = findClaim(counter, SNAPSHOT);
  if (claim === undefined) throw new Error(counter);
  return claim;
}

describe.each([...ENGINES])('entries in %s', (engine) => {
  /** A ledger with three requests of a cent each. */
  async function spent() {
    const database = openDatabase(await databases.newUrl(engine));
    const folder = newFolder();
    const { ledger, moved } = newLedger(database, folder, {
      nowMs: () => NOW_MS,
      onTrouble: (trouble) => {
        throw new Error(JSON.stringify(trouble));
      },
    });
    await ledger.start();
    await ledger.prepare(SNAPSHOT.limits);
    const writer = newWriter(folder, ledger.begin());
    const owners = { team: 'search', teamPath: 'acme/search', teamIds: '/acme/search/', userId: 'alice' };
    for (const id of ['a', 'b', 'c']) {
      const line = closeLine(id, 10_000_000, {
        ...owners,
        userName: 'alice',
        provider: 'p',
        endedAtMs: AT_MS + 10_000,
      });
      const money = [...COUNTERS, 'team_user:search:alice/cost/day'];
      const uses = money.map((counter): Use => [
        counter,
        counter.endsWith('day') ? DAY_MS : MONTH_MS,
        10_000_000,
      ]);
      writer.close({ ...line, uses });
    }
    writer.end();
    await ledger.flush();
    const end = async (): Promise<void> => {
      await ledger.close();
      await database.close();
    };
    return { database, ledger, moved, end };
  }
  const DAY_MS = windowOf({ unit: 'day', timezone: 'UTC' }, NOW_MS).startMs;
  const context = { actor: 'ops', snapshot: SNAPSHOT, nowMs: NOW_MS };
  const agree = async (database: Database): Promise<void> => {
    expect((await verifyLedger(database, context)).differences).toEqual([]);
  };

  test('an adjustment moves its limit alone, is heard by the next flush, and stays over a restart', async () => {
    const { database, ledger, moved, end } = await spent();
    const claim = claimOf('key:app/cost/month');
    const change = -5_000_000;
    await adjustLimit(database, { claim, change, reason: 'credit', ...context });
    await ledger.flush();
    expect(moved).toEqual([['key:app/cost/month', MONTH_MS, -5_000_000]]);
    expect(COUNTERS.map((counter) => ledger.usedOf(counter, MONTH_MS))).toEqual([
      25_000_000, 30_000_000, 30_000_000, 30_000_000,
    ]);
    await agree(database);
    await end();
  });

  test('a reset opens the limit, and reports still know what was spent', async () => {
    const { database, ledger, end } = await spent();
    const claim = claimOf('team:acme/cost/month');
    expect(
      (await adjustLimit(database, { claim, change: 'reset', reason: 'new contract', ...context })).amount,
    ).toBe(-30_000_000);
    await ledger.flush();
    expect(ledger.usedOf('team:acme/cost/month', MONTH_MS)).toBe(0);
    const [sums] = await database.read((sql) => sql`select sum(cost) as cost from spend_quarters`);
    expect(Number(sums.cost)).toBe(30_000_000);
    await agree(database);
    await end();
  });

  test('an adjustment of a limit that nobody has counted yet keeps what was used before', async () => {
    const { database, ledger, end } = await spent();
    await database.write((sql) => sql`delete from counter_windows where counter = 'user:alice/cost/month'`);
    const claim = claimOf('user:alice/cost/month');
    await adjustLimit(database, { claim, change: 1, reason: 'test', ...context });
    const [row] = await database.read(
      (sql) => sql`select used from counter_windows where counter = ${claim.counter}`,
    );
    expect(Number(row.used)).toBe(30_000_001);
    await ledger.close();
    await end().catch(() => undefined);
  });

  test('what cannot be adjusted is refused', async () => {
    const { database, end } = await spent();
    const claim = { ...claimOf('key:app/cost/month'), amount: 9_000_000_000_000_000 };
    const adjusting = adjustLimit(database, { claim, change: -40_000_000, reason: 'x', ...context });
    expect(adjusting).rejects.toThrow(WrongAdjustment);
    expect(findClaim('key:nobody/cost/month', SNAPSHOT)).toBeUndefined();
    await end();
  });

  test('the same file twice changes nothing the second time', async () => {
    const { database, ledger, end } = await spent();
    const at = new Date(AT_MS).toISOString();
    const csv = `at,key,model,provider,input_tokens,output_tokens,cost\n${at},app,fast,p,100,20,0.5\n${at},app,fast,p,100,20,0.5\n2020-01-01,app,fast,p,1,1,7\nnever,app,,,,,1\n`;
    const options = { source: 'old', isDry: false, ...context };
    expect(await importUse(database, csv, { ...options, isDry: true })).toMatchObject({
      inserted: 3,
      known: 0,
    });
    expect(await importUse(database, csv, options)).toMatchObject({
      inserted: 3,
      known: 0,
      refused: [{ line: 5 }],
    });
    expect(await importUse(database, csv, options)).toMatchObject({ inserted: 0, known: 3 });
    await ledger.flush();
    expect(ledger.usedOf('key:app/cost/month', MONTH_MS)).toBe(1_030_000_000);
    expect(ledger.usedOf('team:acme/cost/month', MONTH_MS)).toBe(1_030_000_000);
    expect(ledger.usedOf('key:app/tokens/day', DAY_MS)).toBe(240 + 3 * 8);
    await agree(database);
    await end();
  });

  test('other prices are entered once, and the rows stay', async () => {
    const { database, ledger, end } = await spent();
    const before = await database.read((sql) => sql`select * from request_records order by request_id`);
    const at = (nano: number): RepriceOptions => ({
      sinceMs: 0,
      untilMs: NOW_MS,
      backfills: false,
      isDry: false,
      costAt: async ({ model }) => {
        expect(model).toBe('up');
        return { nano, basis: 'provider', priceRef: undefined, priceSheet: undefined };
      },
      ...context,
    });
    const dry = await repriceRequests(database, { ...at(7_000_000), isDry: true });
    expect(dry).toEqual({ rows: 3, before: 30_000_000n, after: 21_000_000n, entries: 1 });
    await repriceRequests(database, at(7_000_000));
    expect(await repriceRequests(database, at(7_000_000))).toMatchObject({ before: 21_000_000n, entries: 0 });
    await ledger.flush();
    expect(ledger.usedOf('key:app/cost/month', MONTH_MS)).toBe(21_000_000);
    expect([
      ...(await database.read((sql) => sql`select * from request_records order by request_id`)),
    ]).toEqual([...before]);
    await agree(database);
    await end();
  });

  test('a request of which several attempts were billed keeps its cost at other prices', async () => {
    const { database, end } = await spent();
    await database.write(
      (sql) => sql`update request_records set attempts_cost = '[]' where request_id = 'a'`,
    );
    const options: RepriceOptions = {
      sinceMs: 0,
      untilMs: NOW_MS,
      backfills: false,
      isDry: true,
      costAt: async () => ({
        nano: 7_000_000,
        basis: 'provider',
        priceRef: undefined,
        priceSheet: undefined,
      }),
      ...context,
    };
    const repriced = await repriceRequests(database, options);
    expect(repriced).toMatchObject({ before: 30_000_000n, after: 24_000_000n });
    // A record does not tell how much of its cached tokens was sound.
    await database.write(
      (sql) =>
        sql`update request_records set audio_input_tokens = 5, cached_tokens = 3 where request_id = 'b'`,
    );
    expect(await repriceRequests(database, options)).toMatchObject({
      before: 20_000_000n,
      after: 17_000_000n,
    });
    await end();
  });

  test('sums that do not agree are found, and repaired by entries', async () => {
    const { database, ledger, end } = await spent();
    await agree(database);
    await database.write((sql) => sql`update spend_quarters set cost = cost - 7`);
    await database.write(
      (sql) => sql`update counter_windows set used = used + 5 where counter = 'key:app/cost/month'`,
    );
    const { differences } = await verifyLedger(database, context);
    expect(differences.map(({ kind }) => kind).toSorted()).toEqual([
      'counter',
      'counter',
      'counter',
      'counter',
      'counter',
      'quarter',
    ]);
    await repairLedger(
      database,
      differences.filter(({ kind }) => kind === 'quarter'),
      context,
    );
    const left = (await verifyLedger(database, context)).differences;
    expect(left).toMatchObject([{ kind: 'counter', expected: 30_000_000, found: 30_000_005 }]);
    await repairLedger(database, left, context);
    await agree(database);
    await ledger.flush();
    expect(ledger.usedOf('global/cost/month', MONTH_MS)).toBe(30_000_000);
    await end();
  });

  test('a limit that is added in the middle of its window begins with what it would have counted', async () => {
    const { ledger, moved, end } = await spent();
    const added: Snapshot = compiled(`
providers: [{name: p, api_base: "http://127.0.0.1:9/v1", api_key: sk-test-0123456789}]
teams: [{name: acme, limits: [{cost: 5, per: day}, {tokens: 100, per: week}, {requests: 10, per: day, timezone: Asia/Kolkata}]}]
master_keys: [{name: app, key: "lp-0123456789abcdef0123456789abcdef", limits: [{cost: 5, per: total, start: "2026-01-01T00:30:00Z"}]}]
`);
    await ledger.prepare(added.limits);
    const used = Object.fromEntries(moved.map(([counter, , amount]) => [counter, amount]));
    expect(used).toEqual({
      'team:acme/cost/day': 30_000_000,
      'team:acme/tokens/week': 24,
      'team:acme/requests/day': 3,
    });
    await end();
  });

  test('a new window, in which another machine has counted, is not counted again when the configuration changes', async () => {
    const database = openDatabase(await databases.newUrl(engine));
    let nowMs = NOW_MS;
    const [here, there] = [newFolder(), newFolder()].map((folder) => ({
      folder,
      ledger: newLedger(database, folder, { nowMs: () => nowMs }).ledger,
    }));
    for (const { ledger } of [here!, there!]) {
      await ledger.start(SNAPSHOT.limits);
      await ledger.prepare(SNAPSHOT.limits);
    }
    const counter = 'key:app/cost/month';
    const { startMs, endMs } = windowOf({ unit: 'month', timezone: 'UTC' }, NOW_MS);
    nowMs += endMs - startMs;
    const countThere = async (id: string, counters: readonly string[]): Promise<void> => {
      const writer = newWriter(there!.folder, there!.ledger.begin());
      writer.close({
        ...closeLine(id, 10_000_000, { endedAtMs: nowMs }),
        uses: counters.map((name) => [name, endMs, 10_000_000] as const),
      });
      writer.end();
      await there!.ledger.flush();
    };
    await countThere('a', [counter]);
    // A limit of another key, and one of this key that both machines count from now on.
    const changed = compiled(`
providers: [{name: p, api_base: "http://127.0.0.1:9/v1", api_key: sk-test-0123456789}]
master_keys: [{name: app, key: "lp-0123456789abcdef0123456789abcdef", limits: [{cost: 50, per: month}, {cost: 5, per: day}]}]
`);
    const daily = 'key:app/cost/day';
    await there!.ledger.prepare(changed.limits);
    // The other machine counts in the new limit before this one knows it.
    await countThere('b', [counter, daily]);
    await here!.ledger.prepare(changed.limits);
    expect(here!.ledger.usedOf(daily, endMs)).toBe(20_000_000);
    const sums: { counter: string; used: string }[] = await database.read(
      (sql) => sql`select counter, sum(used) as used from counter_windows group by counter order by counter`,
    );
    expect(sums.map((row) => [row.counter, Number(row.used)])).toEqual([
      [daily, 20_000_000],
      [counter, 20_000_000],
    ]);
    for (const { ledger } of [here!, there!]) await ledger.close();
    await database.close();
  });
});

test('a file of use is read line by line, and says what is wrong with which', () => {
  const { rows, refused } = readImport(
    '\u{feff}{"at": 1767225600, "user": "al\\u0000ice", "cost": "0.0000000015", "model": "m"}\n\nnot json\n{"at":"2026-01-01","cost":1}\n{"at":"2026-01-01","key":"k","cost":"1e400"}\n',
  );
  expect(rows).toMatchObject([{ line: 1, atMs: AT_MS, cost: 2, user: expect.stringContaining('al') }]);
  expect(refused).toEqual([
    { line: 3, problem: 'is not JSON' },
    { line: 4, problem: 'names no key, team or user' },
    { line: 5, problem: expect.stringContaining('cost') },
  ]);
  const csv = readImport('at,team,cost,external_id\r\n2026-01-01,"a, ""b""",-2.5,"x\ny"\r\n');
  expect(csv.rows).toMatchObject([{ team: 'a, "b"', cost: -2_500_000_000, externalId: 'x\ny' }]);
});
