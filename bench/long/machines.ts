/**
 * Three gateways share one limit while their store is in trouble, with requests that come at a fixed rate.
 *
 *     bun bench/long/machines.ts --driver redis|valkey|postgres [--limit budget|rate|slots]
 *       [--trouble none|store|partition|failover] [--network proxy|namespaces] [--clock-off 300] [--midnight] [--rate 250]
 *       [--seconds 60] [--budget 5] [--slow]
 *
 * `store`: every five seconds it is killed and started again after a second, stopped for 1.5 s, flushed (Redis), and
 * restarted. `partition`: every five seconds a gateway is cut off for two seconds, in one direction, the other, and both: by a
 * proxy that loses bytes, or in network namespaces, which need root; without it that is said, and nothing is measured.
 * `failover`: every five seconds a replica that lacks the last second takes over (Redis), or the database is as it was a second
 * ago. `--clock-off`: the clock of one gateway is so many seconds ahead. `--midnight`: the budget is of a day, and for the other
 * gateways a day ends half-way; `windows` then has the parts of it that were used.
 * The rate is that of each gateway. Prints one line of JSON: `overspentNano`, `spentPercent`, `waitedPercent` (requests that waited for the
 * store until 95 % was spent), `addedMs` (what an answer took besides the provider), `unlimitedMs` (the same of every tenth request,
 * whose key has no limits, as the machine's own noise), `hanging`, and in `store` for how long a metric was wrong about the store, and the most
 * lines a second. For a rate of 100 a second with a burst of 150, it prints what was admitted beyond a single machine's and a second's flow;
 * for 7 slots, the most under way. `--slow` adds which requests took more than 40 ms, and when trouble came.
 *
 * Exits with 1 if anything is overspent or hangs, too little was spent, or the log is flooded.
 */
import { parseArgs } from 'node:util';
import { SQL } from 'bun';
import { join } from 'node:path';
import { startPostgres } from '../../test/e2e/db-postgres.ts';
import { type Answer, Machines, MEAN_NANO, NO_ANSWER, startProvider } from '../../test/e2e/machines.ts';
import { startRedis } from '../../test/e2e/redis-server.ts';
import { NAMESPACES_NET, namespaceNetwork, proxyNetwork, whyNoNamespaces } from './machines/network.ts';
import { StoreWatch } from './machines/store-watch.ts';
import { follow, TROUBLES, type TroubleName } from './machines/trouble.ts';

const { values } = parseArgs({
  options: {
    driver: { type: 'string', default: 'redis' },
    limit: { type: 'string', default: 'budget' },
    trouble: { type: 'string', default: 'none' },
    network: { type: 'string', default: 'proxy' },
    'clock-off': { type: 'string', default: '0' },
    midnight: { type: 'boolean', default: false },
    rate: { type: 'string', default: '250' },
    seconds: { type: 'string', default: '60' },
    budget: { type: 'string' },
    slow: { type: 'boolean', default: false },
  },
});
/** The key under each limit. */
const KEYS: Readonly<Record<string, string>> = { budget: 'mk-app', rate: 'mk-fast', slots: 'mk-slots' };
const key = KEYS[values.limit] ?? 'mk-app';
const isBudget = key === 'mk-app';
/** `mk-fast` and `mk-slots` of the machines. */
const [PER_SECOND, BURST, SLOTS] = [100, 150, 7];
const rate = Number(values.rate);
const seconds = Number(values.seconds);
/** Used up five sixths of the way, so that the end of the budget is seen as well. */
const budgetNano = Math.round(
  values.budget === undefined
    ? (rate * 3 * 0.9 * seconds * MEAN_NANO * 5) / (values.midnight ? 12 : 6)
    : Number(values.budget) * 1e9,
);
/** How far ahead the clocks of all gateways are. */
let clockBaseMs: number | undefined;
const isInNamespaces = values.network === 'namespaces';
const problem = isInNamespaces ? whyNoNamespaces() : undefined;
if (problem !== undefined) {
  console.log(`skipped: network namespaces cannot be made here (${problem})`);
  process.exit(0);
}

const kind = values.driver === 'valkey' ? 'valkey' : 'redis';
const open = isInNamespaces ? ['--bind', '0.0.0.0', '--protected-mode', 'no'] : [];
const redis = values.driver === 'postgres' ? undefined : await startRedis(kind, { settings: open });
const replica =
  redis === undefined || values.trouble !== 'failover'
    ? undefined
    : await startRedis(kind, { settings: open });
