/**
 * Measures the latency of a request with six limits that two gateways share, against a gateway that counts for itself, how
 * long a drained route takes to reach the other gateway, and how long a request waits for what the other gateway has to give back.
 *
 *     bun bench/leased.ts [--drivers postgres,redis,valkey] [--rounds 3] [--seconds 1]
 *
 * One request at a time, so that nothing but the gateway and the provider is in it. Exits with 1 above 0.1 ms more, if the
 * median drain takes longer than 250 ms, or a request waits longer than 550 ms.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startPostgres, type TestPostgres } from '../test/e2e/db-postgres.ts';
import { ADMIN_KEY, type DatabaseGateway, startDatabaseGateway, timeUntil } from '../test/e2e/db-program.ts';
import { startProcess } from '../test/e2e/process.ts';
import { startRedis, type TestRedis } from '../test/e2e/redis-server.ts';
import { BENCH_KEY, BENCH_MODEL, chatBody, CHAT_PATH, requestHeaders } from './load/request.ts';
import { SIX_LIMITS } from './load/six-limits.ts';
import { saturate } from './load/saturate.ts';
import { alternate } from './measure/alternate.ts';
import { PROXY_CORE } from './measure/pinned.ts';
import { medianOf, type Spread, spreadOf } from './measure/statistics.ts';
import { withBench, type Bench } from './work/bench.ts';

const text = { type: 'string' } as const;
const { values } = parseArgs({ options: { drivers: text, rounds: text, seconds: text } });
const drivers = (values.drivers ?? 'postgres,redis,valkey').split(',');
const rounds = Number(values.rounds ?? 3);
const WARM_UP_SECONDS = 4;
const [MOST_MORE_MICROS, MOST_DRAIN_MS, DRAINS, MOST_RECALL_MS, RECALLS] = [100, 250, 20, 550, 6];

const passed = await withBench(Number(values.seconds ?? 1), async (bench) => {
  const postgres = await startPostgres();
  const alone: DatabaseGateway[] = [];
  try {
    alone.push(...(await startGateways(bench, postgres, { names: ['alone'], shared: '{ driver: none }' })));
    const results = [];
    for (const driver of drivers) results.push(await measure(bench, postgres, { driver, alone: alone[0]! }));
    return results.every(Boolean);
  } finally {
    await stopAll(alone);
    await postgres.stop();
  }
});
process.exit(passed ? 0 : 1);

interface Contest {
  readonly driver: string;
  readonly alone: DatabaseGateway;
}

async function measure(bench: Bench, postgres: TestPostgres, { driver, alone }: Contest): Promise<boolean> {
  const redis = driver === 'postgres' ? undefined : await startRedis(driver === 'redis' ? 'redis' : 'valkey');
  const shared = redis === undefined ? '{ driver: postgres }' : `{ driver: redis, url: "${redis.url}" }`;
  const nodes = await startGateways(bench, postgres, { names: [`${driver}-a`, `${driver}-b`], shared });
  try {
    const micros: Record<'alone' | 'leased', number[]> = { alone: [], leased: [] };
    const gateways = { alone, leased: nodes[0]! };
    for (const gateway of Object.values(gateways))
      await latencyOf({ ...bench, seconds: WARM_UP_SECONDS }, gateway, 64);
    const waitsBefore = await waitsOf(gateways.leased);
    for (let round = 0; round < rounds; round++)
      for (const name of alternate(['alone', 'leased'] as const))
        micros[name].push(await latencyOf(bench, gateways[name]));
    const waits = (await waitsOf(gateways.leased)) - waitsBefore;
    const [single, leased] = [medianOf(micros.alone), medianOf(micros.leased)];
    const drains = spreadOf(await drainTimes(nodes));
    const recalls = spreadOf(await recallTimes(nodes));
    console.log(
      `${driver}: p50 of a leased request ${leased} µs, of a single machine's ${single} µs, ${waits} waited for the store; ` +
        `a drain reaches the other gateway in ${told(drains)}; what it holds idle comes back in ${told(recalls)}`,
    );
    const isSoon = drains.median <= MOST_DRAIN_MS && recalls.max <= MOST_RECALL_MS;
    return isSoon && leased - single <= MOST_MORE_MICROS;
  } finally {
    await stopAll(nodes, redis);
  }
}

interface Start {
  readonly names: readonly string[];
  /** `shared_state`, as YAML. */
  readonly shared: string;
}

