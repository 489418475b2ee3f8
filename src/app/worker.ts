import { type App, startApp, type Cluster } from './gateway-app.ts';
import type { Activity } from '../admin/live/activity.ts';
import type { Snapshot } from '../config/snapshot.ts';
import type { OwnerStore } from '../gateway/objects/stored-object-owners.ts';
import type { DatabaseStatus } from '../gateway/ports.ts';
import { RpcChannel, type Message } from '../cluster/rpc-channel.ts';
import { clockAhead, type SystemClock } from '../lib/system-clock.ts';
import type { OpenLog } from '../telemetry/log/open-log.ts';
import { version } from '../version.ts';
import type { PoolCalls } from '../cluster/worker-pool.ts';
import { openLedgers, type SharedLedgers } from './shared-ledgers.ts';
import { leasesOfSupervisor, seedBySupervisor } from './counter-seeding.ts';
import type { CounterLedger } from '../limits/counter.ts';
import { mapSharedMemory } from '../cluster/shared-memory.ts';
import { EXIT } from '../exit-code.ts';
import { compileSoon } from '../interpreted-start.ts';
import { compileSource, compileStep, type ConfigSource, type StepSource } from './config-source.ts';
import { freeAfterLoading } from './free-after-loading.ts';
import { openProcessLog, print } from './process-log.ts';
import { openSharedAnswers } from './shared-answers.ts';
import { openProcessTracing } from './process-tracing.ts';
import { ProcessSpend } from './process-spend.ts';
import { type Recording, recordRequests } from './request-records.ts';
import { ActivitySwitch } from './activity-switch.ts';
import { ForwardedAdmin } from './forwarded-request.ts';
import type { WorkerInit, SupervisorCalls, WorkerCalls } from './worker-calls.ts';

/** How often the clock is compared. The comparison with the shortest round trip is the most exact. */
const LOOKS = 5;

/** Serves as one process of several until the supervisor ends it. */
export async function serveAsWorker(): Promise<number> {
  if (process.send === undefined) {
    console.error('llm-proxy worker: only "llm-proxy serve" starts workers; see --workers.');
    return EXIT.usage;
  }
  const { channel, began, onEnd } = connect();
  try {
    const init = await channel.call('hello', undefined);
    const worker = await start(init, await sharedClock(channel), channel);
    compileSoon();
    began(worker);
    const { url, port } = worker.app.server;
    await channel.call('listening', { url, port });
    await onEnd;
    await worker.app.drain();
    worker.spend.end();
    await worker.recording.close();
    await worker.log.flush();
    return EXIT.ok;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
    // The supervisor reports the failure.
    await channel.call('failed', { message, code }).catch(() => undefined);
    return EXIT.failed;
  }
}

/** The serving part of this process. */
interface Worker {
  readonly app: App;
  readonly log: OpenLog;
  readonly recording: Recording;
  readonly admin: ForwardedAdmin;
  readonly watch: WorkerCalls['watch'];
  readonly spend: ProcessSpend;
  /** The counters of limits, as records. */
  readonly records: CounterLedger;
  readonly swap: WorkerCalls['swap'];
  readonly setDatabaseStatus: (status: DatabaseStatus) => void;
}

interface Connection {
  readonly channel: RpcChannel<SupervisorCalls & PoolCalls>;
  /** Call this once the worker serves; calls wait until then. */
  readonly began: (worker: Worker) => void;
  /** Resolves when the supervisor ends this worker, or is gone. */
  readonly onEnd: Promise<void>;
}

/**
 * Connects this process to its supervisor. Only the supervisor controls it, because signals reach all processes at
 * once.
 */
