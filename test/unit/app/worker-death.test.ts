import { expect, test } from 'bun:test';
import { seedForAll } from '../../../src/app/counter-seeding.ts';
import { openLedgers, sizeOfLedgers } from '../../../src/app/shared-ledgers.ts';
import { createSharedMemory, mapSharedMemory } from '../../../src/cluster/shared-memory.ts';
import type { Hold } from '../../../src/limits/claim-taking.ts';
import { Ledger } from '../../../src/spend/ledger/ledger.ts';
import { openProcessJournal } from '../../../src/spend/process-journal.ts';
import { openDatabase } from '../../../src/store/database.ts';
import { migrateUp } from '../../../src/store/migrate.ts';
import { claim } from '../limits/claims.ts';
import { AT_MS, newFolder } from '../../database/spend/lines.ts';
import { NOBODY } from '../../../src/gateway/attribution.ts';
import { ended } from '../../database/store/request-records.ts';

const CLAIMS = [
  claim(),
  claim({ kind: 'requests', period: { unit: 'day', timezone: 'UTC' }, amount: 100 }),
] as const;
const AT = { nowMs: 0, epochMs: AT_MS + 1000 };
const [HELD, USED] = [700, 500];
const SIZE = { workers: 2, counters: 1024 };

/** The last step of a request before its worker was killed. */
const POINTS = ['nothing', 'one take', 'all takes', 'open', 'settled', 'closed'] as const;

test.each([...POINTS])(
  'a worker that dies after %p leaves no hold, and a counter that is never too low',
  async (point) => {
    const database = openDatabase('sqlite::memory:');
    await migrateUp(database);
    const folder = newFolder();
    const memory = createSharedMemory(sizeOfLedgers(SIZE));
    const supervisor = openLedgers(memory.bytes, { ...SIZE, me: 0, seeder: (record) => seed(record) });
    const ledger = new Ledger({
      folder,
      database,
      keepsRecords: true,
      maxBytes: 2 ** 30,
      nowMs: () => AT.epochMs,
      onTrouble: () => undefined,
      onMoved: ([counter, windowMs, amount]) => supervisor.counters.adjust(counter, windowMs, amount),
    });
    const seed = seedForAll({
      records: supervisor.records,
      publishAll: () => Promise.resolve(),
      usedOf: (counter, windowMs) => ledger.usedOf(counter, windowMs),
    });
    await ledger.start();
    const worker = openLedgers(mapSharedMemory(memory.path), { ...SIZE, me: 1, seeder: seed });
    for (const one of CLAIMS) await worker.counters.seed(one, AT);
    const life = ledger.begin();
    const journal = openProcessJournal(
      {
        folder: folder.path,
        node: folder.node,
        worker: 1,
        life,
        fsyncMs: 1000,
        maxBytes: 2 ** 30,
        onFull: 'serve',
      },
      { epochMs: () => AT.epochMs, onTrouble: () => undefined },
    );
    const reached = POINTS.indexOf(point);
    const holds: Hold[] = [];
    for (const one of CLAIMS.slice(0, reached >= 2 ? 2 : reached)) {
      const taking = worker.counters.take(one, one.kind === 'cost' ? HELD : 1, AT);
      if (taking.kind === 'taken') holds.push(taking.hold);
    }
    const amounts = (of: (hold: Hold) => number) =>
      holds.map((hold) => ({
        counter: hold.record.claim.counter,
        windowMs: hold.record.windowMs,
        amount: of(hold),
      }));
    const usedBy = ({
      record: {
        claim: { kind },
      },
    }: Hold): number => (kind === 'cost' ? USED : 1);
    const request = {
      requestId: 'r',
      atMs: AT.epochMs,
      keyName: 'app',
      model: 'm',
      attribution: { ...NOBODY, keyId: 'app' },
      holds: () => amounts(({ amount }) => amount),
      heldNano: () => HELD,
      before: undefined,
      after: undefined,
    };
    if (reached >= 3) journal.open(request);
    if (reached >= 4) {
      for (const hold of holds) worker.counters.settle(hold, usedBy(hold), AT);
      journal.settle(request);
    }
    if (reached >= 5) {
      journal.close('r', ended({ requestId: 'r' }), amounts(usedBy));
      journal.flush();
    }
    supervisor.reclaim(1);
    for (const [counter, windowMs, amount] of ledger.chargeLost(life))
      supervisor.counters.adjust(counter, windowMs, amount);
    const standing = CLAIMS.map((one) => supervisor.counters.standing(one, AT));
    const books = CLAIMS.map((one, index) => ledger.usedOf(one.counter, holds[index]?.record.windowMs ?? 0));
    expect(standing.map((one) => one?.held)).toEqual([0, 0]);
    const expected = {
      nothing: [0, 0],
      'one take': [0, 0],
      'all takes': [0, 0],
      open: [HELD, 1],
      settled: [HELD, 1],
      closed: [USED, 1],
    };
    expect(books).toEqual(expected[point]);
    for (const [index, one] of standing.entries()) {
      expect(one?.used).toBeGreaterThanOrEqual(books[index]!);
      expect(one?.used).toBeLessThanOrEqual(books[index]! + USED);
    }
    await ledger.close();
    memory.close();
    await database.close();
  },
);
