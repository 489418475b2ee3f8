import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createCostMeter } from '../../src/app/cost-meter.ts';
import { inMemory } from '../../src/app/in-memory.ts';
import { loneLedgers } from '../../src/app/lone-ledgers.ts';
import { createThreads } from '../../src/app/threads.ts';
import { toEach } from '../../src/app/to-each.ts';
import { AnswerCache } from '../../src/gateway/cache/answer-cache.ts';
import { handle } from '../../src/gateway/handle.ts';
import type { ByteSource, ClientRequest, Gateway, Upstream, UpstreamReply } from '../../src/gateway/ports.ts';
import { ProviderStatuses } from '../../src/health/provider-status.ts';
import { PlainFields } from '../../src/lib/http/fields.ts';
import { PlainSignal } from '../../src/lib/signal.ts';
import { socketTurn } from '../../src/lib/socket-turn.ts';
import { systemClock } from '../../src/lib/system-clock.ts';
import { openProcessJournal, type ProcessJournal } from '../../src/spend/process-journal.ts';
import type { Snapshot } from '../../src/config/snapshot.ts';
import { openLog } from '../../src/telemetry/log/open-log.ts';
import { createMetrics } from '../../src/telemetry/metrics/metrics.ts';
import { WHOLE } from '../load/chat-event.ts';
import { BENCH_KEY, BENCH_MODEL, CHAT_PATH, chatBody, requestHeaders } from '../load/request.ts';
import { SIX_LIMITS } from '../load/six-limits.ts';
import { compiled } from './compiled.ts';

/**
 * Measures the CPU that a small chat request costs between the sockets: `handle` with its listeners, and a provider in
 * memory that answers in the next turn of the event loop. Run: bun bench/parts/pipeline.ts [--rounds 25] [--only NAME]
 */
const { values } = parseArgs({ options: { rounds: { type: 'string' }, only: { type: 'string' } } });
const ROUNDS = Number(values.rounds ?? 25);
const REQUESTS = 2_000;
const WARM_UP = 200_000;
const IN_FLIGHT = 32;

const folder = await mkdtemp(join(tmpdir(), 'llm-proxy-pipeline-'));
const KEY = `master_keys: [{ name: bench, key: ${BENCH_KEY} }]`;
const LIMITED = `master_keys: [{ name: bench, key: ${BENCH_KEY}, rate_limit: { requests_per_second: 1000000, burst_size: 1000000 } }]`;
const LOGGED = `logging: { level: info, format: json, general_file: "${folder}/proxy.log", enable_metrics: true }`;
const QUIET = 'logging: { level: error }';
const SIX = `limits: ${SIX_LIMITS}`;

const SETUPS: Readonly<Record<string, string>> = {
  bare: `${QUIET}\nallow_unauthenticated: true`,
  key: `${QUIET}\n${KEY}`,
  limit: `${QUIET}\n${LIMITED}`,
  log: `${LOGGED}\n${LIMITED}`,
  text: `logging: { level: info, general_file: "${folder}/proxy.log" }\n${LIMITED}`,
  six: `${QUIET}\n${LIMITED}\n${SIX}\nspend: { journal: memory }`,
  journal: `${QUIET}\n${LIMITED}\n${SIX}`,
};

const BODY = new TextEncoder().encode(chatBody(60));
const HEADERS = new PlainFields({
  ...requestHeaders({}),
  host: '127.0.0.1',
  accept: '*/*',
  'content-length': '1',
});

for (const [name, config] of Object.entries(SETUPS)) {
  if (values.only !== undefined && !values.only.split(',').includes(name)) continue;
  console.log(`${name.padEnd(10)}${(await microsOf(config, name === 'journal')).toFixed(2).padStart(8)} µs`);
}
await rm(folder, { recursive: true });
// The timers of the last requests would keep the process for minutes.
process.exit(0);

