import { afterAll, beforeAll, expect, test } from 'bun:test';
import { LocalTable } from '../../../src/lib/number-table.ts';
import { counterFields, CounterLedger } from '../../../src/limits/counter.ts';
import { type LeasedCounter, leaseKey } from '../../../src/limits/lease-report.ts';
import { LeaseDesk } from '../../../src/spend/nodes/lease-desk.ts';
import type { LeaseTrouble } from '../../../src/spend/nodes/lease-desk-options.ts';
import type { LeaseStore, SentReport } from '../../../src/spend/nodes/lease-store.ts';
import { LeaseTable } from '../../../src/spend/nodes/lease-table.ts';
import { NodeWatch } from '../../../src/spend/nodes/node-watch.ts';
import type { Database } from '../../../src/store/database.ts';
import { eventually } from '../eventually.ts';
import { openPostgres, type OpenPostgres } from '../store/databases.ts';
import { EMPTY_REPORT } from './empty-report.ts';

let postgres: OpenPostgres;
let database: Database;
beforeAll(async () => {
  postgres = await openPostgres();
  ({ database } = postgres);
});
afterAll(() => postgres.stop());

const DEADLINE_MS = 200;

/** A desk of a machine whose store can be made slow. */
async function openDesk(node: string, onTrouble = (_: LeaseTrouble): void => undefined) {
  const slow = { ms: 0, areTicks: true, questions: 0 };
  const calls: (keyof LeaseStore)[] = [];
  const table = new LeaseTable(database);
  const store = new Proxy<LeaseStore>(table, {
    get(_, name: keyof LeaseStore) {
      calls.push(name);
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
    onTrouble,
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
  return { desk, slow, calls, ask };
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

test('the metric says that the store is down while it does not answer, and each change is told once', async () => {
  const told: string[] = [];
  const { desk, slow } = await openDesk('metric', ({ type }) => told.push(type));
  for (const isUp of [true, false, true, false, true]) {
    slow.ms = isUp ? 0 : 60_000;
    await eventually(async () => expect(desk.status().store.isUp).toBe(isUp));
  }
  expect(told).toEqual(['lost', 'back', 'lost', 'back']);
  await desk.close();
}, 180_000);

test('a counter that the store has never told of is unknown, and not used up', async () => {
  const { desk, slow, ask } = await openDesk('half');
  Object.assign(slow, { ms: 60_000, areTicks: false });
  expect(await ask('third')).toBe('away');
  await desk.close();
}, 180_000);

test('a node that was forgotten tells what its requests hold before its earlier claims are freed', async () => {
  const node = 'forgotten';
  const { desk, calls, ask } = await openDesk(node);
  expect(await ask('held')).toBe('again');
  const table = new LeaseTable(database);
  const first = calls.lastIndexOf('register');
  await eventually(async () => {
    const rowOf = async () => (await table.nodes()).find((row) => row.node === node)!;
    await table.forget(node, (await rowOf()).beats, true);
    if (!(await rowOf()).isGone && calls.lastIndexOf('register') === first) throw new Error('not gone yet');
  });
  await eventually(async () => {
    const second = calls.lastIndexOf('register');
    if (second === first || calls.lastIndexOf('clear') < second) throw new Error('not back yet');
  });
  const second = calls.slice(calls.lastIndexOf('register'));
  expect(second.indexOf('acquire')).toBeWithin(1, second.indexOf('clear'));
  await desk.close();
}, 180_000);

test.each([
  [true, 690],
  [false, 990],
])(
  'a node that was silent for too long is forgotten, and its claims count as spent: %p',
  async (isLostSpent, room) => {
    const table = new LeaseTable(database);
    const [silent, other] = [`silent-${isLostSpent}`, `other-${isLostSpent}`];
    const [one, two] = [await table.register(silent, '1'), await table.register(other, '1')];
    const grantOf = async (
      node: string,
      life: number,
      report: Partial<SentReport>,
    ): Promise<number | undefined> => {
      const acquired = await table.acquire({
        node,
        life,
        isTick: false,
        reports: [{ ...REPORT, counter: silent, ...report }],
      });
      return acquired.kind === 'answered' ? acquired.answers[0]?.granted : undefined;
    };
    expect(await grantOf(silent, one, { pending: 10, need: 1, want: 300 })).toBe(300);
    const watch = new NodeWatch(table, other, { forgetMs: 1000, isLostSpent });
    await watch.look(0);
    await watch.look(1000);
    expect(await grantOf(other, two, { need: 1, want: 1000 })).toBe(690);
    await watch.look(1001);
    expect(await grantOf(other, two, { seq: 2, need: 1, want: 1000 })).toBe(room);
  },
);

const REPORT: Omit<SentReport, 'counter'> = { ...EMPTY_REPORT, seq: 1 };
