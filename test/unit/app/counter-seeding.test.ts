import { expect, test } from 'bun:test';
import { leasesOfSupervisor, seedBySupervisor, seedForAll } from '../../../src/app/counter-seeding.ts';
import type { LeaseQuestion } from '../../../src/limits/lease-report.ts';
import { BucketLedger } from '../../../src/limits/bucket.ts';
import { ClaimCounters } from '../../../src/limits/claim-counters.ts';
import type { ClaimTaking, Hold, UnknownRecord } from '../../../src/limits/claim-taking.ts';
import { type CounterField, counterFields, CounterLedger } from '../../../src/limits/counter.ts';
import { LocalTable } from '../../../src/lib/number-table.ts';
import { seededDice } from '../../simulation/seeded-dice.ts';
import { claim } from '../limits/claims.ts';

const WORKERS = 3;
const LIMIT = claim({ kind: 'requests', amount: 500, period: { unit: 'total', startMs: undefined } });
const LARGE = claim({ kind: 'requests', amount: 10_000, period: { unit: 'total', startMs: undefined } });
const NOW = { nowMs: 1_000, epochMs: 1_000_000 };
const HELD = 10;

/** Workers over one table, a ledger that never forgets, and the supervisor's seeding. */
class World {
  readonly table = new LocalTable<CounterField>(counterFields(WORKERS));
  readonly records = this.#recordsOf();
  /** The total use of the closed requests. */
  ledger = 0;
  readonly #seed = seedForAll({
    records: new CounterLedger(this.table, 0, WORKERS),
    async publishAll(this: void) {
      return undefined;
    },
    usedOf: () => this.ledger,
  });
  seedings = 0;

  #recordsOf(): CounterLedger[] {
    return Array.from({ length: WORKERS }, (_, index) => new CounterLedger(this.table, index + 1, WORKERS));
  }

  counters(worker: number): ClaimCounters {
    const records = this.records[worker];
    if (records === undefined) throw new Error('no such worker');
    return new ClaimCounters(records, new BucketLedger(), async (record: UnknownRecord) => {
      this.seedings += 1;
      for (const one of this.records) one.publish(record.key);
      return this.#seed(record);
    });
  }
}

interface Running {
  readonly counters: ClaimCounters;
  readonly hold: Hold;
}

/** Takes from the limit, once it is known. */
async function take(counters: ClaimCounters): Promise<ClaimTaking> {
  const taking = counters.take(LIMIT, HELD, NOW);
  if (taking.kind !== 'unseeded') return taking;
  await counters.seed(LIMIT, NOW);
  return counters.take(LIMIT, HELD, NOW);
}

/** Loses the table now and then, while random workers begin and end requests. Calls `check` after each step. */
async function play(
  world: World,
  seed: number,
  check: (running: number, at: ClaimCounters) => void,
): Promise<void> {
  const dice = seededDice(seed);
  const workers = Array.from({ length: WORKERS }, (_, index) => world.counters(index));
  const running: Running[] = [];
  for (let step = 0; step < 400; step++) {
    if (dice() < 0.03) world.table.sweep(() => true);
    const counters = workers[Math.floor(dice() * WORKERS)]!;
    if (dice() < 0.55) {
      const taking = await take(counters);
      if (taking.kind === 'taken') running.push({ counters, hold: taking.hold });
    } else {
      const [one] = running.splice(Math.floor(dice() * running.length), 1);
      const used = 1 + Math.floor(dice() * HELD);
      one?.counters.settle(one.hold, used, NOW);
      if (one !== undefined) world.ledger += used;
    }
    check(running.length, counters);
  }
  for (const { counters, hold } of running) counters.settle(hold, 0, NOW);
  await workers[0]!.seed(LIMIT, NOW);
}

test('a counter that is lost again and again is never too low, and never admits more than the limit', async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const world = new World();
    await play(world, seed, (running, counters) => {
      expect(world.ledger + running * HELD).toBeLessThanOrEqual(LIMIT.amount);
      const { used, held } = counters.standing(LIMIT, NOW) ?? { used: Infinity, held: 0 };
      expect(used).toBeGreaterThanOrEqual(world.ledger);
      expect(held).toBeGreaterThanOrEqual(0);
    });
    expect(world.counters(0).standing(LIMIT, NOW)?.held).toBe(0);
    expect(world.seedings).toBeGreaterThan(2);
  }
});

