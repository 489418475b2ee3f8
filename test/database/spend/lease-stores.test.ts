import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { StoreChecks } from '../../../src/app/store-checks.ts';
import type { LeaseAnswer } from '../../../src/limits/lease-report.ts';
import type { Acquired, LeaseStore, SentReport } from '../../../src/spend/nodes/lease-store.ts';
import { NodeWatch } from '../../../src/spend/nodes/node-watch.ts';
import { LeaseTable } from '../../../src/spend/nodes/lease-table.ts';
import type { Database } from '../../../src/store/database.ts';
import { createLog } from '../../../src/telemetry/log/log.ts';
import { openPostgres, type OpenPostgres } from '../store/databases.ts';
import { eventually } from '../eventually.ts';
import { openedStore, openLeases } from './redis-leases.ts';
import { findServer, REDIS_KINDS, startRedis, type TestRedis } from '../../e2e/redis-server.ts';
import { LeaseStore as LeaseModel } from '../../simulation/lease-store.ts';
import { seededDice } from '../../simulation/seeded-dice.ts';
import { snapshotOf } from '../../unit/config/configuration.ts';
import { intoList } from '../../unit/telemetry/line-list.ts';
import { EMPTY_REPORT } from './empty-report.ts';

let postgres: OpenPostgres;
let database: Database;
beforeAll(async () => {
  postgres = await openPostgres();
  ({ database } = postgres);
});
afterAll(() => postgres.stop());

const { limit: LIMIT } = EMPTY_REPORT;
const SNAPSHOT = snapshotOf(
  'providers: [{ name: a, api_base: "http://a.test" }]\nallow_unauthenticated: true',
);

function answersOf(acquired: Acquired): readonly LeaseAnswer[] {
  if (acquired.kind !== 'answered') throw new Error(`not answered: ${acquired.kind}`);
  return acquired.answers;
}