/** The CPU of a request in microseconds with garbage collection and writers: the best round, since interference only adds. */
async function microsOf(config: string, isJournaled: boolean): Promise<number> {
  const snapshot = compiled(`
providers: [{ name: mock, api_base: "http://127.0.0.1:1/v1", api_key: sk-mock-123456789 }]
prices: { catalogue: "off", models: { "mock/*": { input: 3, output: 15 } } }
models: { ${BENCH_MODEL}: { routes: [{ provider: mock, model: bench-upstream }] } }
${config}
`);
  const { gateway, close } = openGateway(snapshot, isJournaled);
  await serve(WARM_UP, gateway);
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage();
    await serve(REQUESTS, gateway);
    const { user, system } = process.cpuUsage(before);
    rounds.push((user + system) / REQUESTS);
  }
  await close();
  return Math.min(...rounds);
}

function openGateway(snapshot: Snapshot, isJournaled: boolean) {
  const clock = systemClock;
  const log = openLog({
    snapshot: () => snapshot,
    print: () => Promise.resolve(),
    complain: console.error,
    epochMs: Date.now,
  });
  const sources = { snapshot: () => snapshot, clock, version: 'bench', droppedLogRows: () => 0 };
  const ledgers = loneLedgers();
  const metrics = createMetrics({ ...sources, limits: ledgers.counters });
  const statuses = new ProviderStatuses(clock);
  const { stop, ...threads } = createThreads();
  const journal = isJournaled ? openJournal() : undefined;
  const outer = (event: Parameters<typeof log.listen>[0]): void => {
    log.listen(event);
    journal?.listen(event);
  };
  const gateway: Gateway = {
    snapshot: () => snapshot,
    upstream: inMemoryUpstream(),
    clock,
    ...inMemory(),
    ...ledgers,
    ...threads,
    costs: createCostMeter(() => snapshot, clock),
    answers: new AnswerCache(snapshot),
    emit: toEach([metrics.listen, statuses.listen, outer]),
    journal,
  };
  return {
    gateway,
    close: async (): Promise<void> => {
      await log.flush();
      journal?.end();
      await stop();
    },
  };
}

function openJournal(): ProcessJournal {
  return openProcessJournal(
    { folder, node: 'bench', worker: 1, life: 1, fsyncMs: 1000, maxBytes: 2 ** 34, onFull: 'serve' },
    {
      epochMs: Date.now,
      onTrouble: console.error,
      beforeWrites: (write) => socketTurn.beforeWrites(write),
    },
  );
}

async function serve(requests: number, gateway: Gateway): Promise<void> {
  let left = requests;
  const client = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const answer = await handle(request(), gateway);
      if (answer.status !== 200) throw new Error(`status ${answer.status}`);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, client));
}

/** A server's view of a request whose head it has seen before. */
function request(): ClientRequest {
  return {
    method: 'POST',
    path: CHAT_PATH,
    search: '',
    headers: HEADERS,
    signal: new PlainSignal(),
    isAnswered,
    clientAddress,
    readBody,
  };
}

function isAnswered(): boolean {
  return true;
}

function clientAddress(): string {
  return '127.0.0.1';
}

function readBody(): Uint8Array {
  return BODY;
}

/** Answers all requests of a turn of the event loop in the next one. */
function inMemoryUpstream(): Upstream {
  const bytes = new TextEncoder().encode(WHOLE);
  const headers = new PlainFields({
    'content-type': 'application/json',
    'content-length': String(bytes.byteLength),
    date: new Date().toUTCString(),
    'x-request-id': 'req-0123456789',
  });
  const waiting: ((reply: UpstreamReply) => void)[] = [];
  const answer = (): void => {
    for (const resolve of waiting.splice(0))
      resolve({ kind: 'reply', status: 200, headers, body: new WholeBody(bytes) });
  };
  return {
    send: () =>
      new Promise((resolve) => {
        if (waiting.push(resolve) === 1) setImmediate(answer);
      }),
  };
}

/** A body that has all arrived. */
class WholeBody implements ByteSource {
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  takeWhole(): Uint8Array {
    return this.#bytes;
  }

  read(): Promise<{ readonly done: boolean }> {
    return Promise.resolve({ done: true });
  }

  pipe(): Promise<'end'> {
    return Promise.resolve('end');
  }

  cancel(): Promise<void> {
    return Promise.resolve();
  }
}
