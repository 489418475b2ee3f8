import { createHmac } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import type { Snapshot } from '../../../src/config/snapshot.ts';
import { AlertWatch, type EndedAlert } from '../../../src/spend/alerts/alert-watch.ts';
import { type Database, openDatabase } from '../../../src/store/database.ts';
import { createHookSender } from '../../../src/upstream/hook-sender.ts';
import { snapshotOf } from '../../unit/config/configuration.ts';
import { ENGINES, startDatabases, type TestDatabases } from '../store/databases.ts';
import { insertQuarters } from './quarters.ts';

const NOW_MS = Date.parse('2026-11-16T00:00:00Z');
const MONTH_MS = Date.parse('2026-11-01T00:00:00Z');
const SECRET = 'a secret of the hook';

interface Hook {
  readonly url: string;
  readonly received: { readonly headers: Headers; readonly body: string }[];
  /** The statuses of the next answers; then 204. */
  readonly statuses: number[];
}

const servers: Bun.Server<undefined>[] = [];

function startHook(): Hook {
  const hook = { received: [] as Hook['received'], statuses: [] as number[] };
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: async (request) => {
      hook.received.push({ headers: request.headers, body: await request.text() });
      return new Response('ignored', { status: hook.statuses.shift() ?? 204 });
    },
  });
  servers.push(server);
  return { ...hook, url: server.url.href };
}

const configOf = (limits: string, hooks: readonly Hook[] = [], more = ''): Snapshot =>
  snapshotOf(`
providers: []
master_keys: [{ name: app, key: sk-of-the-app-0123456789, limits: [${limits}] }]
alerts: [${hooks.map(({ url }) => `{ url: "${url}", secret: "${SECRET}" }`).join(', ')}]
${more}`);

let databases: TestDatabases;

beforeAll(async () => {
  databases = await startDatabases();
});
afterAll(() => databases.stop());
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop(true)));
});

