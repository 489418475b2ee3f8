import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { parseRedisUrl } from '../../../src/lib/redis-url.ts';
import type { LeaseAnswer } from '../../../src/limits/lease-report.ts';
import { RedisConnection } from '../../../src/redis/connection.ts';
import { RedisRates } from '../../../src/redis/redis-rates.ts';
import type { Acquired, SentReport } from '../../../src/spend/nodes/lease-store.ts';
import { findServer, REDIS_KINDS, startRedis, type TestRedis } from '../../e2e/redis-server.ts';
import { EMPTY_REPORT } from '../spend/empty-report.ts';

const { limit: LIMIT } = EMPTY_REPORT;
const DAY_MS = 86_400_000;

/** A report of a bucket that needs a day to flow in. */
const BUCKET: SentReport = {
  ...EMPTY_REPORT,
  counter: 'bucket',
  form: 'bucket',
  seq: 1,
  perMs: LIMIT / DAY_MS,
};
const SLOTS: SentReport = { ...BUCKET, counter: 'slots', form: 'slots', perMs: 0 };

for (const kind of REDIS_KINDS) {
  describe.skipIf(findServer(kind) === undefined)(`leases without a database in ${kind}`, () => {
    let server: TestRedis;
    let store: RedisRates;

    beforeAll(async () => {
      server = await startRedis(kind);
      const address = parseRedisUrl(server.url);
      if (typeof address === 'string') throw new Error(address);
      const redis = new RedisConnection({ address, deadlineMs: 5000 });
      store = new RedisRates({ redis, namespace: 'test' });
    });
    afterAll(async () => {
      await store.close();
      await server.stop();
    });
    beforeEach(async () => {
      await server.command('FLUSHALL');
      for (const node of ['early', 'late']) expect(await store.register(node)).toBe(1);
    });

    const acquire = (node: string, report: SentReport): Promise<Acquired> =>
      store.acquire({ node, life: 1, isTick: true, reports: [report] });

    async function answerTo(node: string, report: SentReport): Promise<LeaseAnswer> {
      const acquired = await acquire(node, report);
      if (acquired.kind !== 'answered') throw new Error(`not answered: ${acquired.kind}`);
      return acquired.answers[0]!;
    }

    /** Repeats what a node tells until leases are granted. Returns how often it had to vouch. */
    async function untilGranted(node: string, report: SentReport): Promise<number> {
      for (let seq = 1; ; seq++) {
        const acquired = await acquire(node, { ...report, seq });
        if (acquired.kind === 'answered') return seq - 1;
        if (acquired.kind === 'unknown') await store.vouch(node, 1, acquired.era);
        await Bun.sleep(20);
      }
    }

    test('nobody gets a lease before the others had time to tell, and those who tell later are heard, too', async () => {
      expect(await untilGranted('early', BUCKET)).toBeGreaterThan(1);
      const first = await answerTo('early', { ...BUCKET, seq: 1000, need: 1, want: 300 });
      expect(first.granted).toBe(300);
      const late = { ...BUCKET, fullInMs: DAY_MS, need: 1, want: 1 };
      expect((await answerTo('late', late)).granted).toBe(0);
      // It tells that once. Later the store knows better.
      const { fullInMs } = await answerTo('late', { ...BUCKET, seq: 2, fullInMs: 2 * DAY_MS });
      expect(fullInMs).toBeLessThan(1.5 * DAY_MS);
    });

    test('a node that was forgotten or released is told, and has no slots when it is back', async () => {
      await untilGranted('late', SLOTS);
      const rowOf = async (node: string) => (await store.nodes()).find((row) => row.node === node);
      let seq = 1000;
      const take = async (node: string): Promise<number> => {
        const { granted } = await answerTo(node, { ...SLOTS, seq: ++seq, need: LIMIT, want: LIMIT });
        await answerTo('late', { ...SLOTS, seq: ++seq });
        return granted;
      };
      for (const how of ['forget', 'release'] as const) {
        expect(await take('early')).toBe(LIMIT);
        expect(await take('late')).toBe(0);
        const { beats = 0 } = (await rowOf('early')) ?? {};
        await store.forget('early', beats - 1);
        expect(await rowOf('early')).toMatchObject({ isGone: false });
        await (how === 'forget' ? store.forget('early', beats) : store.release('early'));
        expect(await rowOf('early')).toMatchObject({ isGone: true });
        expect((await acquire('early', { ...SLOTS, seq: ++seq })).kind).toBe('forgotten');
        await store.register('early');
        expect(await take('late')).toBe(LIMIT);
      }
      await store.prune();
      expect(await store.nodes()).toHaveLength(2);
    });
  });
}
