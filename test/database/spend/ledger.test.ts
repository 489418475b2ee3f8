import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type JournalFolder, openFolder } from '../../../src/spend/journal/folder.ts';
import type { Use } from '../../../src/spend/journal/line.ts';
import { type Database, openDatabase, StoreUnavailable } from '../../../src/store/database.ts';
import { ENGINES, startOwnDatabases, type OwnDatabases } from '../store/databases.ts';
import { AT_MS, closeLine, COUNTER, newFolder, newLedger, newWriter, openLine } from './lines.ts';

let databases: OwnDatabases;
beforeAll(async () => {
  databases = await startOwnDatabases();
});
afterAll(() => databases.stop());

interface Sums {
  readonly rows: number;
  readonly rowCost: number;
  readonly requests: number;
  readonly cost: number;
  readonly lost: number;
  readonly used: number;
}

async function sumsOf(database: Database): Promise<Sums> {
  return database.read(async (sql) => {
    const [records] =
      await sql`select count(*) as rows, coalesce(sum(cost_nano), 0) as cost from request_records`;
    const [quarters] =
      await sql`select coalesce(sum(requests), 0) as requests, coalesce(sum(cost), 0) as cost,
      coalesce(sum(lost_cost), 0) as lost from spend_quarters`;
    const [windows] = await sql`select coalesce(sum(used), 0) as used from counter_windows`;
    return {
      rows: Number(records.rows),
      rowCost: Number(records.cost),
      requests: Number(quarters.requests),
      cost: Number(quarters.cost),
      lost: Number(quarters.lost),
      used: Number(windows.used),
    };
  });
}

/** PostgreSQL is killed in every fourth round. `bench/long/restarts.ts` plays more. */
const ROUNDS = Number(process.env['LEDGER_ROUNDS'] ?? 6);

/** Where a file may have been cut: within each line, and before, within and after its end; LEDGER_CUTS=all: everywhere. */
function cutsOf(bytes: Uint8Array): number[] {
  if (process.env['LEDGER_CUTS'] === 'all') return Array.from(bytes, (_, at) => at + 1);
  const ends = Array.from(bytes.keys()).filter((at) => bytes[at] === 10);
  return ends.flatMap((end, line) => [(end + (ends[line - 1] ?? 0)) >> 1, end - 1, end, end + 1]);
}

