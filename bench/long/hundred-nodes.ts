/**
 * Simulates a hundred gateways that share limits, and prints the load on the store and the cost on a gateway. Time is virtual,
 * the client of leases is the real one, and the store is a model behind a network that delays, loses and cuts off messages.
 *
 *     bun bench/long/hundred-nodes.ts [--nodes 3,10,100] [--keys 20] [--rate 20] [--seconds 60] [--driver redis|postgres]
 *
 * Each key has a budget, a limit of requests per minute, and slots; one key uses its budget up. In the second and third quarter
 * of the time, a tenth of the nodes is cut off in one direction. With a driver, the calls are repeated at a real store to
 * see how long it takes for one. Exits with 1 if a limit was exceeded.
 */
import { parseArgs } from 'node:util';
import { openLeaseStore } from '../../src/app/lease-store.ts';
import { DEFAULT_SHARED_STATE } from '../../src/config/spend-settings.ts';
import { openDatabase } from '../../src/store/database.ts';
import { migrateUp } from '../../src/store/migrate.ts';
import { startPostgres } from '../../test/e2e/db-postgres.ts';
import { startRedis } from '../../test/e2e/redis-server.ts';
import { Fleet } from '../../test/simulation/fleet.ts';
import type { Call } from '../../test/simulation/lease-store.ts';

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '3,10,100' },
    keys: { type: 'string', default: '20' },
    rate: { type: 'string', default: '20' },
    seconds: { type: 'string', default: '60' },
    driver: { type: 'string' },
  },
});
const [keys, rate, seconds] = [Number(values.keys), Number(values.rate), Number(values.seconds)];
/** So many calls are repeated at a real store. */
const MOST_CALLS = 3000;

let hasFailed = false;
for (const text of values.nodes.split(',')) {
  const nodes = Number(text);
  const calls: Call[] = [];
  const onCall = (call: Call): void => void (calls.length < MOST_CALLS && calls.push(call));
  const cutOff = Math.floor(nodes / 10);
  const run = new Fleet({ nodes, seconds, keys, rate, loss: 0.001, delayMs: 0.25, cutOff, onCall }).run();
  const perSecond = (count: number): number => Math.round(count / seconds);
  const figures = {
    nodes,
    requestsPerSecond: perSecond(run.requests),
    waitedPercent: round2((100 * run.waited) / run.requests),
    callsPerSecond: perSecond(run.calls),
    reportsPerSecond: perSecond(run.reports),
    kilobytesPerSecond: perSecond((run.bytesSent + run.bytesAnswered) / 1000),
    nodeCpuPercent: round2(run.cpuMicros / 1e4 / seconds / nodes),
    cpuMicrosPerRequest: round2(run.cpuMicros / run.requests),
    usedPercent: round2(run.usedPercent),
    over: run.over,
  };
  console.log(JSON.stringify(figures));
  hasFailed ||= Object.values(run.over).some((over) => over > 0);
  if (values.driver === undefined) continue;
  const msPerCall = await repeat(calls, values.driver === 'redis' ? 'redis' : 'postgres');
  const busyPercent = round2((figures.callsPerSecond * msPerCall) / 10);
  console.log(JSON.stringify({ driver: values.driver, nodes, msPerCall: round2(msPerCall), busyPercent }));
}
process.exit(hasFailed ? 1 : 0);

/** Milliseconds for one of these calls, one after the other. */
async function repeat(calls: readonly Call[], driver: 'redis' | 'postgres'): Promise<number> {
  const postgres = await startPostgres();
  const redis = driver === 'redis' ? await startRedis('redis') : undefined;
  const url = await postgres.newDatabase();
  const database = openDatabase(url);
  await migrateUp(database);
  await database.close();
  const opened = await openLeaseStore(
    driver,
    { ...DEFAULT_SHARED_STATE, url: redis?.url, deadlineMs: 5000 },
    url,
  );
  if (typeof opened === 'string') throw new Error(opened);
  const { store } = opened;
  const lives = new Map<string, number>();
  for (const { node } of calls) if (!lives.has(node)) lives.set(node, await store.register(node, '1'));
  const lifeOf = (node: string): number => lives.get(node) ?? 0;
  for (const [node, life] of lives) {
    const first = await store.acquire({ node, life, isTick: true, reports: [] });
    if (first.kind === 'unknown') for (const [one, its] of lives) await store.vouch(one, its, first.era);
  }
  const beganMs = performance.now();
  for (const { node, reports } of calls) {
    const sent = reports.map((report) => ({ ...report, endMs: Infinity }));
    await store.acquire({ node, life: lifeOf(node), isTick: reports.length !== 1, reports: sent });
  }
  const ms = (performance.now() - beganMs) / calls.length;
  await store.close();
  await redis?.stop();
  await postgres.stop();
  return ms;
}

function round2(number: number): number {
  return Math.round(number * 100) / 100;
}
