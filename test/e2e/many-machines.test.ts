import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { hostname } from 'node:os';
import { parseRedisUrl } from '../../src/lib/redis-url.ts';
import { RedisConnection } from '../../src/redis/connection.ts';
import { startPostgres, type TestPostgres } from './db-postgres.ts';
import { ADMIN_KEY, timeUntil } from './db-program.ts';
import { type Answer, BUDGET_NANO, Machines, type SpendingProvider, startProvider } from './machines.ts';
import { startProcess } from './process.ts';
import { findServer, REDIS_KINDS, startRedis, type TestRedis } from './redis-server.ts';

let postgres: TestPostgres;
let provider: SpendingProvider;
let machines: Machines | undefined;
/** A connection that nothing is sent over while the other tests run, and its id. */
let idle: { readonly server: TestRedis; readonly redis: RedisConnection; readonly id: unknown } | undefined;

beforeAll(async () => {
  idle = findServer('redis') === undefined ? undefined : await startIdle();
  postgres = await startPostgres();
  provider = startProvider();
});
afterAll(async () => {
  await machines?.stop();
  await postgres.stop();
  provider.stop();
  idle?.redis.close();
  await idle?.server.stop();
});

async function startIdle() {
  const server = await startRedis('redis');
  const address = parseRedisUrl(server.url);
  if (typeof address === 'string') throw new Error(address);
  const redis = new RedisConnection({ address, deadlineMs: 20_000 });
  return { server, redis, id: await redis.send('CLIENT', ['ID']) };
}

/** Ends the machines of the tests before. */
async function start(shared: string, workers = 1): Promise<Machines> {
  await machines?.stop();
  machines = await Machines.start({ dbUrl: await postgres.newDatabase(), provider, shared, workers });
  return machines;
}

function statusesOf(answers: readonly Answer[], ...ignored: readonly number[]): number[] {
  const statuses = new Set(answers.map(({ status }) => status));
  return [...statuses].filter((status) => !ignored.includes(status)).sort((a, b) => a - b);
}

