import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { LeaseAnswer } from '../../../src/limits/lease-report.ts';
import type { LeaseStore, SentReport } from '../../../src/spend/nodes/lease-store.ts';
import { LeaseTable } from '../../../src/spend/nodes/lease-table.ts';
import type { Database } from '../../../src/store/database.ts';
import { findServer, REDIS_KINDS, startRedis } from '../../e2e/redis-server.ts';
import { openPostgres, type OpenPostgres } from '../store/databases.ts';
import { EMPTY_REPORT } from './empty-report.ts';
import { openedStore } from './redis-leases.ts';

const LIMIT = 100;
/** A bucket into which nothing flows while a test runs, and one that is full in a tenth of a second. */
const [SLOW, FAST] = [LIMIT / 86_400_000, 1];

interface Opened {
  readonly store: LeaseStore;
  readonly close: () => Promise<unknown>;
  /** Writes a sign of life of a node that is an hour ahead, as before the clock was set back. */
  readonly moveAhead: (node: 'one' | 'two') => Promise<unknown>;
}

/** How a store counts the use of shares by two nodes. */
function shareTests(open: () => Promise<Opened>): void {
  let store: LeaseStore;
  let close: Opened['close'];
  let moveAhead: Opened['moveAhead'];
  let lives: Record<'one' | 'two', number>;
  let seq = 0;
  beforeAll(async () => {
    ({ store, close, moveAhead } = await open());
    lives = { one: await store.register('one', '1'), two: await store.register('two', '1') };
  });
  afterAll(() => close());

  async function tell(
    node: 'one' | 'two',
    report: Partial<SentReport> & { readonly counter: string },
    isAlone = false,
  ): Promise<LeaseAnswer> {
    const reports = [
      { ...EMPTY_REPORT, form: 'bucket' as const, limit: LIMIT, perMs: SLOW, seq: ++seq, ...report },
    ];
    const acquired = await store.acquire({ node, life: lives[node], isTick: true, isAlone, reports });
    if (acquired.kind !== 'answered') throw new Error(`not answered: ${acquired.kind}`);
    return acquired.answers[0]!;
  }

  test('what a node has used of its share is charged once, and no more than a share', async () => {
    const counter = 'charged';
    expect((await tell('one', { counter })).free).toBe(LIMIT);
    expect((await tell('two', { counter, need: 90, want: 90 })).granted).toBe(90);
    expect((await tell('one', { counter, alone: 30 })).free).toBe(-20);
    expect((await tell('one', { counter, alone: 30 })).free).toBe(-20);
    // A request has used less than it held.
    expect((await tell('one', { counter, alone: 25 })).free).toBe(-15);
    const { free } = await tell('one', { counter, alone: 1025 });
    expect(Math.abs(free + 15 + LIMIT / 2)).toBeLessThanOrEqual(1);
  });

  test('of a life that has told nothing before, what has not flowed in again is charged', async () => {
    const counter = 'first';
    expect((await tell('two', { counter, need: 50, want: 50 })).granted).toBe(50);
    expect((await tell('one', { counter, alone: 40, aloneLeft: 15 })).free).toBe(35);
    expect((await tell('one', { counter, alone: 45, aloneLeft: 5 })).free).toBe(30);
  });

  test('what flowed over since a node last told pays for its share, and only once', async () => {
    const bucket = { counter: 'flown', perMs: FAST };
    const beganMs = performance.now();
    await tell('one', bucket);
    await tell('two', bucket);
    await Bun.sleep(100);
    expect((await tell('one', { ...bucket, alone: 50, need: LIMIT, want: LIMIT })).granted).toBe(LIMIT);
    const { fullInMs } = await tell('two', { ...bucket, alone: 1050 });
    // Each unit that came since pays for one that was used.
    expect(fullInMs).toBeGreaterThan(50 + LIMIT + 1050 - (performance.now() - beganMs) - 2);
  });

  test('while a node hears no answers its part does not flow in, but for what it did not use when it is back', async () => {
    const bucket = { counter: 'halved', perMs: 0.01 };
    await tell('one', bucket);
    await tell('one', bucket, true);
    const beganMs = performance.now();
    await tell('two', { ...bucket, need: LIMIT, want: LIMIT });
    await Bun.sleep(200);
    const waitedMs = performance.now() - beganMs;
    const { fullInMs } = await tell('two', { ...bucket, pending: LIMIT });
    expect(fullInMs).toBeGreaterThan(LIMIT / 0.01 - (performance.now() - beganMs) / 2 - 2);
    const back = await tell('one', bucket);
    expect(back.fullInMs).toBeLessThan(LIMIT / 0.01 - waitedMs + 2);
  });

  test('a new life of a node pays for all of its share, first with what flowed over since the life before told', async () => {
    const [slow, fast] = [{ counter: 'again' }, { counter: 'again-flown', perMs: FAST }];
    await tell('one', slow);
    await tell('one', fast);
    expect((await tell('two', { ...slow, need: 50, want: 50 })).granted).toBe(50);
    await Bun.sleep(100);
    lives.one = await store.register('one', '1');
    expect((await tell('one', { ...slow, alone: 40, aloneLeft: 15 })).free).toBe(10);
    expect((await tell('one', { ...fast, alone: 50, aloneLeft: 50 })).fullInMs).toBe(0);
  });

  test('the part of a node that has registered and not told yet does not flow in', async () => {
    const bucket = { counter: 'begun', perMs: 0.01 };
    await tell('two', { ...bucket, need: LIMIT, want: LIMIT });
    lives.one = await store.register('one', '1');
    const beganMs = performance.now();
    const before = await tell('two', { ...bucket, pending: LIMIT });
    await Bun.sleep(200);
    const { fullInMs } = await tell('two', { ...bucket, pending: LIMIT });
    expect(fullInMs).toBeGreaterThan(before.fullInMs - (performance.now() - beganMs) / 2 - 2);
    await tell('one', bucket);
  });

  test('after the clock was set back, a node is silent until it gives a sign of life', async () => {
    await tell('one', { counter: 'ahead' });
    await moveAhead('one');
    await tell('two', { counter: 'ahead' });
    await tell('two', { counter: 'ahead' });
    const seenMs = (await store.nodes()).find(({ node }) => node === 'one')?.heartbeatMs;
    expect(seenMs).toBeLessThan(await store.nowMs());
    await tell('one', { counter: 'ahead' });
  });

  test('a full bucket admits any request', async () => {
    const bucket = { counter: 'large', perMs: SLOW, limit: 10.5 };
    expect((await tell('one', { ...bucket, need: 11, want: 11 })).granted).toBe(11);
  });
}