/** Tests of behaviour that every store of leases must have. */
function storeTests(open: () => LeaseStore | Promise<LeaseStore>, name: string): void {
  let store: LeaseStore;
  const own = (text: string): string => `${name}-${text}`;

  beforeAll(async () => {
    store = await open();
  });

  async function grantOf(node: string, life: number, report: SentReport): Promise<number | undefined> {
    return answersOf(await store.acquire({ node, life, isTick: true, reports: [report] }))[0]?.granted;
  }

  test('decides as the model of the simulation', async () => {
    const dice = seededDice(7);
    const model = new LeaseModel();
    const [first, ...others] = ['a', 'b', 'c'].map(own);
    const nodes = [first!, ...others];
    const lives = new Map<string, number>();
    for (const node of nodes) {
      expect(await store.register(node, '1')).toBe(model.register(node, 0));
      lives.set(node, 1);
    }
    const [x, y, z] = [own('x'), own('y'), own('z')];
    await database.write(
      (sql) => sql`insert into counter_windows (counter, window_ms, node, used, updated_ms)
        values (${x}, 0, ${first}, 100, 0), (${x}, 0, '', -30, 0)`,
    );
    model.ledger.set(`${x}@0`, 70);
    const report = (counter: string, node: string, seq: number): SentReport => {
      const need = dice() < 0.5 ? 0 : Math.floor(dice() * 60);
      const want = need === 0 ? 0 : need + Math.floor(dice() * 100);
      const [pending, claim] = [Math.floor(dice() * 90), Math.floor(dice() * 90)];
      const stored = counter === x && node === first ? 100 : 0;
      const form = counter === z ? 'slots' : 'window';
      return {
        ...EMPTY_REPORT,
        form,
        counter,
        seq,
        pending,
        stored,
        claim,
        need,
        want,
        takesRest: dice() < 0.5,
      };
    };
    for (let round = 1; round <= 400; round++) {
      const node = nodes[Math.floor(dice() * 3)]!;
      const seq = round - (dice() < 0.1 ? 20 : 0);
      const reports = [x, y, z].filter(() => dice() < 0.7).map((counter) => report(counter, node, seq));
      const call = { node, life: lives.get(node)!, reports };
      const real = answersOf(await store.acquire({ ...call, isTick: dice() < 0.5 }));
      const same = ({ isRecalled: _, nodes: __, ...answer }: LeaseAnswer) => answer;
      const sorted = real.toSorted((one, two) => (one.counter < two.counter ? -1 : 1));
      expect(sorted.map(same)).toEqual(model.acquire(call, round)!.map(same));
      if (dice() < 0.03) {
        const life = await store.register(node, '1');
        expect(life).toBe(model.register(node, round));
        lives.set(node, life);
      }
    }
  });

  test('a bucket refills, and takes back what was leased in vain', async () => {
    const [node, next] = [own('flow'), own('flow-next')];
    const [one, two] = [await store.register(node, '1'), await store.register(next, '1')];
    // 100 units that would need a day to flow in again.
    const perMs = 100 / 86_400_000;
    const asked: SentReport = {
      ...EMPTY_REPORT,
      form: 'bucket',
      counter: own('bucket'),
      seq: 1,
      limit: 100,
      perMs,
    };
    const ask = async (who: string, life: number, report: Partial<SentReport>): Promise<LeaseAnswer> =>
      answersOf(
        await store.acquire({ node: who, life, isTick: true, reports: [{ ...asked, ...report }] }),
      )[0]!;
    expect(await ask(node, one, { need: 1, want: 60 })).toMatchObject({ granted: 60, free: 40 });
    expect(await ask(next, two, { need: 50, want: 50 })).toMatchObject({ granted: 0, free: 40, others: 0 });
    expect(await ask(node, one, { seq: 2, pending: 20, claim: 10 })).toMatchObject({ granted: 0, free: 70 });
    expect((await ask(next, two, { seq: 2, need: 50, want: 90 })).granted).toBe(70);
    // Reports of an earlier life, and ones that come twice, change nothing.
    const again = await store.register(node, '1');
    expect((await ask(node, again, { claim: 0 })).free).toBe(0);
    expect((await ask(next, two, { seq: 3, pending: 60, claim: 0 })).free).toBe(10);
    const late = { node: next, life: two, isTick: true, reports: [{ ...asked, seq: 3, pending: 0 }] };
    expect(answersOf(await store.acquire(late))).toEqual([]);
    const { fullInMs } = await ask(next, two, { seq: 4, pending: 100 });
    expect(fullInMs / 86_400_000).toBeCloseTo(1.3, 2);
    // One that is larger than the bucket fits when it is full.
    const fast = { counter: own('fast'), perMs: 1000 };
    expect((await ask(next, two, { ...fast, need: 100, want: 100 })).granted).toBe(100);
  });

  test('slots of a node that starts again, or leaves, are free', async () => {
    const [node, next] = [own('slots'), own('slots-next')];
    const [one, two] = [await store.register(node, '1'), await store.register(next, '1')];
    const asked: SentReport = { ...EMPTY_REPORT, form: 'slots', counter: own('slots'), seq: 1, limit: 8 };
    const ask = async (who: string, life: number, report: Partial<SentReport>): Promise<LeaseAnswer> =>
      answersOf(
        await store.acquire({ node: who, life, isTick: true, reports: [{ ...asked, ...report }] }),
      )[0]!;
    expect((await ask(node, one, { need: 1, want: 5 })).granted).toBe(5);
    await ask(node, one, { seq: 2, pending: 4, claim: 1 });
    expect(await ask(next, two, { need: 4, want: 4 })).toMatchObject({
      granted: 0,
      free: 3,
      others: 1,
      used: 4,
    });
    const again = await store.register(node, '1');
    expect((await ask(next, two, { seq: 2, need: 8, want: 8 })).granted).toBe(0);
    await store.clear(node, again);
    expect((await ask(next, two, { seq: 3, need: 8, want: 8 })).granted).toBe(8);
    await store.leave(next, two);
    expect((await ask(node, again, { need: 8, want: 8 })).granted).toBe(8);
  });

  test('nodes that ask at the same time never get more than there is', async () => {
    const lives = await Promise.all(
      Array.from({ length: 8 }, async (_, index) => {
        const node = own(`n${index}`);
        return { node, life: await store.register(node, '1') };
      }),
    );
    const grants = await Promise.all(
      lives.flatMap(({ node, life }) =>
        Array.from({ length: 5 }, async (_, at) => {
          const asked = {
            ...EMPTY_REPORT,
            counter: own(`busy${at}`),
            windowMs: 5,
            seq: 1,
            need: 200,
            want: 200,
          };
          return { at, granted: (await grantOf(node, life, asked)) ?? 0 };
        }),
      ),
    );
    for (let at = 0; at < 5; at++) {
      const ofCounter = grants.filter((grant) => grant.at === at);
      expect(ofCounter.reduce((total, { granted }) => total + granted, 0)).toBe(LIMIT);
    }
  });

  test('keeps amounts up to 9 million dollars to the nano-dollar', async () => {
    const [node, limit] = [own('rich'), 9_000_000_000_000_000];
    const life = await store.register(node, '1');
    const asked = { ...EMPTY_REPORT, counter: own('large'), limit };
    const pending = 8_999_999_999_999_990;
    expect(await grantOf(node, life, { ...asked, seq: 1, pending, need: 1, want: 3 })).toBe(3);
    expect(await grantOf(node, life, { ...asked, seq: 2, pending, claim: 3, need: 1, want: 999 })).toBe(7);
    expect(await grantOf(node, life, { ...asked, seq: 3, pending, claim: 10, need: 1, want: 1 })).toBe(0);
  });

  test('asks for what others do not use when there is not enough', async () => {
    const [idle, busy] = [own('idle'), own('busy')];
    const [one, two] = [await store.register(idle, '1'), await store.register(busy, '1')];
    const asked = { ...EMPTY_REPORT, counter: own('recalled') };
    expect(await grantOf(idle, one, { ...asked, seq: 1, need: 1, want: 990 })).toBe(990);
    const ask = { ...asked, seq: 1, need: 100, want: 100 };
    const [refused] = answersOf(
      await store.acquire({ node: busy, life: two, isTick: false, reports: [ask] }),
    );
    expect(refused).toMatchObject({ granted: 0, others: 990, free: 10 });
    const kept = { ...asked, seq: 2, claim: 990 };
    const [recalled] = answersOf(
      await store.acquire({ node: idle, life: one, isTick: true, reports: [kept] }),
    );
    expect(recalled?.isRecalled).toBe(true);
  });

  test('a node that was forgotten is told, and begins a new life', async () => {
    const lost = own('lost');
    const life = await store.register(lost, '1');
    const one = { ...EMPTY_REPORT, counter: own('gone'), pending: 10 };
    expect(await grantOf(lost, life, { ...one, seq: 1, need: 900, want: 900 })).toBe(900);
    const { beats } = (await store.nodes()).find(({ node }) => node === lost)!;
    await store.forget(lost, beats - 1, false);
    expect((await store.nodes()).find(({ node }) => node === lost)?.isGone).toBe(false);
    await store.forget(lost, beats, false);
    expect((await store.nodes()).find(({ node }) => node === lost)?.isGone).toBe(true);
    const late = await store.acquire({ node: lost, life, isTick: true, reports: [] });
    expect(late.kind).toBe('forgotten');
    // Its claim is free, but not what it has told to have used.
    const other = await store.register(own('other'), '1');
    const more = { ...one, pending: 0, seq: 1, need: 1, want: 1000 };
    expect(await grantOf(own('other'), other, more)).toBe(990);
    expect(await store.register(lost, '1')).toBe(life + 1);
  });

  test('claims of a lost node count as spent if that is wanted, until it is back or they are released', async () => {
    const [lost, next, counter] = [own('spends'), own('counts'), own('cut-off')];
    const one = { ...EMPTY_REPORT, counter };
    const other = await store.register(next, '1');
    let seq = 0;
    // The next report gives the grant back.
    const roomOf = async (): Promise<number | undefined> =>
      grantOf(next, other, { ...one, seq: ++seq, need: 1, want: LIMIT });
    const forget = async (life: number): Promise<void> => {
      const asked = { ...one, seq: 1, pending: 10, need: 300, want: 300 };
      await grantOf(next, other, { ...one, seq: ++seq });
      expect(await grantOf(lost, life, asked)).toBe(300);
      await store.forget(lost, (await store.nodes()).find(({ node }) => node === lost)!.beats, true);
      expect(await roomOf()).toBe(690);
    };
    await forget(await store.register(lost, '1'));
    expect((await store.acquire({ node: lost, life: 1, isTick: true, reports: [] })).kind).toBe('forgotten');
    const again = await store.register(lost, '1');
    await grantOf(lost, again, { ...one, seq: 1, pending: 200 });
    await store.clear(lost, again);
    expect(await roomOf()).toBe(800);
    await forget(await store.register(lost, '1'));
    await store.release(lost);
    expect(await roomOf()).toBe(990);
  });

  test('a node that starts again frees what its earlier life has claimed', async () => {
    const [node, next] = [own('again'), own('next')];
    const life = await store.register(node, '1');
    const one = { ...EMPTY_REPORT, counter: own('twice'), seq: 1 };
    expect(await grantOf(node, life, { ...one, need: 1, want: 600 })).toBe(600);
    const second = await store.register(node, '1');
    // A late report of the earlier life is not taken.
    const late = await store.acquire({ node, life, isTick: true, reports: [{ ...one, seq: 2 }] });
    expect(late.kind).toBe('forgotten');
    const asking = await store.register(next, '1');
    expect(await grantOf(next, asking, { ...one, need: 1, want: 1000 })).toBe(400);
    await store.clear(node, second);
    expect(await grantOf(next, asking, { ...one, seq: 2, claim: 400, need: 1, want: 1000 })).toBe(600);
  });

  test.each(['clear', 'leave'] as const)(
    'what a node has used and not told is not free after %s',
    async (how) => {
      const [node, next, counter] = [own(`untold-${how}`), own(`asks-${how}`), own(`spent-${how}`)];
      const life = await store.register(node, '1');
      const one = { ...EMPTY_REPORT, counter, seq: 1 };
      expect(await grantOf(node, life, { ...one, need: 1, want: 600 })).toBe(600);
      // The ledger has it from the journal.
      await database.write(
        (sql) => sql`insert into counter_windows (counter, window_ms, node, used, seq, updated_ms)
        values (${counter}, 0, ${node}, 300, 0, 0)`,
      );
      if (how === 'leave') await store.leave(node, life);
      else await store.clear(node, await store.register(node, '1'));
      const asking = await store.register(next, '1');
      expect(await grantOf(next, asking, { ...one, need: 1, want: 1000 })).toBe(700);
    },
  );

  test('a node that leaves frees everything', async () => {
    const [leaving, staying] = [own('leaving'), own('staying')];
    const life = await store.register(leaving, '1');
    const one = { ...EMPTY_REPORT, counter: own('left'), seq: 1, endMs: 1, need: 1000, want: 1000 };
    await store.acquire({ node: leaving, life, isTick: true, reports: [one] });
    await store.leave(leaving, life);
    const other = await store.register(staying, '1');
    expect(await grantOf(staying, other, one)).toBe(1000);
    await store.prune();
  });

  test('an adjusting entry counts in the windows that are in use', async () => {
    const node = own('adjusted');
    const life = await store.register(node, '1');
    const [counter, windowMs] = [own('entries'), 0];
    const one = { ...EMPTY_REPORT, counter };
    expect(await grantOf(node, life, { ...one, seq: 1, need: 1, want: 100 })).toBe(100);
    const enter = async (sum: number, seq: number): Promise<void> => {
      await database.write(
        (sql) => sql`insert into counter_windows (counter, window_ms, node, used, seq, updated_ms)
          values (${counter}, 0, '', ${sum}, ${seq}, 0)
          on conflict (counter, window_ms, node) do update set used = excluded.used, seq = excluded.seq`,
      );
      await store.enter([{ counter, windowMs, sum, seq }]);
    };
    await enter(850, 4);
    expect(await grantOf(node, life, { ...one, seq: 2, claim: 100, need: 1, want: 100 })).toBe(50);
    await enter(-200, 6);
    // An entry that is told late changes nothing.
    await store.enter([{ counter, windowMs, sum: 850, seq: 4 }]);
    expect(await grantOf(node, life, { ...one, seq: 3, claim: 150, need: 1, want: 2000 })).toBe(1050);
  });
}