describe.each([...ENGINES])('alerts over %s', (engine) => {
  async function newDatabase(): Promise<Database> {
    const database = openDatabase(await databases.newUrl(engine));
    return database;
  }

  /** Sets what a node has used. */
  function use(database: Database, dollars: number, node = 'n1', nowMs = NOW_MS): Promise<unknown> {
    const used = Math.round(dollars * 1e9);
    return database.write(
      (sql) => sql`insert into counter_windows (counter, window_ms, node, used, updated_ms)
        values ('key:app/cost/month', ${MONTH_MS}, ${node}, ${used}, ${nowMs})
        on conflict (counter, window_ms, node) do update set used = ${used}, updated_ms = ${nowMs}`,
    );
  }

  function watch(database: Database, first: Snapshot, clock = { nowMs: NOW_MS }) {
    const ended: EndedAlert[] = [];
    const state = { snapshot: first };
    const watched = new AlertWatch({
      database,
      snapshot: () => state.snapshot,
      send: createHookSender(),
      nowMs: () => clock.nowMs,
      onAlert: (alert) => ended.push(alert),
      onTrouble: (error) => {
        throw error;
      },
    });
    return { watched, ended, state, clock };
  }

  const eventsOf = ({ received }: Hook) =>
    received.map(({ body }) => JSON.parse(body) as Record<string, unknown>);

  test('tell once that a limit has reached a threshold, over all nodes and looks, signed', async () => {
    const hook = startHook();
    const database = await newDatabase();
    const config = configOf('{ cost: 200, per: month, alert_at: [80] }', [hook]);
    const nodes = [watch(database, config), watch(database, config), watch(database, config)];
    const lookAll = () => Promise.all(nodes.map(({ watched }) => watched.look()));
    await use(database, 79.99, 'n1');
    await use(database, 80, 'n2');
    await lookAll();
    expect(hook.received).toHaveLength(0);
    await use(database, 80.01, 'n1');
    for (let round = 0; round < 3; round++) await lookAll();
    // The use of a thousand requests more, after each hundred of which every node looks.
    for (let hundreds = 1; hundreds <= 10; hundreds++) {
      await use(database, 80.01 + hundreds, 'n1');
      await Promise.all([lookAll(), use(database, hundreds, 'n3')]);
    }
    expect(hook.received).toHaveLength(1);
    const ids = new Set(eventsOf(hook).map(({ id }) => id));
    expect(ids.size).toBe(1);
    const { headers, body } = hook.received[0]!;
    expect(JSON.parse(body)).toMatchObject({
      event: 'limit.threshold',
      at: '2026-11-16T00:00:00.000Z',
      scope: 'key:app',
      limit: 'cost/month',
      kind: 'cost',
      threshold: 80,
      used: 160.01,
      amount: 200,
      window: { start: '2026-11-01T00:00:00.000Z', end: '2026-12-01T00:00:00.000Z' },
      projected: 320.02,
    });
    const timestamp = headers.get('x-llm-proxy-timestamp') ?? '';
    expect(Number(timestamp)).toBe(NOW_MS / 1000);
    const signature = createHmac('sha256', SECRET).update(`${timestamp}.${body}`).digest('hex');
    expect(headers.get('x-llm-proxy-signature')).toBe(`sha256=${signature}`);
    expect(nodes.flatMap(({ ended }) => ended.map((one) => one.state))).toEqual(['sent']);
    for (const { watched } of nodes) await watched.close();
    await database.close();
  });

  test('are tried five times in ten minutes, and then have failed', async () => {
    const hook = startHook();
    const database = await newDatabase();
    const { watched, ended, clock } = watch(
      database,
      configOf('{ cost: 100, per: month, alert_at: [50] }', [hook]),
    );
    hook.statuses.push(500, 302, 500, 500, 500, 500);
    await use(database, 50);
    const tries: number[] = [];
    for (let second = 0; second <= 660; second += 5) {
      clock.nowMs = NOW_MS + second * 1000;
      const before = hook.received.length;
      await watched.look();
      if (hook.received.length > before) tries.push(second);
    }
    expect(tries).toEqual([0, 15, 75, 255, 600]);
    expect(ended.map(({ state }) => state)).toEqual(['failed']);
    expect(new Set(eventsOf(hook).map(({ id }) => id)).size).toBe(1);
    await watched.close();
    await database.close();
  });

  test('reach a hook that was down, and are sent again only to the one that failed', async () => {
    const [good, bad] = [startHook(), startHook()];
    const database = await newDatabase();
    const config = configOf('{ cost: 100, per: month, alert_at: [50] }', [good, bad]);
    bad.statuses.push(503, 503);
    const { watched, ended, clock } = watch(database, config);
    await use(database, 50);
    for (const second of [0, 20, 120]) {
      clock.nowMs = NOW_MS + second * 1000;
      await watched.look();
    }
    expect([good.received.length, bad.received.length]).toEqual([1, 3]);
    expect(ended.map(({ state }) => state)).toEqual(['sent']);
    await watched.close();
    await database.close();
  });

  test('that a process could not send are sent by another one', async () => {
    const hook = startHook();
    const database = await newDatabase();
    const config = configOf('{ cost: 100, per: month, alert_at: [50] }', [hook]);
    const dying = watch(database, config);
    // It dies after it took the alert, which is the moment at which nobody knows whether it was sent.
    const broken = new AlertWatch({
      database,
      snapshot: () => config,
      send: () => Promise.reject(new Error('killed')),
      nowMs: () => NOW_MS,
      onAlert: () => undefined,
      onTrouble: () => undefined,
    });
    await use(database, 50);
    await broken.look();
    await broken.close();
    await dying.watched.look();
    expect(hook.received).toHaveLength(0);
    dying.clock.nowMs = NOW_MS + 15_000;
    await dying.watched.look();
    expect(hook.received).toHaveLength(1);
    await dying.watched.close();
    await database.close();
  });

  test('come again once the limit was raised or its use corrected', async () => {
    const hook = startHook();
    const database = await newDatabase();
    const { watched, state, clock } = watch(
      database,
      configOf('{ cost: 100, per: month, alert_at: [50, 80] }', [hook]),
    );
    /** The thresholds that are told after a node has used this much. */
    const look = async (dollars: number): Promise<unknown[]> => {
      const before = hook.received.length;
      clock.nowMs += 20_000;
      await use(database, dollars, 'n1', clock.nowMs);
      await watched.look();
      const thresholds = eventsOf(hook)
        .slice(before)
        .map(({ threshold }) => Number(threshold));
      return thresholds.toSorted((a, b) => a - b);
    };
    expect(await look(85)).toEqual([50, 80]);
    state.snapshot = configOf('{ cost: 140, per: month, alert_at: [50, 80] }', [hook]);
    expect(await look(85)).toEqual([]);
    expect(await look(113)).toEqual([80]);
    expect(await look(0)).toEqual([]);
    expect(await look(71)).toEqual([50]);
    await watched.close();
    await database.close();
  });

  test('of a lowered limit come without another use', async () => {
    const hook = startHook();
    const database = await newDatabase();
    const { watched, state, clock } = watch(
      database,
      configOf('{ cost: 100, per: month, alert_at: [50] }', [hook]),
    );
    await use(database, 30);
    await watched.look();
    expect(hook.received).toHaveLength(0);
    clock.nowMs += 3_600_000;
    await watched.look();
    state.snapshot = configOf('{ cost: 60, per: month, alert_at: [50] }', [hook]);
    clock.nowMs += 3_600_000;
    await watched.look();
    expect(eventsOf(hook)).toMatchObject([{ threshold: 50, amount: 60 }]);
    await watched.close();
    await database.close();
  });

  test('without a hook are told to the log, once', async () => {
    const database = await newDatabase();
    const { watched, ended } = watch(database, configOf('{ cost: 100, per: month, alert_at: [80] }'));
    await use(database, 99);
    await watched.look();
    await watched.look();
    expect(ended.map(({ state }) => state)).toEqual(['logged']);
    await watched.close();
    await database.close();
  });

  test('tell that a soft limit is used up, as `limit.exceeded`', async () => {
    const hook = startHook();
    const database = await newDatabase();
    const { watched } = watch(
      database,
      configOf('{ cost: 100, per: month, id: cost/month, on_exceed: warn, alert_at: [90] }', [hook]),
    );
    await use(database, 100);
    await watched.look();
    expect(eventsOf(hook).map(({ event, threshold }) => [event, threshold])).toEqual(
      expect.arrayContaining([
        ['limit.threshold', 90],
        ['limit.exceeded', 100],
      ]),
    );
    await watched.close();
    await database.close();
  });

  test('tell of models without a price once a day, and only hooks that want it', async () => {
    const [all, some] = [startHook(), startHook()];
    const database = await newDatabase();
    const config = snapshotOf(`
providers: []
allow_unauthenticated: true
alerts: [{ url: "${all.url}" }, { url: "${some.url}", events: [limit.threshold] }]`);
    const { watched, clock } = watch(database, config);
    await insertQuarters(database, [{ quarter_ms: NOW_MS, model: 'new', provider: 'p', unpriced: 2 }]);
    await watched.look();
    await watched.look();
    expect(eventsOf(all)).toMatchObject([{ event: 'price.unknown', model: 'new', provider: 'p' }]);
    expect(all.received[0]!.headers.has('x-llm-proxy-signature')).toBe(false);
    expect(some.received).toHaveLength(0);
    clock.nowMs += 86_400_000;
    await insertQuarters(database, [{ quarter_ms: clock.nowMs, model: 'new', provider: 'p', unpriced: 1 }]);
    await watched.look();
    expect(all.received).toHaveLength(2);
    await watched.close();
    await database.close();
  });

  test('tell that a key expires 14, 3 and 1 day before, and once each', async () => {
    const hook = startHook();
    const database = await newDatabase();
    const config = snapshotOf(`
providers: []
master_keys: [{ name: app, key: sk-of-the-app-0123456789, expires_at: "2026-12-01T00:00:00Z" }]
alerts: [{ url: "${hook.url}" }]`);
    const { watched, clock } = watch(database, config);
    for (let hour = 0; hour <= 16 * 24; hour += 6) {
      clock.nowMs = NOW_MS + hour * 3_600_000;
      await watched.look();
    }
    expect(eventsOf(hook)).toMatchObject([
      { event: 'key.expires_soon', key: 'app', days: 14, expires_at: '2026-12-01T00:00:00.000Z' },
      { days: 3 },
      { days: 1 },
    ]);
    await watched.close();
    await database.close();
  });
});