let postgres: OpenPostgres;
let database: Database;
beforeAll(async () => {
  postgres = await openPostgres();
  ({ database } = postgres);
});
afterAll(() => postgres.stop());

describe('shares of buckets in PostgreSQL', () => {
  shareTests(async () => ({
    store: new LeaseTable(database),
    close: async () => undefined,
    moveAhead: (node) =>
      database.write(
        (sql) => sql`update nodes set heartbeat_ms = heartbeat_ms + 3600000 where node = ${node}`,
      ),
  }));

  test('a gateway of the version before tells nothing of shares, and its buckets go on', async () => {
    const life = await new LeaseTable(database).register('old', '1');
    const ask = async (seq: number, claim: number): Promise<{ g: number; f: number }> => {
      const of = { c: 'old', w: 0, e: 9e15, l: LIMIT, rest: false, k: 'bucket', v: SLOW };
      const sent = JSON.stringify([{ ...of, s: seq, p: 0, h: claim, n: 1, t: 30 }]);
      const [row] = await database.write<{ answer: { answers: [{ g: number; f: number }] } }[]>(
        (sql) => sql`select llm_proxy_lease('old', ${life}, true, false, (${sent}::text)::jsonb) as answer`,
      );
      return row!.answer.answers[0];
    };
    expect(await ask(1, 0)).toMatchObject({ g: 30, f: 70 });
    await database.write((sql) => sql`update shared_windows set level_at_ms = 0 where counter = 'old'`);
    expect(await ask(2, 30)).toMatchObject({ g: 30, f: 40 });
  });
});

for (const kind of REDIS_KINDS) {
  describe.skipIf(findServer(kind) === undefined)(`shares of buckets in ${kind}`, () => {
    shareTests(async () => {
      const server = await startRedis(kind);
      await database.write((sql) => sql`update nodes set gone = 1`);
      const store = await openedStore(server, kind, database);
      const moveAhead = async (node: string): Promise<unknown> => {
        const [, row = ''] = (await server.command('HGET', '{llmp:test}:nodes', node)).split('\r\n');
        const [life, beats, ms] = row.split(' ');
        const ahead = `${life} ${beats} ${Number(ms) + 3_600_000} 0`;
        return server.command('HSET', '{llmp:test}:nodes', node, ahead);
      };
      return { store, close: () => server.stop(), moveAhead };
    });

    test('a bucket of which a gateway of the version before has told goes on', async () => {
      const server = await startRedis(kind);
      const store = await openedStore(server, kind, database);
      const life = await store.register('new', '1');
      const ask = async (seq: number, claim: number): Promise<number | undefined> => {
        const bucket = {
          ...EMPTY_REPORT,
          form: 'bucket' as const,
          limit: LIMIT,
          perMs: SLOW,
          counter: 'old',
        };
        const reports = [{ ...bucket, seq, claim, need: 1, want: 30 }];
        const acquired = await store.acquire({ node: 'new', life, isTick: true, reports });
        return acquired.kind === 'answered' ? acquired.answers[0]?.free : undefined;
      };
      expect(await ask(1, 0)).toBe(70);
      await server.command('HDEL', '{llmp:test}:c:old@0', 'at', 'o', 'w', 'a:new', 'o:new');
      expect(await ask(2, 30)).toBe(40);
      await server.stop();
    });
  });
}