function connect(): Connection {
  const started = Promise.withResolvers<Worker>();
  const ending = Promise.withResolvers<void>();
  let begun: Worker | undefined;
  void started.promise.then((worker) => {
    begun = worker;
  });
  const calls: WorkerCalls = {
    ping: () => undefined,
    // A worker that has not begun to serve holds nothing.
    publishHold(key) {
      begun?.spend.flush();
      begun?.records.publish(key);
    },
    startJournal: async (orders) => (await started.promise).spend.start(orders),
    swap: async (source) => (await started.promise).swap(source),
    databaseStatus: async (status) => (await started.promise).setDatabaseStatus(status),
    pending: async () => (await started.promise).app.server.pending(),
    dump: async () => (await started.promise).app.dumpMetrics(),
    statuses: async () => (await started.promise).app.statuses(),
    health: async (probe) => (await started.promise).app.reportHealth(probe),
    modelLists: async () => (await started.promise).app.fetchModelLists(),
    adminChunk: async (chunk) => (await started.promise).admin.receive(chunk),
    watch: async (isOn) => (await started.promise).watch(isOn),
    testProvider: async (test) => (await started.promise).app.testProvider(test),
    forgetAnswers: async (forgotten) => (await started.promise).app.answers.forget(forgotten),
    drain: () => ending.resolve(),
  };
  const channel = new RpcChannel<SupervisorCalls & PoolCalls>(
    (message) => void process.send?.(message),
    calls,
  );
  process.on('message', (message) => channel.receive(message as Message));
  process.on('disconnect', () => {
    channel.close();
    ending.resolve();
  });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
  return { channel, began: started.resolve, onEnd: ending.promise };
}

/** The supervisor's clock, as exactly as calls can tell. */
async function sharedClock(channel: RpcChannel<SupervisorCalls & PoolCalls>): Promise<SystemClock> {
  let best = { tookMs: Infinity, aheadMs: 0 };
  for (let look = 0; look < LOOKS; look++) {
    const askedAtMs = performance.now();
    const theirsMs = await channel.call('now', undefined);
    const tookMs = performance.now() - askedAtMs;
    if (tookMs < best.tookMs) best = { tookMs, aheadMs: theirsMs - (askedAtMs + tookMs / 2) };
  }
  return clockAhead(best.aheadMs);
}

/** Writes to the terminal, which only one process may do at a time. */
async function printInTurn(lines: Uint8Array, channel: RpcChannel<SupervisorCalls>): Promise<void> {
  await channel.call('takeTerminal', undefined);
  try {
    await print(lines);
  } finally {
    void channel.call('leaveTerminal', undefined).catch(() => undefined);
  }
}

/** Serves according to `init`. Throws the errors of listening. */
async function start(
  init: WorkerInit,
  clock: SystemClock,
  channel: RpcChannel<SupervisorCalls & PoolCalls>,
): Promise<Worker> {
  let database = init.database?.status;
  const isStale = (): boolean => database?.isStale ?? false;
  let current: () => Snapshot = () => snapshot;
  const snapshot = await compileWhole(init.source, isStale);
  const log = openProcessLog(
    () => current(),
    (lines) => printInTurn(lines, channel),
  );
  const recording = recordRequests({
    records: { insert: (records) => channel.call('record', records), prune: async () => false },
    retentionMs: init.admin?.retentionMs ?? 0,
    log: () => log,
  });
  const spend = new ProcessSpend({ log: () => log });
  await spend.start(init.journal);
  const ledgers = ledgersOf(init, channel);
  const admin = adminOf(channel);
  const { activity, watch } = activityOf(init, channel);
  const app = startApp({
    asksForLists: true,
    admin: init.admin && admin.endpoint,
    keyUse: (question) => channel.call('keyUse', question),
    snapshot,
    version,
    emit: (event) => {
      log.listen(event);
      recording.listen(event);
      activity.listen(event);
      spend.listen(event);
    },
    droppedLogRows: log.droppedRows,
    spend: spend.forApp({ note: (event) => void channel.call('noteLater', event).catch(() => undefined) }),
    database: () => database,
    records: recording.counts,
    objects: init.database && objectsOf(channel),
    tracing: await openProcessTracing(clock),
    sharedAnswers: await openSharedAnswers(snapshot, process.env, log),
    isObserved: () => activity.isOn || (init.admin?.retentionMs ?? 0) > 0 || spend.isKept,
    cluster: clusterOf(init, channel, { clock, ledgers }),
  });
  current = app.snapshot;
  return {
    app,
    log,
    recording,
    admin,
    watch,
    spend,
    records: ledgers.records,
    swap: inOrder((source) => swapTo(source, app, isStale)),
    setDatabaseStatus: (next) => {
      database = next;
    },
  };
}

