/**
 * Three gateways spend one budget together while their store is in trouble, with requests that come at a fixed rate.
 *
 *     bun bench/long/machines.ts --driver redis|valkey|postgres [--trouble none|store|partition] [--rate 250] [--seconds 60]
 *
 * `store`: every five seconds it is killed and started again after a second, stopped for 1.5 s, flushed (Redis), and
 * restarted. `partition`: every five seconds a gateway is cut off for two seconds, in one direction, the other, and both.
 * The rate is that of each gateway. Exits with 1 if anything is overspent, hangs, or if too little was spent.
 */
import { parseArgs } from 'node:util';
import { startPostgres, type TestPostgres } from '../../test/e2e/db-postgres.ts';
import { type Cut, DroppingProxy } from '../../test/e2e/dropping-proxy.ts';
import { type Answer, Machines, MEAN_NANO, NO_ANSWER, startProvider } from '../../test/e2e/machines.ts';
import { startRedis, type TestRedis } from '../../test/e2e/redis-server.ts';

const { values } = parseArgs({
  options: {
    driver: { type: 'string', default: 'redis' },
    trouble: { type: 'string', default: 'none' },
    rate: { type: 'string', default: '250' },
    seconds: { type: 'string', default: '60' },
    budget: { type: 'string' },
  },
});
const rate = Number(values.rate);
const seconds = Number(values.seconds);
/** Used up five sixths of the way, so that the end of the budget is seen as well. */
const budgetNano = Math.round(
  values.budget === undefined ? (rate * 3 * seconds * MEAN_NANO * 5) / 6 : Number(values.budget) * 1e9,
);

const postgres = await startPostgres();
const redis =
  values.driver === 'postgres'
    ? undefined
    : await startRedis(values.driver === 'valkey' ? 'valkey' : 'redis');
const proxy = new DroppingProxy(redis?.port ?? postgres.port);
const provider = startProvider();
const dbUrl = await postgres.newDatabase();
const machines = await Machines.start({
  dbUrl: redis === undefined ? dbUrl.replace(`:${postgres.port}/`, `:${proxy.port}/`) : dbUrl,
  provider,
  shared:
    redis === undefined
      ? '{ driver: postgres }'
      : `{ driver: redis, url: "${redis.url.replace(String(redis.port), String(proxy.port))}" }`,
  workers: 1,
  budgetNano,
  onStart: (machine) => proxy.expect(machine),
});

const answers: Answer[] = [];
let waitsAt95 = 0;
let requestsAt95 = 0;
const load = { isOver: false };
const troubled = values.trouble === 'none' ? Promise.resolve() : trouble(values.trouble === 'partition');
await runLoad();
load.isOver = true;
await troubled;
const spent = provider.spent('bench');
report();
await machines.stop();
provider.stop();
proxy.stop();
await redis?.stop();
await postgres.stop();
process.exit(hasFailed() ? 1 : 0);

/** Sends at a fixed rate, whether or not requests are answered. */
async function runLoad(): Promise<void> {
  const beganMs = performance.now();
  const underWay = new Set<Promise<unknown>>();
  let sent = 0;
  while (performance.now() - beganMs < seconds * 1000) {
    const due = ((performance.now() - beganMs) / 1000) * rate * 3;
    for (; sent < due; sent++) {
      const asking = machines.ask(sent % 3, 'mk-app', 'bench').then(
        (answer) => answers.push(answer),
        () => answers.push(NO_ANSWER),
      );
      underWay.add(asking);
      void asking.finally(() => underWay.delete(asking));
    }
    if (requestsAt95 === 0 && provider.spent('bench') > 0.95 * budgetNano) await noteWaits();
    await Bun.sleep(4);
  }
  await Promise.race([Promise.all(underWay), Bun.sleep(10_000)]);
  if (underWay.size > 0) console.log(`HANGING: ${underWay.size}`);
}

async function noteWaits(): Promise<void> {
  requestsAt95 = answers.length;
  for (const { url } of machines.nodes) {
    const text = await (await fetch(`${url}/metrics`)).text();
    waitsAt95 += Number(/llm_proxy_lease_waits_total (\d+)/.exec(text)?.[1] ?? 0);
  }
}

async function trouble(isPartition: boolean): Promise<void> {
  const cuts: readonly Cut[] = ['to the server', 'to the client', 'both ways'];
  for (let round = 0; !load.isOver; round++) {
    await Bun.sleep(3500);
    if (load.isOver) return;
    if (isPartition) {
      proxy.cut(round % 3, cuts[Math.floor(round / 3) % 3] ?? 'both ways');
      await Bun.sleep(2000);
      proxy.heal(round % 3);
    } else await (redis === undefined ? troublePostgres(postgres, round) : troubleRedis(redis, round));
  }
}

async function troubleRedis(server: TestRedis, round: number): Promise<void> {
  switch (round % 4) {
    case 0:
      await server.crash();
      await Bun.sleep(1000);
      return server.restart();
    case 1:
      server.freeze();
      await Bun.sleep(1500);
      return server.thaw();
    case 2:
      return void (await server.command('FLUSHALL'));
    default:
      await server.crash();
      return server.restart();
  }
}

async function troublePostgres(server: TestPostgres, round: number): Promise<void> {
  if (round % 2 === 1) {
    server.freeze();
    await Bun.sleep(1500);
    return server.thaw();
  }
  await server.crash();
  await Bun.sleep(round % 4 === 0 ? 1000 : 0);
  await server.restart();
}

function report(): void {
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  const times = (ofStatus: (status: number) => boolean) =>
    answers.filter(({ status }) => ofStatus(status)).map(({ ms }) => ms);
  const [ok, refused] = [times((status) => status === 200), times((status) => status !== 200)];
  console.log(
    JSON.stringify({
      driver: values.driver,
      trouble: values.trouble,
      rate,
      seconds,
      budget: budgetNano / 1e9,
      spent: spent / 1e9,
      spentPercent: round2((spent / budgetNano) * 100),
      overspentNano: Math.max(0, spent - budgetNano),
      waitedPercent: requestsAt95 === 0 ? null : round2((waitsAt95 / requestsAt95) * 100),
      statuses: counts,
      servedMs: summary(ok),
      refusedMs: summary(refused),
    }),
  );
}

function summary(times: readonly number[]): Record<string, number> {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (part: number): number => round2(sorted[Math.floor(sorted.length * part)] ?? 0);
  return { p50: at(0.5), p99: at(0.99), p999: at(0.999), max: round2(sorted.at(-1) ?? 0) };
}

function round2(number: number): number {
  return Math.round(number * 100) / 100;
}

function hasFailed(): boolean {
  const isHanging = answers.some(({ status, ms }) => status === 0 || ms > 5000);
  return spent > budgetNano || spent < 0.99 * budgetNano || isHanging;
}
