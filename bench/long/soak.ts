/**
 * Sends every kind of request through a gateway for a while and checks whether anything is left behind.
 *
 *     bun bench/long/soak.ts [--minutes 5] [--requests 40] [--pause 0]
 *
 * Each of the `--requests` clients sends in a loop, with up to `--pause` milliseconds between two requests, the next case:
 * every fault of the simulator's table with every API, streamed and not, in an order that the seed chooses. Then the cases
 * start again. Some clients leave; the configuration changes all the time.
 * Prints memory, handles, timers and requests every ten seconds, then the slope of the memory after the warm-up, and exits
 * with 1 if something stayed behind. Everything runs on the loopback address and ends by itself.
 */
import { mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { APIS } from '../../test/acceptance/apis.ts';
import { until } from '../../test/e2e/gateway.ts';
import { startProcess } from '../../test/e2e/process.ts';
import { FAULTS } from '../../src/simulator/fault-table.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { slopeOf } from '../measure/statistics.ts';
import { seededDice } from '../../test/simulation/seeded-dice.ts';

const text = { type: 'string' } as const;
const { values } = parseArgs({ options: { minutes: text, requests: text, pause: text } });
const minutes = Number(values.minutes ?? 5);
const clients = Number(values.requests ?? 40);
const pauseMs = Number(values.pause ?? 0);

/** Parameters that bring a fault within a moment. The limits on a provider's silence are one second here. */
const PARAMETERS: Readonly<Record<string, string>> = {
  status: 'status?code=418',
  '429': '429?retry-after=1',
  quiet: 'quiet?seconds=0.5',
  'slow-first': 'slow-first?ms=300',
  drip: 'drip?bytes=512&ms=1',
  'big-event': 'big-event?bytes=200000',
  'cut-clean': 'cut-clean?after=10&pace=200',
  stall: 'stall?after=5',
  'idle-close': 'idle-close?seconds=0',
};

/** Faults that end only because the client leaves. */
const ENDLESS: ReadonlySet<string> = new Set(['endless']);

/** Every fault of the simulator's table, with each API, streamed and not. */
const CASES = FAULTS.flatMap(({ name }, index) =>
  APIS.flatMap((api) => [true, false].map((stream) => ({ name, model: `m${index}`, api, stream }))),
);

const config = (faulty: string, healthy: string, change: number): string => `
server: { host: 127.0.0.1, port: 0 }
master_keys: [{ name: soak, key: mk-soak, rate_limit: { requests_per_second: 100000, burst_size: 100000 } }]
providers:
  - { name: faulty, api_base: "${faulty}", timeouts: { first_byte_timeout: 1, idle_timeout: 1 } }
  - { name: healthy, api_base: "${healthy}" }
models:
${FAULTS.map(({ name }, index) => `  m${index}: { routes: [{ provider: faulty, model: "mock/${PARAMETERS[name] ?? name}" }, { provider: healthy, model: mock/ok, priority: 2 }] }`).join('\n')}
fallback: { cooldown_seconds: ${1 + (change % 3)} }
logging: { level: error }
`;

const folder = await mkdtemp(join(tmpdir(), 'llm-proxy-soak-'));
const simulator = await startSimulator({ record: false, words: 40 });
// Faults leave dead connections behind, so the healthy provider has its own.
const healthy = await startSimulator({ record: false, words: 40 });
const file = join(folder, 'config.yaml');
await Bun.write(file, config(simulator.url, healthy.url, 0));
const flags = `--preload ${join(import.meta.dir, 'timer-report.ts')}`;
const program = startProcess([], { cwd: folder, env: { LOG_LEVEL: 'info', LLM_PROXY_BUN_FLAGS: flags } });
const [, url = ''] = await program.printed(/listening on (http\S+)/);
const statuses = new Map<string, number>();
const load = { isOver: false };

/** The cases of this round that are still to come, in a random order. */
const deck = { cases: [] as (typeof CASES)[number][], rounds: -1 };

/** The cases in flight. */
const asking = new Set<(typeof CASES)[number]>();

function nextCase(dice: () => number): (typeof CASES)[number] {
  if (deck.cases.length === 0) {
    deck.rounds += 1;
    const drawn = CASES.map((one) => ({ one, place: dice() })).toSorted((a, b) => a.place - b.place);
    deck.cases = drawn.map(({ one }) => one);
  }
  return deck.cases.pop() ?? CASES[0]!;
}

/** Sends one request of the next case and counts its result. */
async function ask(dice: () => number): Promise<string> {
  const one = nextCase(dice);
  const { name, model, api, stream } = one;
  const body = JSON.stringify(api.body(model, { stream }));
  const leave = new AbortController();
  const leaves = ENDLESS.has(name) || dice() < 0.15;
  if (leaves) setTimeout(() => leave.abort(), dice() * 300);
  asking.add(one);
  try {
    const response = await fetch(`${url}${api.path}`, {
      method: 'POST',
      body,
      headers: { authorization: 'Bearer mk-soak', 'content-type': 'application/json' },
      signal: leave.signal,
    });
    await response.arrayBuffer();
    return String(response.status);
  } catch {
    return leaves ? 'left' : 'broken';
  } finally {
    asking.delete(one);
  }
}

async function client(seed: number): Promise<void> {
  const dice = seededDice(seed);
  while (!load.isOver) {
    const came = await ask(dice);
    statuses.set(came, (statuses.get(came) ?? 0) + 1);
    await Bun.sleep(dice() * pauseMs);
  }
}

async function reloads(): Promise<void> {
  for (let change = 1; !load.isOver; change++) {
    await Bun.sleep(2_000);
    await Bun.write(
      `${file}.next`,
      change % 7 === 0 ? 'providers: {' : config(simulator.url, healthy.url, change),
    );
    await rename(`${file}.next`, file);
  }
}

interface Sample {
  readonly atMs: number;
  readonly rssMb: number;
  readonly handles: number;
  readonly threads: number;
  /** The number of pending timers. */
  readonly timers: number;
}

async function armedTimers(): Promise<number> {
  const asked = program.stderr().length;
  program.kill('SIGUSR2');
  const [, count] = await until(() => /armed timers: (\d+)/.exec(program.stderr().slice(asked)) ?? undefined);
  return Number(count);
}

async function sample(startedAtMs: number): Promise<Sample> {
  const status = await Bun.file(`/proc/${program.pid}/status`).text();
  const number = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
  return {
    atMs: performance.now() - startedAtMs,
    rssMb: number('VmRSS') / 1024,
    handles: (await readdir(`/proc/${program.pid}/fd`)).length,
    threads: number('Threads'),
    timers: await armedTimers(),
  };
}

/** The slope of the memory, in megabytes a minute. */
function slope(samples: readonly Sample[]): number {
  return slopeOf(samples.map(({ atMs, rssMb }) => [atMs / 60_000, rssMb]));
}

/**
 * Some timers are kept for a while: that of the thread that counts tokens for a minute, and those of limits of time until
 * they would have rung, which is two minutes here.
 */
async function atRest(): Promise<Sample> {
  for (let look = 0; look < 30; look++) {
    await Bun.sleep(5_000);
    const now = await sample(startedAtMs);
    if (now.timers <= idle.timers) return now;
  }
  return sample(startedAtMs);
}

const activeRequests = async (): Promise<number> => {
  const text = await (await fetch(`${url}/metrics`)).text();
  return [...text.matchAll(/^llm_proxy_active_requests\{[^}]*\} (\d+)/gm)].reduce(
    (sum, [, value]) => sum + Number(value),
    0,
  );
};