/** Tests that hold for every store, with three machines for most of them. `shared` is `shared_state`. */
function sharing(name: string, shared: () => string): void {
  let own: Machines;

  test('spend one budget together, to its end and never beyond', async () => {
    own = await start(shared());
    const { nodes, useUp, ask } = bound(own);
    const model = `${name}-budget`;
    expect(statusesOf(await useUp('mk-app', model))).toEqual([200, 429]);
    const listed = (await nodes[0]!.admin('GET', '/nodes')) as {
      nodes: { id: string; host: string; state: string; starts: number; is_this: boolean }[];
      leases: { is_up: boolean; claims: object[] } | null;
    };
    expect(listed.nodes.filter((node) => node.is_this)).toHaveLength(1);
    expect(new Set(listed.nodes.map(({ host }) => host))).toEqual(new Set([hostname()]));
    expect(listed.leases).toMatchObject({ is_up: true });
    expect(listed.nodes.map(({ state, starts }) => [state, starts])).toEqual([
      ['live', 1],
      ['live', 1],
      ['live', 1],
    ]);
    // A gateway learns what others have used when it asks.
    await timeUntil(async () => {
      await ask(0, 'mk-app', model);
      const { limits } = (await nodes[0]!.admin('GET', '/limits')) as {
        limits: { counter: string; counted_by: string; used: number }[];
      };
      const budget = limits.find((limit) => limit.counter.includes('app/cost/month'))!;
      expect(budget.counted_by).toBe('all machines');
      return Math.abs(budget.used - provider.spent(model) / 1e9) < 1e-9;
    });
    const metrics = await (await fetch(`${nodes[0]!.url}/metrics`)).text();
    expect(metrics).toContain('llm_proxy_lease_store_up 1\n');
    expect(metrics).toContain('llm_proxy_nodes 3\n');
    expect(provider.spent(model)).toBeLessThanOrEqual(BUDGET_NANO);
    expect(provider.spent(model)).toBeGreaterThanOrEqual(0.99 * BUDGET_NANO);
    const { id } = listed.nodes.find((node) => node.is_this)!;
    const refusalOf = (node: string): Promise<string> =>
      nodes[1]!.admin('POST', `/nodes/${node}/release`).then(String, String);
    // On a busy machine a gateway may look silent for a moment.
    await timeUntil(async () => (await refusalOf(id)).includes('409'), 60_000);
    expect(await refusalOf('another')).toContain('404');
  }, 180_000);

  test('share limits under a day, slots, and limits that warn', async () => {
    const { nodes, useUp, ask } = bound(own);
    let isOver = false;
    const startedAtMs = performance.now();
    // The tokens that flow in meanwhile may be used, too.
    const served = async (key: string, units: number, perSecond: number): Promise<void> => {
      // The rest of another machine's lease comes back to the others after a moment.
      const answers = await useUp(key, `${name}-${key}`, (row) => row >= 15);
      expect(statusesOf(answers)).toEqual([200, 429]);
      const inflow = Math.ceil((perSecond * (performance.now() - startedAtMs)) / 1000);
      expect(answers.filter(({ status }) => status === 200).length).toBeWithin(units, units + inflow + 1);
    };
    await Promise.all([
      served('mk-minute', 60, 1),
      served('mk-hour', 40, 40 / 3600),
      served('mk-rate', 30, 0.5),
    ]);
    const tokens = await useUp('mk-tokens', `${name}-tokens`);
    expect(statusesOf(tokens)).toEqual([200, 429]);
    const slots = useUp('mk-slots', `${name}-slots`, () => isOver);
    await timeUntil(async () => provider.mostUnderWay(`${name}-slots`) >= 7);
    await Bun.sleep(500);
    isOver = true;
    await slots;
    expect(provider.mostUnderWay(`${name}-slots`)).toBe(7);
    const { limits } = (await nodes[0]!.admin('GET', '/limits')) as {
      limits: { counter: string; counted_by: string }[];
    };
    for (const limit of limits) expect(limit).toMatchObject({ counted_by: 'all machines' });
    for (let count = 0; count < 30; count++) await ask(count % 3, 'mk-warn', `${name}-warn`);
    const warned = await timeUntil(async () => {
      const { status, headers } = await ask(1, 'mk-warn', `${name}-warn`);
      expect(status).toBe(200);
      return headers.get('x-llm-proxy-warning') === 'limit requests/day/warn over 100 %';
    });
    expect(warned).toBeLessThan(20_000);
  }, 180_000);

  test('give and take back a limit on all of them when it is adjusted', async () => {
    const { nodes, useUp, ask } = bound(own);
    const model = `${name}-adjust`;
    await useUp('mk-day', model);
    const [first] = nodes;
    const { limits } = (await first!.admin('GET', '/limits')) as { limits: { counter: string }[] };
    const counter = limits.find((limit) => limit.counter.includes('day/requests/day'))!.counter;
    await first!.admin('POST', '/limits/adjust', { counter, reset: true, reason: 'test' });
    for (const index of nodes.keys()) {
      const ms = await timeUntil(async () => (await ask(index, 'mk-day', model)).status === 200);
      expect(ms).toBeLessThan(20_000);
    }
  }, 180_000);

  test('keep a budget while one is killed and another one is replaced', async () => {
    const { nodes, useUp } = bound(own);
    const model = `${name}-replaced`;
    let isOver = false;
    const trouble = (async () => {
      await Bun.sleep(500);
      nodes[0]!.program.kill('SIGKILL');
      await nodes[0]!.program.exited;
      nodes[0] = await own.startNode('a');
      await Bun.sleep(300);
      nodes[1]!.program.kill('SIGTERM');
      await nodes[1]!.program.exited;
      nodes[1] = await own.startNode('b');
      isOver = true;
    })();
    const answers = await useUp('mk-other', model, (row) => isOver && row >= 8);
    await trouble;
    expect(statusesOf(answers, 0, 503)).toEqual([200, 429]);
    expect(provider.spent(model)).toBeLessThanOrEqual(BUDGET_NANO);
    // Of the requests that were lost, the whole hold counts.
    expect(provider.spent(model)).toBeGreaterThanOrEqual(0.95 * BUDGET_NANO);
  }, 180_000);

  test('with several workers each, admit exactly as many requests as a day allows', async () => {
    const { useUp } = bound(await start(shared(), 2));
    const answers = await useUp('mk-day', `${name}-day`);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(60);
    expect(statusesOf(answers)).toEqual([200, 429]);
  }, 180_000);
}