async function compileWhole(source: ConfigSource, isStale: () => boolean): Promise<Snapshot> {
  const snapshot = await compileSource(source, isStale);
  await freeAfterLoading(snapshot);
  return snapshot;
}

async function swapTo(
  source: ConfigSource | StepSource,
  app: App,
  isStale: () => boolean,
): Promise<'done' | 'behind'> {
  const isStep = source.kind === 'step';
  const next = isStep ? compileStep(source, app.snapshot(), isStale) : await compileWhole(source, isStale);
  if (next === undefined) return 'behind';
  app.swap(next);
  return 'done';
}

/** Calls a function only when its previous call has ended, so that the last configuration is the one in force. */
function inOrder<T, U>(call: (value: T) => Promise<U>): (value: T) => Promise<U> {
  let last: Promise<unknown> = Promise.resolve();
  return async (value) => {
    const before = last;
    const ended = Promise.withResolvers<void>();
    last = ended.promise;
    await before;
    return call(value).finally(ended.resolve);
  };
}

function objectsOf(channel: RpcChannel<SupervisorCalls & PoolCalls>): OwnerStore {
  return {
    insert: (records) => channel.call('noteObjects', records),
    find: (id) => channel.call('findObject', id),
  };
}

function adminOf(channel: RpcChannel<SupervisorCalls & PoolCalls>): ForwardedAdmin {
  return new ForwardedAdmin(
    (request) => channel.call('admin', request),
    (stream) => void channel.call('cancelAdmin', stream).catch(() => undefined),
  );
}

/** Tells the supervisor what happens here, while somebody watches. */
function activityOf(init: WorkerInit, channel: RpcChannel<SupervisorCalls & PoolCalls>) {
  const activity = new ActivitySwitch();
  const tell = (happened: Activity): void => void channel.call('activity', happened).catch(() => undefined);
  const watch = async (isOn: boolean): Promise<void> => (isOn ? activity.on(tell) : activity.off());
  if (init.admin?.isWatched === true) void watch(true);
  return { activity, watch };
}

function ledgersOf(
  { worker, workers, counters, areLeased, hasNoWindows, memory }: WorkerInit,
  channel: RpcChannel<SupervisorCalls & PoolCalls>,
): SharedLedgers {
  const seeder = seedBySupervisor((record) => channel.call('seedCounter', record));
  const { lease } = leasesOfSupervisor((question) => channel.call('leaseCounter', question));
  const size = { workers, counters, areLeased };
  const ledgers = openLedgers(mapSharedMemory(memory), {
    ...size,
    me: worker,
    seeder,
    leases: { lease, hasNoWindows },
  });
  if (areLeased)
    ledgers.cooldowns.observe((change) => void channel.call('routeChanged', change).catch(() => undefined));
  return ledgers;
}

function clusterOf(
  { isProber, port }: WorkerInit,
  channel: RpcChannel<SupervisorCalls & PoolCalls>,
  { clock, ledgers }: Pick<Cluster, 'clock' | 'ledgers'>,
): Cluster {
  return {
    clock,
    ledgers,
    port,
    isProber,
    metrics: () => channel.call('metrics', undefined),
    statuses: () => channel.call('statuses', undefined),
    healthReporter: () => (probe) => channel.call('health', probe),
    modelLists: () => () => channel.call('modelLists', undefined),
  };
}
