import { afterAll, beforeAll, expect, test } from 'bun:test';
import { LocalTable } from '../../../src/lib/number-table.ts';
import { counterFields, CounterLedger } from '../../../src/limits/counter.ts';
import { type LeasedCounter, leaseKey } from '../../../src/limits/lease-report.ts';
import { LeaseDesk } from '../../../src/spend/nodes/lease-desk.ts';
import type { LeaseStore } from '../../../src/spend/nodes/lease-store.ts';
import { LeaseTable } from '../../../src/spend/nodes/lease-table.ts';
import type { Database } from '../../../src/store/database.ts';
import { openPostgres, type OpenPostgres } from '../store/databases.ts';

let postgres: OpenPostgres;
let database: Database;
beforeAll(async () => {
  postgres = await openPostgres();
  ({ database } = postgres);
});
afterAll(() => postgres.stop());

const DEADLINE_MS = 200;

/** A desk of a machine whose store can be made slow. */
async function openDesk(node: string) {
  const slow = { ms: 0, areTicks: true, questions: 0 };
  const table = new LeaseTable(database);
  const store = new Proxy<LeaseStore>(table, {
    get(_, name: keyof LeaseStore) {
      if (name !== 'acquire') return table[name].bind(table);
      return async (call: Parameters<LeaseStore['acquire']>[0]) => {
        if (!call.isTick) slow.questions += 1;
        if (slow.areTicks || !call.isTick) await Bun.sleep(slow.ms);
        return table.acquire(call);
      };
    },
  });
  const records = new CounterLedger(new LocalTable(counterFields(1)));
  const desk = new LeaseDesk({
    store,
    records,
    ledger: { node, unstoredOf: () => 0, storedOf: () => 0, settle: async () => true },
    version: '1',
    percent: 2,
    isExact: false,
    whenAway: 'share',
    deadlineMs: DEADLINE_MS,
    publishAll: async () => undefined,
    onTrouble: () => undefined,
  });
  await desk.start();
  const ask = async (counter: string) => {
    const of: LeasedCounter = {
      counter,
      form: 'window',
      windowMs: 0,
      endMs: Infinity,
      key: leaseKey(counter, 0),
      limit: 1000,
      perMs: 0,
    };
    await desk.seed({ ...of, leased: of });
    return desk.lease({ of, need: 10, takesRest: false });
  };
  return { desk, slow, ask };
}

test('a request without a lease waits on for a store that is only slow, and not for one that is away', async () => {
  const { desk, slow, ask } = await openDesk('slow');
  expect(await ask('at-once')).toBe('again');
  expect(slow.questions).toBe(1);
  slow.ms = 1.5 * DEADLINE_MS;
  expect(await ask('first')).toBe('again');
  slow.ms = 60_000;
  const beganMs = performance.now();
  expect(await ask('second')).toBe('away');
  expect(performance.now() - beganMs).toBeLessThan(30_000);
  await desk.close();
}, 180_000);

test('a counter that the store has never told of is unknown, and not used up', async () => {
  const { desk, slow, ask } = await openDesk('half');
  Object.assign(slow, { ms: 60_000, areTicks: false });
  expect(await ask('third')).toBe('away');
  await desk.close();
}, 180_000);
