import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { LaterWork } from '../../../src/gateway/later/later-costs.ts';
import { laterSubject } from '../../../src/gateway/later/later-subject.ts';
import { pricerAt } from '../../../src/app/cost-meter.ts';
import { verifyLedger } from '../../../src/spend/entries/verify.ts';
import { LaterLedger } from '../../../src/spend/later/later-ledger.ts';
import { openDatabase } from '../../../src/store/database.ts';
import { migrateUp } from '../../../src/store/migrate.ts';
import { compiled } from '../../e2e/gateway.ts';
import { ENGINES, startDatabases, type TestDatabases } from '../store/databases.ts';

const SNAPSHOT = compiled(`
providers: [{name: p, api_base: "http://127.0.0.1:9/v1", api_key: sk-test-0123456789}]
models: {fast: {routes: [{provider: p, model: up}]}}
prices: {models: {"p/up": {input: 10, output: 100, above: [{input_tokens: 1000, input: 20}], tiers: {batch: {input: 5, output: 50}}}}}
master_keys: [{name: app, key: "lp-0123456789abcdef0123456789abcdef", limits: [{cost: 50, per: day}, {tokens: 10k, per: day}]}]
`);

const NOW_MS = Date.UTC(2026, 10, 30, 12);
const DAY_MS = Date.UTC(2026, 10, 30);

let databases: TestDatabases;
beforeAll(async () => {
  databases = await startDatabases();
});
afterAll(() => databases.stop());

const owners = {
  keyId: 'app',
  keyName: 'app',
  team: '',
  teamPath: '',
  teamIds: '',
  userId: '',
  userName: '',
  tags: '',
};

function work(id: string, kind: LaterWork['kind'], more: Partial<LaterWork> = {}): LaterWork {
  const charged = { nano: kind === 'batch' ? undefined : 0, inputTokens: 0, outputTokens: 0 };
  return {
    id,
    kind,
    provider: 'p',
    upstreamModel: 'up',
    model: 'fast',
    owners,
    atMs: NOW_MS,
    charged,
    ...more,
  };
}

function usageOf(input: number, output: number, serviceTier?: string) {
  const counts = { inputTokens: input, outputTokens: output, totalTokens: input + output };
  const none = { cachedTokens: undefined, reasoningTokens: undefined };
  return { ...counts, ...none, ...(serviceTier !== undefined && { parts: { serviceTier } }) };
}

test.each([...ENGINES])(
  'what a provider reports later counts once in %s, and the ledger agrees',
  async (engine) => {
    const database = openDatabase(await databases.newUrl(engine));
    await migrateUp(database);
    const settle = async (...events: Parameters<LaterLedger['note']>[0][]): Promise<void> => {
      // A ledger of its own: nothing is remembered in the process.
      const ledger = new LaterLedger({
        database,
        snapshot: () => SNAPSHOT,
        costAt: pricerAt(() => SNAPSHOT),
        nowMs: () => NOW_MS,
        onBug: (error) => {
          throw error;
        },
      });
      for (const event of events) ledger.note(event);
      await ledger.close();
    };
    const used = async (counter: string): Promise<number> => {
      const rows: { used: number | string }[] = await database.read(
        (sql) => sql`select used from counter_windows where counter = ${counter} and window_ms = ${DAY_MS}`,
      );
      return Number(rows[0]?.used ?? 0);
    };
    await settle(
      { type: 'begun', work: work('resp_1', 'response') },
      { type: 'begun', work: work('batch_1', 'batch') },
    );
    const uses = [{ model: undefined, usage: usageOf(100, 10), requests: 1 }];
    const ended = { type: 'ended', id: 'resp_1', provider: 'p', uses } as const;
    await settle(ended, ended);
    await settle(ended, { ...ended, provider: 'other', id: 'batch_1' }, { ...ended, id: 'resp_unknown' });
    expect([await used('key:app/cost/day'), await used('key:app/tokens/day')]).toEqual([2_000_000, 110]);
    // 3,000 tokens of 10 requests are short requests each, at the price of batches.
    await settle({ type: 'output', id: 'batch_1', provider: 'p', file: 'file_1' });
    const sum = [{ model: 'up', usage: usageOf(3000, 100, 'batch'), requests: 10 }];
    await settle({ type: 'ended', id: 'file_1', provider: 'p', uses: sum });
    await settle({ type: 'ended', id: 'batch_1', provider: 'p', uses: sum });
    expect(await used('key:app/cost/day')).toBe(2_000_000 + 20_000_000);
    // The day in which it began has ended.
    await settle(
      { type: 'begun', work: work('resp_2', 'response', { atMs: DAY_MS - 1 }) },
      { ...ended, id: 'resp_2' },
    );
    expect(await used('key:app/cost/day')).toBe(22_000_000);
    // A response that failed used nothing: its estimate is given back.
    const charged = { nano: 5_000_000, inputTokens: 10, outputTokens: 50 };
    await settle(
      { type: 'begun', work: work('resp_3', 'response', { charged }) },
      { ...ended, id: 'resp_3', uses: [] },
    );
    expect([await used('key:app/cost/day'), await used('key:app/tokens/day')]).toEqual([
      17_000_000,
      110 + 3100 - 60,
    ]);
    // Each work that was unpriced at first is counted as priced once, however many models it used.
    const unpriced = { ...charged, nano: undefined };
    await settle(
      { type: 'begun', work: work('resp_4', 'response', { charged: unpriced }) },
      { ...ended, id: 'resp_4' },
      { type: 'begun', work: work('batch_2', 'batch') },
      { ...ended, id: 'batch_2', uses: [...sum, { ...sum[0]!, model: 'up-2', nano: 1 }] },
    );
    const [quarters] = await database.read((sql) => sql`select sum(unpriced) as sum from spend_quarters`);
    expect(Number(quarters.sum)).toBe(-3);
    const { differences } = await verifyLedger(database, { snapshot: SNAPSHOT, nowMs: NOW_MS });
    expect(differences).toEqual([]);
    await database.close();
  },
);

test.each([
  ['GET', '/v1/responses/resp_1', 'response'],
  ['POST', '/v1/responses/resp_1/cancel', 'response'],
  ['GET', '/v1/responses/resp_1/input_items', undefined],
  ['POST', '/v1/responses', undefined],
  ['GET', '/v1/batches/batch_1', 'batch'],
  ['GET', '/v1/batches', undefined],
  ['GET', '/v1/messages/batches/msgbatch_1/results', 'lines'],
  ['GET', '/v1/messages/batches/msgbatch_1', 'batch'],
  ['GET', '/v1/files/file-1/content', 'lines'],
  ['GET', '/v1/files/file-1', undefined],
  ['DELETE', '/v1/responses/resp_1', undefined],
] as const)('%s %s is about a %s', (method, path, kind) => {
  expect(laterSubject(method, path)?.kind).toBe(kind as never);
});