if (redis !== undefined && replica !== undefined) await follow(replica, redis);
const postgres = await startPostgres({ network: isInNamespaces ? NAMESPACES_NET : undefined });
let storePort = redis?.port ?? postgres.port;
const network = isInNamespaces ? namespaceNetwork(3, storePort) : proxyNetwork(() => storePort);
const provider = startProvider(network.host);
const databaseUrl = await postgres.newDatabase();
const at = redis === undefined ? network.store : { host: network.host, port: postgres.port };
const machines = await Machines.start({
  dbUrl: databaseUrl.replace(`127.0.0.1:${postgres.port}/`, `${at.host}:${at.port}/`),
  provider,
  shared:
    redis === undefined
      ? '{ driver: postgres }'
      : `{ driver: redis, url: "redis://${network.store.host}:${network.store.port}" }`,
  workers: 1,
  budgetNano,
  per: values.midnight ? 'day' : 'month',
  onStart: network.expect,
  placeOf: (machine) => ({
    host: network.addressOf(machine),
    launcher: network.launcherOf(machine),
    env: clockOf(machine),
  }),
});

/** Every tenth request has no limits: what it takes is not for the store. */
const UNLIMITED_EVERY = 10;
const WARM_UP_REQUESTS = 3000;
const answers: Answer[] = [];
const unlimited: Answer[] = [];
let hanging = 0;
let waitsAt95 = 0;
let requestsAt95 = 0;
const load = { isOver: false };
/** With `--slow`: requests that took more than 40 ms, each with when it was sent, its status, what it took, and its key; and when trouble came. */
const slow: unknown[] = [];
const events: unknown[] = [];
let beganAt = 0;
await warmUp();
const watch = new StoreWatch(machines.nodes);
const troubled = trouble(values.trouble as TroubleName);
await runLoad();
load.isOver = true;
await troubled;
const storeFigures = await watch.stop();
const spent = provider.spent('bench');
const windows = values.midnight ? await usedOfWindows() : [];
report();
await machines.stop();
provider.stop();
network.stop();
await Promise.all([redis?.stop(), replica?.stop()]);
await postgres.stop();
process.exit(hasFailed() ? 1 : 0);

/** The first thousand requests of a gateway take longer. */
async function warmUp(): Promise<void> {
  let sent = 0;
  const clients = Array.from({ length: 12 }, async () => {
    while (sent < WARM_UP_REQUESTS) await machines.ask(sent++ % 3, 'mk-free', 'warm-up');
  });
  await Promise.all(clients);
}

/** Sends at a fixed rate, whether or not requests are answered. */
async function runLoad(): Promise<void> {
  const beganMs = performance.now();
  beganAt = beganMs;
  const underWay = new Set<Promise<unknown>>();
  let sent = 0;
  while (performance.now() - beganMs < seconds * 1000) {
    const due = ((performance.now() - beganMs) / 1000) * rate * 3;
    for (; sent < due; sent++) {
      const asking = sendOne(sent);
      underWay.add(asking);
      void asking.finally(() => underWay.delete(asking));
    }
    if (isBudget && requestsAt95 === 0 && provider.spent('bench') > 0.95 * budgetNano) await noteWaits();
    await Bun.sleep(4);
  }
  await Promise.race([Promise.all(underWay), Bun.sleep(10_000)]);
  hanging = underWay.size;
}

async function sendOne(number: number): Promise<void> {
  const isUnlimited = number % UNLIMITED_EVERY === 0;
  const [asKey, model, all] = isUnlimited ? ['mk-free', 'free', unlimited] : [key, 'bench', answers];
  const sentMs = performance.now();
  const answer = await machines.ask(number % 3, asKey, model).catch(() => NO_ANSWER);
  all.push(answer);
  if (values.slow && answer.addedMs > 40 && answer.status !== 429)
    slow.push([Math.round(sentMs - beganAt), answer.status, Math.round(answer.addedMs), asKey]);
}

async function noteWaits(): Promise<void> {
  requestsAt95 = answers.length;
  for (const { url } of machines.nodes) {
    const text = await (await fetch(`${url}/metrics`)).text();
    waitsAt95 += Number(/llm_proxy_lease_waits_total (\d+)/.exec(text)?.[1] ?? 0);
  }
}

async function trouble(name: TroubleName): Promise<void> {
  if (name === 'none') return;
  const leadTo = (port: number): void => void (storePort = port);
  const stage = { redis, replica, postgres, network, leadTo, changed: watch.changed };
  for (let round = 0; !load.isOver; round++) {
    await Bun.sleep(3500);
    if (load.isOver) return;
    events.push([round, Math.round(performance.now() - beganAt)]);
    await TROUBLES[name](stage, round);
  }
}

