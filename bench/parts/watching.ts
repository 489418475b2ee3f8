/**
 * Measures the cost of each way to observe a request, in CPU of the whole process. The real listener receives the events of
 * streamed requests, and its later work (files, batches, transactions) counts as well.
 *
 *     bun bench/parts/watching.ts
 *
 * Prints the minimum of many short rounds, since interference only adds. `bench/observability.ts` measures the whole program.
 */
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Snapshot } from '../../src/config/snapshot.ts';
import type { GatewayEvent } from '../../src/gateway/events.ts';
import { systemClock } from '../../src/lib/system-clock.ts';
import { createKeyring } from '../../src/store/keyring.ts';
import { RequestRecordQueue } from '../../src/store/records/request-record-queue.ts';
import { openStore } from '../../src/store/store.ts';
import { createMetrics } from '../../src/telemetry/metrics/metrics.ts';
import { openLog } from '../../src/telemetry/log/open-log.ts';
import { openTracing } from '../../src/telemetry/traces/trace-open.ts';
import { compiled } from './compiled.ts';
import { streamedRequest } from './streamed-request.ts';

/** A listener, and a way to wait until it has handled all its events. */
interface Watcher {
  readonly listen: (event: GatewayEvent) => void;
  readonly attempted?: (requestId: string) => void;
  readonly done: () => Promise<unknown>;
}

const ROUNDS = 40;
const REQUESTS = 2_000;
const AT_ONCE = 40;

/** Terminal output is written, but to the null device. */
const terminal = await open('/dev/null', 'w');
const folder = await mkdtemp(join(tmpdir(), 'llm-proxy-watching-'));
const nothing: Watcher = { listen: () => undefined, done: () => Promise.resolve() };
const base = await measure(nothing);
console.log(`Bun ${Bun.version}; a request without a listener: ${base.toFixed(1)} µs, taken off below`);
await print('metrics', { ...nothing, listen: countMetrics() });
await print('log, text', writeLog('text'));
await print('log, JSON', writeLog('json'));
await print('traces', await sendTraces());
await print('records in SQLite', await writeRecords());
await terminal.close();
await rm(folder, { recursive: true });
process.exit(0);

async function print(name: string, watcher: Watcher): Promise<void> {
  console.log(`${name.padEnd(20)}${((await measure(watcher)) - base).toFixed(1).padStart(6)} µs`);
}

/** Microseconds of CPU for one request. */
async function measure(watcher: Watcher): Promise<number> {
  let least = Infinity;
  let number = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage();
    for (let count = 0; count < REQUESTS; count += AT_ONCE) {
      for (let each = 0; each < AT_ONCE; each++) tell(watcher, number++);
      await Bun.sleep(2);
    }
    await watcher.done();
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / REQUESTS);
  }
  return least;
}

/** Requests the attempt's context at the point where the request would be sent, before the attempt has ended. */
function tell({ listen, attempted }: Watcher, number: number): void {
  for (const event of streamedRequest(number)) {
    if (event.type === 'attempt-ended') attempted?.(event.requestId);
    listen(event);
  }
}

function countMetrics(): Watcher['listen'] {
  const snapshot = snapshotWith('');
  return createMetrics({
    snapshot: () => snapshot,
    clock: systemClock,
    version: 'bench',
    droppedLogRows: () => 0,
  }).listen;
}

function writeLog(format: 'text' | 'json'): Watcher {
  const snapshot = snapshotWith(
    `logging: { level: info, enable_metrics: true, format: ${format}, general_file: "${folder}/${format}.log" }`,
  );
  const log = openLog({
    snapshot: () => snapshot,
    print: (lines) => terminal.write(lines),
    complain: console.error,
    epochMs: Date.now,
  });
  return { listen: log.listen, done: log.flush };
}

/** Exports to a receiver in a separate process, whose work is not counted. */
async function sendTraces(): Promise<Watcher> {
  const program = `const server = Bun.serve({ port: 0, async fetch(request) { await request.bytes(); return Response.json({}); } });
    console.log(server.url.origin);
    process.stdin.on('end', () => process.exit()).resume();`;
  const receiver = Bun.spawn([process.execPath, '-e', program], { stdin: 'pipe', stdout: 'pipe' });
  const { value } = await receiver.stdout.getReader().read();
  const tracing = openTracing({
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: new TextDecoder().decode(value).trim(),
      OTEL_BSP_SCHEDULE_DELAY: '100',
    },
    clock: systemClock,
    version: 'bench',
    complain: console.error,
  });
  if (tracing === undefined) throw new Error('nothing is traced');
  return { listen: tracing.listen, attempted: tracing.attemptContext, done: () => Bun.sleep(250) };
}

async function writeRecords(): Promise<Watcher> {
  const store = await openStore({
    url: `sqlite://${folder}/records.db`,
    keyring: createKeyring({ current: 'only-for-this-bench-0123456789abcdef', former: [] }),
    lastGoodPath: undefined,
    env: {},
    overrides: {},
    now: () => new Date(),
    migrates: true,
    onEvent: () => undefined,
  });
  const queue = new RequestRecordQueue({
    records: store.requests,
    retentionMs: 1e12,
    nowMs: Date.now,
    onTrouble: console.error,
  });
  return { listen: queue.listen, done: () => queue.flush() };
}

function snapshotWith(more: string): Snapshot {
  return compiled(
    `providers: [{ name: main, api_base: "http://127.0.0.1:1", api_key: sk-provider-key }]\n${more}`,
  );
}