describe('leases in PostgreSQL', () => {
  storeTests(() => new LeaseTable(database), 'pg');

  test('the windows that ended a while ago are deleted', async () => {
    const table = new LeaseTable(database);
    await table.prune();
    const rows = await database.read((sql) => sql`select 1 as one from shared_windows where end_ms < 1000`);
    expect(rows).toHaveLength(0);
  });

  test('a silent node keeps no more than its share of slots, and a clock that was set back closes no bucket for long', async () => {
    await database.write((sql) => sql`update nodes set gone = 1`);
    const table = new LeaseTable(database);
    const [quiet, asking] = [await table.register('quiet', '1'), await table.register('asking', '1')];
    const tell = async (node: string, life: number, report: object): Promise<LeaseAnswer> => {
      const reports = [{ ...EMPTY_REPORT, counter: 'pg-rows', limit: 10, perMs: 1, seq: 1, ...report }];
      return answersOf(await table.acquire({ node, life, isTick: true, reports }))[0]!;
    };
    await tell('quiet', quiet, { form: 'slots', pending: 6 });
    await database.write(
      (sql) => sql`update nodes set heartbeat_ms = heartbeat_ms - 10000 where node = 'quiet'`,
    );
    expect((await tell('asking', asking, { form: 'slots' })).used).toBe(5);
    const bucket = { form: 'bucket', counter: 'pg-level' };
    await tell('asking', asking, bucket);
    await database.write(
      (sql) =>
        sql`update shared_windows set level_ms = level_ms + 1e9, level_at_ms = level_at_ms + 1e9 where counter = 'pg-level'`,
    );
    expect((await tell('asking', asking, { ...bucket, seq: 2 })).fullInMs).toBeLessThan(21);
  });

  test('a node that has not seen the others yet supposes that there is another one', async () => {
    await database.write((sql) => sql`update nodes set gone = 1`);
    const table = new LeaseTable(database);
    await table.register('lonely', '1');
    const watch = new NodeWatch(table, 'lonely', { forgetMs: 600_000, isLostSpent: false });
    expect(watch.known).toBe(2);
    await watch.look(performance.now());
    expect(watch.known).toBe(1);
  });

  test.each([
    [1e-6, 0, /answers in \d+ ms.*Run it nearer/],
    [60_000, 0, /^$/],
    [60_000, 300_000, /is \d+ s ahead of that of the store/],
    [60_000, -300_000, /is \d+ s behind that of the store/],
  ])(
    'a far store and a wrong clock are told: waits of %d ms, %d ms ahead',
    async (deadlineMs, aheadMs, warned) => {
      const said: string[] = [];
      const log = createLog({ settings: () => SNAPSHOT.logging, sink: intoList(said) });
      const epochMs = (): number => Date.now() + aheadMs;
      const checks = { deadlineMs, checked: undefined, log: () => log, epochMs };
      await new StoreChecks(new LeaseTable(database), checks).start();
      expect(said.join('')).toMatch(warned);
    },
  );
});