/** Uses the budget up while `trouble` happens to the store, and shows that nothing hangs and nothing is overspent. */
async function survive(shared: string, model: string, trouble: () => Promise<void>): Promise<void> {
  const { useUp } = bound(await start(shared));
  let isOver = false;
  const troubled = trouble().then(() => {
    isOver = true;
  });
  const answers = await useUp('mk-app', model, (row) => isOver && row >= 8);
  await troubled;
  expect(statusesOf(answers, 503)).toEqual([200, 429]);
  expect(Math.max(...answers.map(({ ms }) => ms))).toBeLessThan(20_000);
  expect(provider.spent(model)).toBeLessThanOrEqual(BUDGET_NANO);
  expect(provider.spent(model)).toBeGreaterThanOrEqual(0.98 * BUDGET_NANO);
}

function bound(own: Machines) {
  return { nodes: own.nodes, useUp: own.useUp.bind(own), ask: own.ask.bind(own) };
}

describe('three machines on one PostgreSQL', () => {
  sharing('pg', () => '{ driver: postgres, deadline_ms: 5000 }');

  test('of a lost one, the command frees the leases', async () => {
    const { nodes, folder, dbUrl } = machines!;
    const run = async (...args: string[]) => {
      const command = startProcess(['nodes', ...args], { cwd: folder, env: { DB_URL: dbUrl, ADMIN_KEY } });
      return { code: await command.exited, text: command.stdout() + command.stderr() };
    };
    const { nodes: listed } = (await nodes[2]!.admin('GET', '/nodes')) as {
      nodes: { id: string; is_this: boolean }[];
    };
    const { id } = listed.find((node) => node.is_this)!;
    await timeUntil(async () => (await run('release', id)).text.includes('is running'), 60_000);
    nodes[2]!.program.kill('SIGKILL');
    await timeUntil(async () => (await run('list')).text.includes(`${id}  silent`), 60_000);
    expect(await run('release', id)).toEqual({
      code: 0,
      text: `The leases of the gateway ${id} are free.\n`,
    });
    expect((await run('list')).text).toContain(`${id}  gone`);
  }, 120_000);

  test('never hang and never overspend while the database is killed, stopped and started', async () => {
    await survive('{ driver: postgres }', 'pg-trouble', async () => {
      for (let round = 0; round < 3; round++) {
        await Bun.sleep(700);
        if (round === 1) {
          postgres.freeze();
          await Bun.sleep(1500);
          postgres.thaw();
        } else {
          await postgres.crash();
          await Bun.sleep(800);
          await postgres.restart();
        }
      }
    });
  }, 180_000);
});

for (const kind of REDIS_KINDS) {
  describe.skipIf(findServer(kind) === undefined)(`three machines with ${kind}`, () => {
    let redis: TestRedis;
    beforeAll(async () => {
      redis = await startRedis(kind);
    });
    afterAll(() => redis.stop());

    sharing(kind, () => `{ driver: redis, url: "${redis.url}", deadline_ms: 5000 }`);

    test('never hang and never overspend while it is flushed, killed and stopped', async () => {
      await survive(`{ driver: redis, url: "${redis.url}" }`, `${kind}-trouble`, async () => {
        await Bun.sleep(700);
        await redis.command('FLUSHALL');
        await Bun.sleep(700);
        await redis.crash();
        await Bun.sleep(800);
        const listed = (await machines!.nodes[0]!.admin('GET', '/nodes')) as { nodes: object[] };
        expect(listed).toMatchObject({ leases: { is_up: false } });
        expect(listed.nodes).toHaveLength(3);
        await redis.restart();
        await Bun.sleep(700);
        redis.freeze();
        await Bun.sleep(1500);
        redis.thaw();
      });
    }, 180_000);
  });
}

test.skipIf(findServer('redis') === undefined)(
  'a connection to Redis is still open after a minute in which nothing was sent',
  async () => {
    expect(await idle!.redis.send('CLIENT', ['ID'])).toBe(idle!.id);
  },
);