/** The last gateway may be ahead. With `--midnight`, a day of the others ends half-way. */
function clockOf(machine: number): Record<string, string> {
  const DAY_MS = 86_400_000;
  const START_MS = 25_000;
  clockBaseMs ??= values.midnight ? DAY_MS - ((Date.now() + START_MS + seconds * 500) % DAY_MS) : 0;
  const offMs = clockBaseMs + (machine === 2 ? Number(values['clock-off']) * 1000 : 0);
  if (offMs === 0) return {};
  const preload = join(import.meta.dir, 'machines', 'clock-off.ts');
  return { BENCH_CLOCK_OFF_MS: String(offMs), BUN_OPTIONS: `--preload ${preload}` };
}

/** The parts of the budget that were used in each day, once the ledger has everything. */
async function usedOfWindows(): Promise<number[]> {
  await Bun.sleep(3000);
  const sql = new SQL(databaseUrl, { max: 1 });
  const rows: { used: string }[] = await sql`select sum(used)::text as used from counter_windows
    where counter like '%app/cost/day%' group by window_ms order by window_ms`;
  await sql.close();
  return rows.map(({ used }) => Number(used) / budgetNano);
}

function report(): void {
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  const { driver, limit, trouble, network } = values;
  console.log(
    JSON.stringify({
      driver,
      limit,
      trouble,
      ...(trouble === 'partition' && { network }),
      ...(values['clock-off'] !== '0' && { clockOffSeconds: Number(values['clock-off']) }),
      rate,
      seconds,
      ...(isBudget
        ? budgetFigures()
        : limit === 'rate'
          ? rateFigures()
          : { slots: SLOTS, most: mostUnderWay() }),
      statuses: counts,
      addedMs: summary(answers.filter(({ status }) => status === 200)),
      refusedMs: summary(answers.filter(({ status }) => status !== 200)),
      unlimitedMs: summary(unlimited),
      ...(values.slow && { slow: JSON.stringify(slow), events: JSON.stringify(events) }),
      hanging: hangingRequests(),
      store: storeFigures,
    }),
  );
}

function budgetFigures(): Record<string, number | null | readonly number[]> {
  return {
    budget: budgetNano / 1e9,
    spent: spent / 1e9,
    spentPercent: round2((spent / budgetNano) * 100),
    overspentNano: values.midnight ? 0 : Math.max(0, spent - budgetNano),
    ...(values.midnight && { windows: windows.map((part) => Math.round(part * 1e6) / 1e6) }),
    waitedPercent: requestsAt95 === 0 ? null : round2((waitsAt95 / requestsAt95) * 100),
  };
}

function rateFigures(): Record<string, number> {
  const times = provider.startedMs('bench').toSorted((a, b) => a - b);
  const lastedMs = (times.at(-1) ?? 0) - (times[0] ?? 0);
  const most = BURST + (PER_SECOND * lastedMs) / 1000;
  return {
    admitted: times.length,
    oneMachine: Math.floor(most),
    beyondOneMachine: Math.ceil(beyondBucket(times)),
  };
}

/** The most that was under way beyond a bucket that refills all the time, of requests that came then. */
function beyondBucket(times: readonly number[]): number {
  let [level, lastMs, worst] = [0, 0, -Infinity];
  for (const ms of times) {
    level = Math.max(0, level - ((ms - lastMs) * PER_SECOND) / 1000) + 1;
    lastMs = ms;
    worst = Math.max(worst, level - BURST);
  }
  return Math.max(0, worst);
}

function mostUnderWay(): number {
  return provider.mostUnderWay('bench');
}

function hangingRequests(): number {
  return hanging + answers.filter(({ status, ms }) => status === 0 || ms > 5000).length;
}

function summary(meant: readonly Answer[]): Record<string, number> {
  const sorted = meant.map(({ addedMs }) => addedMs).toSorted((a, b) => a - b);
  const at = (part: number): number => round2(sorted[Math.floor(sorted.length * part)] ?? 0);
  return { p50: at(0.5), p99: at(0.99), p999: at(0.999), max: round2(sorted.at(-1) ?? 0) };
}

function round2(number: number): number {
  return Math.round(number * 100) / 100;
}

function hasFailed(): boolean {
  if (hangingRequests() > 0 || storeFigures.linesASecond > 1) return true;
  if (values.midnight) return windows.length !== 2 || windows.some((part) => part > 1 || part < 0.99);
  if (isBudget) return spent > budgetNano || spent < 0.99 * budgetNano;
  // While a gateway is alone, or a store is lost, a share more may be used at once.
  const isCalm = values.trouble === 'none';
  if (values.limit === 'slots') return isCalm && mostUnderWay() !== SLOTS;
  const { admitted = 0, oneMachine = 0, beyondOneMachine = 0 } = rateFigures();
  return beyondOneMachine > PER_SECOND + (isCalm ? 0 : BURST) || (isCalm && admitted < 0.93 * oneMachine);
}