/** Starts gateways on a new database. */
async function startGateways(
  { folder, upstreamPort }: Bench,
  postgres: TestPostgres,
  { names, shared }: Start,
): Promise<DatabaseGateway[]> {
  const file = join(folder, 'config.yaml');
  await Bun.write(
    file,
    `providers: [{ name: mock, api_base: "http://127.0.0.1:${upstreamPort}/v1", api_key: sk-mock }]
models: { ${BENCH_MODEL}: { routes: [{ provider: mock, model: bench-upstream }] } }
workers: 1
shared_state: ${shared}
prices: { models: { "mock/*": { input: 3, output: 15 } } }
master_keys:
  - name: bench
    key: ${BENCH_KEY}
    limits: ${SIX_LIMITS}
${Array.from({ length: RECALLS }, (_, index) => `  - { name: few-${index}, key: sk-few-${index}, limits: [{ tokens: 10000, per: day, hold: maximum }] }`).join('\n')}
`,
  );
  const dbUrl = await postgres.newDatabase();
  const imported = startProcess(['import', file], { cwd: folder, env: { DB_URL: dbUrl, ADMIN_KEY } });
  if ((await imported.exited) !== 0) throw new Error(`the import failed: ${imported.stderr()}`);
  const gateways = await Promise.all(
    names.map((name) => {
      const own = join(folder, name);
      return startDatabaseGateway({ dbUrl, folder: own, env: { LLM_PROXY_DATA_DIR: own } });
    }),
  );
  for (const { program } of gateways)
    Bun.spawnSync(['taskset', '-a', '-c', '-p', PROXY_CORE, String(program.pid)]);
  return gateways;
}

/** The median of requests that are sent one after the other on each connection, in microseconds. */
async function latencyOf(
  { folder, seconds }: Bench,
  gateway: DatabaseGateway,
  connections = 1,
): Promise<number> {
  const bodyFile = join(folder, 'body.json');
  await Bun.write(bodyFile, chatBody(60));
  const peer = {
    name: gateway.url,
    port: Number(new URL(gateway.url).port),
    pid: gateway.program.pid,
    headers: {},
    startMs: 0,
    stop: () => Promise.resolve(),
  };
  const { p50, faults } = await saturate({ peer, bodyFile, connections, seconds });
  if (faults > 0) throw new Error(`${faults} faults`);
  return p50;
}

async function waitsOf({ url }: DatabaseGateway): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  return Number(/llm_proxy_lease_waits_total (\d+)/.exec(metrics)?.[1] ?? 0);
}

/** Drains the route at one gateway and resumes it, and waits each time until the other one has it so. */
async function drainTimes([first, second]: readonly DatabaseGateway[]): Promise<number[]> {
  const times: number[] = [];
  const route = async (): Promise<{ readonly id: string; readonly state: string }> => {
    const { routes } = (await second!.admin('GET', '/routes')) as { routes: { id: string; state: string }[] };
    return routes[0]!;
  };
  const { id } = await route();
  for (let count = 0; count < DRAINS; count++) {
    const [verb, state] = count % 2 === 0 ? ['drain', 'draining'] : ['resume', 'available'];
    // The readings of the other gateway come at any time.
    await Bun.sleep(200 + Math.random() * 200);
    await first!.admin('POST', `/routes/${id}/${verb}`);
    times.push(await timeUntil(async () => (await route()).state === state));
  }
  return times;
}

/** One gateway reserves a part of a limit, and the other one needs nearly all of it for a request. */
async function recallTimes([first, second]: readonly DatabaseGateway[]): Promise<number[]> {
  const times: number[] = [];
  for (let count = 0; count < RECALLS; count++) {
    const key = `sk-few-${count}`;
    await askFor(first!, key, 1);
    await Bun.sleep(800 + Math.random() * 250);
    const beganMs = performance.now();
    await askFor(second!, key, 9000);
    times.push(Math.round(performance.now() - beganMs));
  }
  return times;
}

async function askFor({ url }: DatabaseGateway, key: string, mostTokens: number): Promise<void> {
  const response = await fetch(`${url}${CHAT_PATH}`, {
    method: 'POST',
    headers: requestHeaders({ authorization: `Bearer ${key}` }),
    body: JSON.stringify({ ...JSON.parse(chatBody(60)), max_tokens: mostTokens }),
  });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
}

function told({ median, min, max }: Spread): string {
  return `${median} ms (${min}–${max})`;
}

async function stopAll(gateways: readonly DatabaseGateway[], redis?: TestRedis): Promise<void> {
  for (const { program } of gateways) program.kill('SIGKILL');
  await Promise.all(gateways.map(({ program }) => program.exited));
  await redis?.stop();
}