/** A world whose supervisor answers some turns later, as over a channel, while 300 clients go on. */
async function playTogether(seed: number): Promise<{ readonly lost: number; readonly admitted: number }> {
  const dice = seededDice(seed);
  const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
  const table = new LocalTable<CounterField>(counterFields(WORKERS));
  const records = Array.from({ length: WORKERS }, (_, at) => new CounterLedger(table, at + 1, WORKERS));
  let [ledger, running, lost, admitted, seeding] = [0, 0, 0, 0, 0];
  const seedCounter = seedForAll({
    records: new CounterLedger(table, 0, WORKERS),
    async publishAll(key) {
      seeding += 1;
      for (const one of records) {
        await turn();
        one.publish(key);
      }
      await turn();
      seeding -= 1;
    },
    usedOf: () => ledger,
  });
  const workers = records.map((one) => new ClaimCounters(one, new BucketLedger(), seedCounter));
  const check = (counters: ClaimCounters): void => {
    expect(ledger + running * HELD).toBeLessThanOrEqual(LARGE.amount);
    expect(counters.standing(LARGE, NOW)?.held ?? 0).toBeGreaterThanOrEqual(0);
  };
  const client = async (counters: ClaimCounters): Promise<void> => {
    for (let count = 0; count < 20; count++) {
      if (counters.standing(LARGE, NOW) === undefined) await counters.seed(LARGE, NOW);
      const taking = counters.take(LARGE, HELD, NOW);
      if (taking.kind === 'taken') {
        running += 1;
        admitted += 1;
        check(counters);
        while (dice() < 0.7) await turn();
        const used = 1 + Math.floor(dice() * HELD);
        counters.settle(taking.hold, used, NOW);
        ledger += used;
        running -= 1;
        check(counters);
      }
      await turn();
      if (seeding > 0 || dice() > 0.01) continue;
      lost += 1;
      table.sweep(() => true);
    }
  };
  await Promise.all(Array.from({ length: 300 }, (_, at) => client(workers[at % WORKERS]!)));
  if (workers[0]!.standing(LARGE, NOW) === undefined) await workers[0]!.seed(LARGE, NOW);
  const last = workers[0]!.standing(LARGE, NOW);
  expect(last?.held).toBe(0);
  expect(last?.used).toBeGreaterThanOrEqual(ledger);
  return { lost, admitted };
}

test('a counter that is lost while hundreds of requests are under way never has less than nothing held', async () => {
  for (let seed = 1; seed <= 5; seed++) {
    const { lost, admitted } = await playTogether(seed);
    expect(lost).toBeGreaterThan(5);
    expect(admitted).toBeGreaterThan(300);
  }
});

test('several that miss the same counter wait for one seeding', async () => {
  let published = 0;
  const records = new CounterLedger(new LocalTable(counterFields(1)));
  const seed = seedForAll({
    records,
    publishAll: async () => {
      published += 1;
      await Bun.sleep(1);
    },
    usedOf: () => 5,
  });
  const record = { counter: 'a', windowMs: 0, endMs: 9, key: 'a@0' };
  expect(await Promise.all([seed(record), seed(record), seed(record)])).toEqual([true, true, true]);
  expect([published, records.standing('a@0')]).toEqual([1, { used: 5, held: 0 }]);
});

test('a worker whose supervisor fails does not know, and does not wait for ever', async () => {
  const record = { counter: 'a', windowMs: 0, endMs: 9, key: 'a@0' };
  expect(await seedBySupervisor(() => Promise.reject(new Error('gone')))(record)).toBe(false);
  const [seeded, leased] = await Promise.all([
    seedBySupervisor(() => new Promise(() => undefined))(record),
    // The supervisor may wait for the store.
    leasesOfSupervisor(() => Bun.sleep(1_100).then(() => 'again')).lease({} as LeaseQuestion),
  ]);
  expect([seeded, leased]).toEqual([false, 'again']);
});