const startedAtMs = performance.now();
const idle = await sample(startedAtMs);
console.log(
  `Bun ${Bun.version}, ${clients} clients, ${minutes} minutes; at rest ${idle.rssMb.toFixed(0)} MB, ${idle.handles} handles, ${idle.timers} timers; ${CASES.length} kinds of requests`,
);
const loading = Promise.all([reloads(), ...Array.from({ length: clients }, (_, index) => client(index + 1))]);
const samples: Sample[] = [];
while (performance.now() - startedAtMs < minutes * 60_000) {
  await Bun.sleep(10_000);
  const now = await sample(startedAtMs);
  samples.push(now);
  const total = [...statuses.values()].reduce((sum, count) => sum + count, 0);
  console.log(
    `${(now.atMs / 1000).toFixed(0).padStart(5)} s  ${now.rssMb.toFixed(1).padStart(7)} MB  ${now.handles} handles  ${now.timers} timers  ${now.threads} threads  ${total} requests, ${deck.rounds} rounds`,
  );
}
load.isOver = true;
await Promise.race([loading, Bun.sleep(60_000)]);
const unanswered = [...asking].map(
  ({ name, api, stream }) => `${name} (${api.name}${stream ? ', streamed' : ''})`,
);
if (unanswered.length > 0) console.log(`a minute later these are not answered: ${unanswered.join(', ')}`);
const after = await atRest();
const active = await activeRequests();
const warm = samples.filter(({ atMs }) => atMs > Math.min(120_000, minutes * 30_000));
console.log(JSON.stringify(Object.fromEntries(statuses)));
console.log(
  `slope after the warm-up: ${slope(warm).toFixed(2)} MB/min; peak ${Math.max(...samples.map(({ rssMb }) => rssMb)).toFixed(0)} MB`,
);
console.log(
  `afterwards: ${active} active requests, ${after.handles} handles (${idle.handles} at rest), ${after.timers} timers (${idle.timers} at rest), ${after.rssMb.toFixed(0)} MB, ${simulator.openConnections()} connections at the simulator`,
);
program.kill('SIGTERM');
const code = await program.exited;
await Promise.all([simulator.stop(), healthy.stop()]);
await rm(folder, { recursive: true });
const isClean =
  active === 0 &&
  unanswered.length === 0 &&
  // Each provider's pool keeps as many connections as there were requests at once.
  after.handles < idle.handles + 2 * clients + 10 &&
  after.timers <= idle.timers &&
  slope(warm) < 1 &&
  code === 0;
console.log(isClean ? 'nothing was left behind' : 'SOMETHING WAS LEFT BEHIND');
process.exit(isClean ? 0 : 1);