describe.each([...ENGINES])('the ledger in %s', (engine) => {
  async function newDatabase(): Promise<Database> {
    const database = openDatabase(await databases.newUrl(engine));
    return database;
  }

  const reopened = (folder: JournalFolder): JournalFolder =>
    openFolder({ path: folder.path, isNamed: true, allowsNetworkDisk: false });

  test('has rows, quarters and counters of what the journals say, once', async () => {
    const [database, folder] = [await newDatabase(), newFolder()];
    const { ledger } = newLedger(database, folder);
    await ledger.start();
    const writer = newWriter(folder, ledger.begin(), { fileBytes: 20_000 });
    for (let i = 0; i < 700; i++) {
      writer.open(openLine(`r${i}`));
      writer.close(closeLine(`r${i}`, 500 + i));
    }
    writer.flush();
    expect(ledger.usedOf(COUNTER, AT_MS)).toBe(700 * 500 + (700 * 699) / 2);
    await ledger.flush();
    await ledger.flush();
    const cost = 700 * 500 + (700 * 699) / 2;
    expect(await sumsOf(database)).toEqual({
      rows: 700,
      rowCost: cost,
      requests: 700,
      cost,
      lost: 0,
      used: cost,
    });
    expect(ledger.unflushedBytes).toBe(0);
    // The ledger moves stored files away, except the file that is written to.
    expect(readdirSync(folder.path).filter((name) => name.endsWith('.log')).length).toBeLessThan(3);
    writer.end();
    await ledger.close();
    await database.close();
  });

  test('charges a request whose process died what it held, once, however often that is found', async () => {
    const [database, first] = [await newDatabase(), newFolder()];
    const life = first.nextLife();
    const writer = newWriter(first, life);
    writer.open(openLine('ended'));
    writer.close(closeLine('ended', 500));
    writer.open(openLine('lost', 700));
    writer.grow({ t: 'grow', id: 'lost', atMs: AT_MS + 9, holds: [[COUNTER, AT_MS, 1400]], holdNano: 1400 });
    writer.end();
    const copy = newFolder();
    first.close();
    const sums = { rows: 2, rowCost: 1900, requests: 2, cost: 1900, lost: 1400, used: 1900 };
    for (let start = 0; start < 3; start++) {
      const { ledger } = newLedger(database, reopened(first));
      await ledger.start();
      expect(ledger.usedOf(COUNTER, AT_MS)).toBe(1900);
      // Not flushed the first time: killed before the commit.
      if (start > 0) await ledger.flush();
      cpSync(first.path, copy.path, { recursive: true, filter: (path) => !path.includes('lock.db') });
      if (start > 0) expect(await sumsOf(database)).toEqual(sums);
      await ledger.close();
      expect(await sumsOf(database)).toEqual(sums);
    }
    copy.close();
    await database.close();
  });

  test('buries one process, and leaves the requests of the living alone', async () => {
    const [database, folder] = [await newDatabase(), newFolder()];
    const { ledger } = newLedger(database, folder);
    await ledger.start();
    const [dead, alive] = [ledger.begin(), ledger.begin()];
    newWriter(folder, dead).open(openLine('a', 300));
    const writer = newWriter(folder, alive, { worker: 2 });
    writer.open(openLine('b', 400));
    expect(ledger.chargeLost(dead)).toEqual([[COUNTER, AT_MS, 300]]);
    expect(ledger.chargeLost(dead)).toEqual([]);
    expect(ledger.usedOf(COUNTER, AT_MS)).toBe(300);
    await ledger.flush();
    expect(await sumsOf(database)).toMatchObject({ rows: 1, lost: 300, used: 300 });
    writer.end();
    await ledger.close();
    await database.close();
  });

  test.each([true, false])(
    'is the same after the same file three times, rows pruned (records: %p)',
    async (keepsRecords) => {
      const [database, folder] = [await newDatabase(), newFolder()];
      for (let round = 0; round < 3; round++) {
        const { ledger } = newLedger(database, round === 0 ? folder : reopened(folder), { keepsRecords });
        await ledger.start();
        if (round === 0) {
          const writer = newWriter(folder, ledger.begin());
          for (let i = 0; i < 10; i++) writer.close(closeLine(`r${i}`, 10));
          writer.end();
        }
        await ledger.flush();
        expect(await sumsOf(database)).toMatchObject({ requests: 10, cost: 100, used: 100 });
        await database.write((sql) => sql`delete from request_records`);
        await ledger.close();
      }
      await database.close();
    },
  );

  test('stores again what a database has lost that went back to a backup', async () => {
    const [database, folder] = [await newDatabase(), newFolder()];
    const { ledger } = newLedger(database, folder);
    await ledger.start();
    const writer = newWriter(folder, ledger.begin(), { fileBytes: 3000 });
    for (let i = 0; i < 40; i++) {
      writer.close(closeLine(`r${i}`, 10));
      writer.flush();
    }
    writer.end();
    await ledger.flush();
    await ledger.close();
    expect(readdirSync(join(folder.path, 'kept')).length).toBeGreaterThan(0);
    for (const table of ['journals', 'request_records', 'spend_quarters', 'counter_windows'])
      await database.write((sql) => sql`delete from ${sql(table)}`);
    const again = newLedger(database, reopened(folder)).ledger;
    await again.start();
    expect(again.usedOf(COUNTER, AT_MS)).toBe(400);
    await again.flush();
    expect(await sumsOf(database)).toMatchObject({ rows: 40, cost: 400, used: 400 });
    await again.close();
    await database.close();
  });

  test('tells counters once of what is stored, also of what a database lost that went back meanwhile', async () => {
    const [real, folder] = [await newDatabase(), newFolder()];
    let losesAnswer = false;
    const database: Database = {
      ...real,
      async write(work) {
        const answer = await real.write(work);
        if (!losesAnswer) return answer;
        losesAnswer = false;
        throw new StoreUnavailable('its answer was lost');
      },
    };
    const told: Use[] = [];
    const shared = {
      onStored: (uses: readonly Use[]) => told.push(...uses),
      onFound: () => undefined,
      onEntered: () => undefined,
    };
    const { ledger } = newLedger(database, folder, { shared });
    await ledger.start();
    const writer = newWriter(folder, ledger.begin());
    const use = (count: number, name: string): void => {
      for (let i = 0; i < count; i++) {
        writer.open(openLine(`${name}${i}`));
        writer.close(closeLine(`${name}${i}`, 500));
      }
      writer.flush();
    };
    use(20, 'before');
    await ledger.flush();
    await database.write(async (sql) => {
      await sql`update journals set acked = 0`;
      await sql`delete from request_records`;
      await sql`delete from counter_windows`;
    });
    use(1, 'after');
    await ledger.flush();
    expect(told.reduce((sum, [, , amount]) => sum + amount, 0)).toBe(21 * 500);
    expect(ledger.storedOf(COUNTER, AT_MS)).toBe(21 * 500);
    expect(ledger.unstoredOf(COUNTER, AT_MS)).toBe(0);
    expect((await sumsOf(database)).used).toBe(21 * 500);
    expect(ledger.waiting).toBe(0);
    use(3, 'unheard');
    losesAnswer = true;
    await ledger.flush();
    expect([losesAnswer, ledger.waiting]).toEqual([false, 3]);
    await ledger.flush();
    expect(ledger.storedOf(COUNTER, AT_MS)).toBe(24 * 500);
    expect([ledger.unstoredOf(COUNTER, AT_MS), ledger.waiting]).toEqual([0, 0]);
    writer.end();
    await ledger.close();
    await database.close();
  });

  test('knows what the journals say while the database is away, and corrects itself when it is back', async () => {
    const [real, folder] = [await newDatabase(), newFolder()];
    await real.write(
      (sql) => sql`insert into counter_windows (counter, window_ms, node, used, seq, updated_ms)
        values (${COUNTER}, ${AT_MS}, 'other', 1000, 0, 0)`,
    );
    let isAway = true;
    const away = (): Promise<never> => Promise.reject(new StoreUnavailable('away'));
    const database: Database = {
      ...real,
      read: (work) => (isAway ? away() : real.read(work)),
      write: (work) => (isAway ? away() : real.write(work)),
    };
    const { ledger, troubles, moved } = newLedger(database, folder);
    await ledger.start();
    const writer = newWriter(folder, ledger.begin());
    for (let i = 0; i < 10; i++) writer.close(closeLine(`r${i}`, 10));
    writer.end();
    await ledger.flush();
    await ledger.flush();
    expect(ledger.usedOf(COUNTER, AT_MS)).toBe(100);
    expect(ledger.unflushedBytes).toBeGreaterThan(0);
    expect(troubles).toEqual([{ type: 'held', reason: 'away' }]);
    isAway = false;
    await ledger.flush();
    expect(ledger.usedOf(COUNTER, AT_MS)).toBe(1100);
    expect(moved).toEqual([[COUNTER, AT_MS, 1000]]);
    expect(await sumsOf(real)).toMatchObject({ rows: 10, used: 1100 });
    await ledger.close();
    await real.close();
  });

  test('takes each line once, whatever byte the machine stopped at', async () => {
    const [database, whole] = [await newDatabase(), newFolder()];
    const writer = newWriter(whole, whole.nextLife());
    for (let i = 0; i < 3; i++) {
      writer.open(openLine(`r${i}`));
      if (i !== 1) writer.close(closeLine(`r${i}`));
    }
    writer.end();
    whole.close();
    const name = readdirSync(whole.path).find((one) => one.endsWith('.log'))!;
    const bytes = await Bun.file(join(whole.path, name)).bytes();
    for (const at of cutsOf(bytes)) {
      const folder = newFolder();
      await Bun.write(join(folder.path, name), bytes.subarray(0, at));
      for (const table of ['journals', 'request_records', 'spend_quarters', 'counter_windows'])
        await database.write((sql) => sql`delete from ${sql(table)}`);
      let sums: Sums | undefined;
      for (let start = 0; start < 2; start++) {
        const { ledger } = newLedger(database, start === 0 ? folder : reopened(folder));
        await ledger.start();
        await ledger.close();
        const now = await sumsOf(database);
        sums ??= now;
        expect(now).toEqual(sums);
        expect(now.rows).toBe(now.requests);
        expect(now.cost).toBe(now.used);
        expect(now.cost).toBe(now.rowCost);
      }
    }
    await database.close();
  });

  test('begins with the windows that are current, and forgets those that ended', async () => {
    const [database, folder] = [await newDatabase(), newFolder()];
    const dayMs = 86_400_000;
    const rows = [
      ['key:app/cost/day', AT_MS],
      ['key:app/cost/day', AT_MS - 5 * dayMs],
      ['key:app/cost/month', AT_MS - 20 * dayMs],
      ['key:app/cost/month', AT_MS - 40 * dayMs],
      ['key:app/cost/total', 0],
    ].map(([counter, window_ms]) => ({ counter, window_ms, node: 'n', used: 5, seq: 0, updated_ms: 0 }));
    await database.write((sql) => sql`insert into counter_windows ${sql(rows)}`);
    const { ledger, moved } = newLedger(database, folder);
    await ledger.start();
    expect(
      rows.map(({ counter, window_ms }) => ledger.usedOf(counter as string, window_ms as number)),
    ).toEqual([5, 0, 5, 0, 5]);
    ledger.prune();
    expect(ledger.usedOf('key:app/cost/day', AT_MS)).toBe(5);
    expect(moved.length).toBe(3);
    await ledger.close();
    await database.close();
  });

  test('of four machines in one database, which is restarted meanwhile, adds up', async () => {
    const url = await databases.newUrl(engine);
    const machines = [1, 2, 3, 4].map(() => {
      const folder = newFolder();
      return { folder, ...newLedger(openDatabase(url, { timeoutMs: 2000 }), folder) };
    });
    await Promise.all(machines.map(({ ledger }) => ledger.start()));
    const writers = machines.map(({ ledger, folder }) => newWriter(folder, ledger.begin()));
    let sent = 0;
    for (let round = 0; round < ROUNDS; round++) {
      for (const [index, writer] of writers.entries()) {
        for (let i = 0; i < 40; i++) {
          writer.close(
            closeLine(`m${index}-${sent}`, 10, { model: `model-${i % 7}`, provider: `p${i % 3}` }),
          );
          sent += 1;
        }
        writer.flush();
      }
      const flushing = Promise.all(machines.map(({ ledger }) => ledger.flush()));
      if (engine === 'postgres' && round % 4 === 1) {
        await databases.postgres.crash();
        await databases.postgres.restart();
      }
      await flushing;
    }
    for (const { ledger } of machines) while (ledger.unflushedBytes > 0) await ledger.flush();
    const database = openDatabase(url);
    const sums = { rows: sent, rowCost: sent * 10, requests: sent, cost: sent * 10, used: sent * 10 };
    expect(await sumsOf(database)).toMatchObject(sums);
    const reasons = machines.flatMap(({ troubles }) => troubles.map((trouble) => JSON.stringify(trouble)));
    expect(reasons.filter((reason) => /deadlock/i.test(reason))).toEqual([]);
    for (const writer of writers) writer.end();
    for (const { ledger } of machines) await ledger.close();
    await database.close();
  });
});