for (const kind of REDIS_KINDS) {
  describe.skipIf(findServer(kind) === undefined)(`leases in ${kind}`, () => {
    let server: TestRedis;
    beforeAll(async () => {
      server = await startRedis(kind);
    });
    afterAll(() => server.stop());

    storeTests(async () => openedStore(server, kind, database), kind);

    const losses = {
      'it was flushed': async () => void (await server.command('FLUSHALL')),
      'it was restarted': async () => {
        await server.crash();
        await server.restart();
      },
      'it was restarted with an old copy': async () => {
        await server.command('SAVE');
        await server.crash();
        await server.restart();
      },
    };
    for (const [loss, lose] of Object.entries(losses)) {
      test(`when ${loss}, it grants nothing until every node has told it all`, async () => {
        const store = await openedStore(server, kind, database);
        const [one, two] = [`${kind}-${loss}-one`, `${kind}-${loss}-two`];
        const [first, second] = [await store.register(one, '1'), await store.register(two, '1')];
        const asked = { ...EMPTY_REPORT, counter: `${kind}-${loss}`, need: 1 };
        const ask = async (node: string, life: number, report: object): Promise<Acquired> => {
          const all = { ...asked, ...report } as SentReport;
          return eventually(() => store.acquire({ node, life, isTick: true, reports: [all] }));
        };
        await ask(one, first, { seq: 1, want: 300 });
        await ask(two, second, { seq: 1, want: 200 });
        // Redis loses the claims of a lost node, and learns again that they count as spent.
        const lost = `${one}-lost`;
        await ask(lost, await store.register(lost, '1'), { seq: 1, want: 100 });
        const beatsOf = async (name: string): Promise<number> =>
          (await store.nodes()).find(({ node }) => node === name)!.beats;
        await store.forget(lost, await beatsOf(lost), true);
        // The claims of a node that turns out to be alive do not count as spent.
        await store.forget(two, (await beatsOf(two)) - 1, true);
        await database.write(
          (sql) => sql`insert into counter_windows (counter, window_ms, node, used, updated_ms)
            values (${asked.counter}, 0, 'an earlier node', 150, 0)`,
        );
        await lose();
        const unknown = await ask(one, first, { seq: 2, claim: 250, pending: 50, want: 900 });
        if (unknown.kind !== 'unknown') throw new Error(`not unknown: ${unknown.kind}`);
        await store.vouch(one, first, unknown.era);
        expect((await ask(one, first, { seq: 3, claim: 250, pending: 50, want: 900 })).kind).toBe('unknown');
        expect((await ask(two, second, { seq: 2, claim: 200, need: 0 })).kind).toBe('unknown');
        // In another era it has told nothing.
        await store.vouch(two, second, 'another era');
        expect((await ask(one, first, { seq: 4, claim: 250, pending: 50, want: 900 })).kind).toBe('unknown');
        await store.vouch(two, second, unknown.era);
        const known = answersOf(await ask(one, first, { seq: 5, claim: 250, pending: 50, want: 900 }));
        expect(known[0]).toMatchObject({ granted: 250, used: 300, others: 200, free: 0 });
      });
    }

    test('a bucket that was lost is as full as the nodes know, but never for long', async () => {
      const store = await openedStore(server, kind, database);
      const node = `${kind}-knows`;
      const life = await store.register(node, '1');
      const bucket = { ...EMPTY_REPORT, form: 'bucket' as const, perMs: 1, counter: `${kind}-lost-bucket` };
      const ask = async (seq: number, fullInMs: number): Promise<LeaseAnswer> => {
        const reports = [{ ...bucket, seq, fullInMs, need: 1, want: 1 }];
        return answersOf(await store.acquire({ node, life, isTick: true, reports }))[0]!;
      };
      expect(await ask(1, 1e9)).toMatchObject({ granted: 0, fullInMs: 1e9 });
      const { granted, fullInMs } = await ask(2, 0);
      expect(granted).toBe(0);
      expect(fullInMs).toBeLessThanOrEqual(2 * LIMIT + 4000);
    });

    test('an eviction of counters is warned of', async () => {
      const store = openLeases(server.url, database);
      expect(await store.check()).toEqual({});
      await server.command('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
      expect((await store.check()).warning).toContain('CONFIG SET maxmemory-policy noeviction');
      await server.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    });

    test('a node that was forgotten before it lost all is still told', async () => {
      const store = await openedStore(server, kind, database);
      const node = `${kind}-cut-off`;
      const life = await store.register(node, '1');
      await store.forget(node, (await store.nodes()).find((one) => one.node === node)!.beats, false);
      await server.command('FLUSHALL');
      expect((await store.acquire({ node, life, isTick: true, reports: [] })).kind).toBe('forgotten');
    });
  });
}
