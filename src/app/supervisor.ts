import { forgottenBy, sumOf } from './sum-of-answers.ts';
import { ownMetricsServer } from './open-ports.ts';
import type { Snapshot } from '../config/snapshot.ts';
import type { KeyUse } from '../gateway/key-use.ts';
import type { DatabaseStatus, Emit } from '../gateway/ports.ts';
import { systemClock } from '../lib/system-clock.ts';
import type { MetricsServer } from '../server/metrics-endpoint.ts';
import type { RunningGateway } from '../admin/running/running-gateway.ts';
import { recordedBy } from './recorded-by.ts';
import { mergeStatuses, type ProviderStatus } from '../health/provider-status.ts';
import { cacheUseOf } from './cache-use-of.ts';
import type { FamilyDump } from '../telemetry/metrics/metric-family.ts';
import { EXPOSITION_TYPE, renderMetrics } from '../telemetry/metrics/exposition.ts';
import { MergedMetrics } from '../telemetry/metrics/merged-metrics.ts';
import { createMetrics, type Metrics } from '../telemetry/metrics/metrics.ts';
import type { OpenLog } from '../telemetry/log/open-log.ts';
import { version } from '../version.ts';
import { type WorkerExit, WorkerPool } from '../cluster/worker-pool.ts';
import { NOT_STORED } from './key-use.ts';
import { PUBLISH_MS, seedForAll } from './counter-seeding.ts';
import type { LeaseQuestion, LeaseVerdict } from '../limits/lease-report.ts';
import type { SharedSide } from './shared-side.ts';
import type { Seeder, UsedOf } from '../limits/claim-taking.ts';
import { type StandingOf, standingsFrom, withLedger } from './claim-standing.ts';
import {
  type LedgerSize,
  openLedgers,
  roomForLimits,
  type SharedLedgers,
  sizeOfLedgers,
} from './shared-ledgers.ts';
import { createSharedMemory, type SharedMemory } from '../cluster/shared-memory.ts';
import type { CompiledConfig } from './config-source.ts';
import type { AdminSide, DatabaseSide, ListenOptions } from './serving.ts';
import type { JournalOrders } from '../spend/process-journal.ts';
import type { Use } from '../spend/journal/line.ts';
import type { SpendSide } from './spend-side.ts';
import { openProcessLog } from './process-log.ts';
import { TerminalTurns } from './terminal-turns.ts';
import { ActivitySwitch, Watchers } from './activity-switch.ts';
import { AdminReceiver } from './forwarded-request.ts';
import type { WorkerInit, SupervisorCalls, WorkerCalls } from './worker-calls.ts';
import { swapAll } from './swap-all.ts';
import { workerCommand } from './worker-command.ts';

/** The supervisor's own place among the processes that count. */
const SUPERVISOR = 0;

/** The worker that probes the providers for all. */
const PROBER = 1;

/** How often the workers' counters are copied, so that a dying worker loses little. */
const NOTE_MS = 1_000;

/**
 * The process above the workers. It serves no requests itself: it owns the configuration and the database, answers for
 * metrics, health and the Admin API, writes to the terminal, and replaces workers that die.
 */
export class Supervisor {
  readonly log: OpenLog;
  #config: CompiledConfig;
  readonly #workers: number;
  readonly #admin: AdminSide | undefined;
  readonly #database: DatabaseSide | undefined;
  readonly #spend: SpendSide | undefined;
  readonly #keyUse: KeyUse | undefined;
  /** The number under which each worker writes its journal. */
  readonly #lives = new Map<number, number>();
  /** Fixed at the start. A configuration with many more limits makes counters unknown more often. */
  readonly #size: Required<LedgerSize>;
  readonly #memory: SharedMemory;
  readonly #ledgers: SharedLedgers;
  readonly #seed: Seeder;
  /** The state that this machine shares with others. */
  readonly #shared: SharedSide | undefined;
  readonly standing: StandingOf;
  readonly #own: Metrics;
  readonly #counts = new MergedMetrics();
  readonly #pool: WorkerPool<WorkerCalls>;
  readonly #terminal = new TerminalTurns();
  readonly #receiver: AdminReceiver;
  readonly #activity = new ActivitySwitch();
  readonly #watchers = new Watchers((isOn) => this.#watch(isOn));
  #metricsServer: MetricsServer | undefined;
  #noting: Timer | undefined;

  constructor(
    config: CompiledConfig,
    workers: number,
    { admin, database, spend, keyUse, shared, leaseState }: ListenOptions,
  ) {
    this.#config = config;
    this.#workers = workers;
    this.#admin = admin;
    this.#database = database;
    this.#receiver = new AdminReceiver(admin?.endpoint);
    [this.#spend, this.#keyUse, this.#shared] = [spend, keyUse, shared];
    const room = roomForLimits(config.snapshot.limits.all());
    this.#size = { workers, counters: room, areLeased: shared !== undefined };
    this.#memory = createSharedMemory(sizeOfLedgers(this.#size));
    this.#ledgers = openLedgers(this.#memory.bytes, {
      ...this.#size,
      me: SUPERVISOR,
      seeder: (record) => this.#seed(record),
      leases: { lease: this.#lease, hasNoWindows: shared?.hasNoWindows === true },
    });
    const usedOf: UsedOf = (counter, windowMs) => spend?.usedOf(counter, windowMs) ?? 0;
    const { records, counters } = this.#ledgers;
    const publishAll = (key: string) => this.#pool.callAll('publishHold', key, PUBLISH_MS);
    const seed = seedForAll({ records, publishAll, usedOf });
    shared?.open(records, publishAll);
    this.#seed = (record) =>
      (record.leased === undefined ? undefined : shared?.desk()?.seed(record)) ?? seed(record);
    this.standing = standingsFrom({ counters, usedOf, knownOf: spend?.knownOf, clock: systemClock });
    this.log = openProcessLog(this.snapshot, this.#terminal.print);
    this.#own = createMetrics({
      snapshot: this.snapshot,
      clock: systemClock,
      version,
      droppedLogRows: this.log.droppedRows,
      database: database?.status,
      records: admin?.records,
      limits: withLedger(counters, spend?.knownOf),
      ledgerState: spend?.status,
      leaseState,
    });
    this.#pool = new WorkerPool({
      size: workers,
      findsPort: config.snapshot.server.port === 0,
      command: workerCommand(),
      callsOf: (worker) => this.#callsOf(worker),
      onExit: this.#reclaim,
    });
  }

  /** Resolves with the URL when every worker listens. */
  async start(): Promise<string> {
    this.#spend?.onMoved(this.#adjust);
    this.#spend?.onOpened(() => this.#startJournals());
    await this.#shared?.start(this.#ledgers.cooldowns);
    // However this process ends, its workers must release the port.
    process.once('exit', () => this.#pool.stop());
    const { url } = await this.#pool.start();
    const page = { type: EXPOSITION_TYPE, text: this.#metricsText };
    this.#metricsServer = ownMetricsServer(this.snapshot(), page, () => this.snapshot().metrics);
    this.#noting = setInterval(() => void this.#noteCounts(), NOTE_MS);
    return url;
  }

  readonly snapshot = (): Snapshot => this.#config.snapshot;

  readonly emit: Emit = (event) => {
    this.#own.listen(event);
    this.log.listen(event);
    this.#activity.listen(event);
  };

  readonly swap = async (next: CompiledConfig): Promise<void> => {
    this.#config = next;
    await swapAll(this.#pool, next);
  };

  readonly setDatabaseStatus = (status: DatabaseStatus): void =>
    void this.#pool.callAll('databaseStatus', status);

  readonly pending = async (): Promise<number> => sumOf(await this.#pool.callAll('pending', undefined));

  /** The gateway as its Admin API sees it. */
  running(url: string): RunningGateway {
    return {
      url,
      startedAtMs: Date.now(),
      snapshot: this.snapshot,
      clock: systemClock,
      routes: this.#ledgers.cooldowns,
      traffic: this.#ledgers.traffic,
      providerErrors: this.#statuses,
      watch: this.#watchers.watch,
      test: (test) => this.#pool.call(this.#prober(), 'testProvider', test),
      recorded: recordedBy(this.snapshot),
      forgetAnswers: async (forgotten) => forgottenBy(await this.#pool.callAll('forgetAnswers', forgotten)),
      cacheUse: async () => cacheUseOf(await this.#families()),
    };
  }

  readonly #statuses = async (): Promise<ProviderStatus[]> => {
    const answers = await this.#pool.callAll('statuses', undefined);
    return mergeStatuses(answers.map(({ answer }) => answer));
  };

  #watch(isOn: boolean): void {
    void this.#pool.callAll('watch', isOn);
    if (isOn) void this.#activity.on(this.#watchers.tell);
    else this.#activity.off();
  }

  readonly drain = async (): Promise<void> => {
    clearInterval(this.#noting);
    this.#admin?.close();
    const ended = this.#pool.ended();
    await this.#pool.callAll('drain', undefined);
    await ended;
    await this.#metricsServer?.stop();
    this.#memory.close();
  };

  #callsOf(worker: number): SupervisorCalls {
    return {
      hello: () => this.#ordersFor(worker),
      now: systemClock.nowMs,
      ...this.#terminal.callsOf(worker),
      metrics: this.#metricsText,
      statuses: this.#statuses,
      health: (probe) => this.#pool.call(this.#prober(), 'health', probe),
      modelLists: () => this.#pool.call(this.#prober(), 'modelLists', undefined),
      admin: (request) =>
        this.#receiver.answer(request, (chunk) => this.#pool.call(worker, 'adminChunk', chunk)),
      cancelAdmin: (stream) => this.#receiver.cancel(stream),
      activity: this.#watchers.tell,
      keyUse: async (question) => (await this.#keyUse?.(question)) ?? NOT_STORED,
      record: async (records) => this.#admin?.insert(records),
      noteObjects: async (records) => this.#database?.objects.insert(records),
      findObject: async (id) => this.#database?.objects.find(id),
      noteLater: (event) => this.#spend?.later.note(event),
      seedCounter: async (record) => this.#seed(record),
      leaseCounter: this.#lease,
      routeChanged: (change) => this.#shared?.tellRoute(change),
    };
  }

  /** The worker that probes the providers, or another one while that does not answer. */
  #prober(): number {
    const workers = this.#pool.responsive();
    return workers.includes(PROBER) ? PROBER : (workers[0] ?? PROBER);
  }

  #ordersFor(worker: number): WorkerInit {
    const [admin, database] = [this.#admin, this.#database];
    return {
      worker,
      ...this.#size,
      hasNoWindows: this.#shared?.hasNoWindows === true,
      isProber: worker === PROBER,
      memory: this.#memory.path,
      port: this.#pool.address?.port ?? this.snapshot().server.port,
      source: this.#config.source,
      admin: admin && { retentionMs: admin.retentionMs, isWatched: this.#watchers.isWatched },
      journal: this.#beginJournal(worker),
      database: database && { status: database.status() },
    };
  }

  readonly #lease = async (question: LeaseQuestion): Promise<LeaseVerdict> =>
    this.#shared?.desk()?.lease(question) ?? 'full';

  #beginJournal(worker: number): JournalOrders | undefined {
    const orders = this.#spend?.begin(worker);
    if (orders !== undefined) this.#lives.set(worker, orders.life);
    return orders;
  }

  /** Tells the workers to write journals, from now on. */
  async #startJournals(): Promise<void> {
    const starts = Array.from({ length: this.#workers }, async (_, index) => {
      const orders = this.#beginJournal(index + 1);
      if (orders !== undefined)
        await this.#pool.call(index + 1, 'startJournal', orders).catch(() => undefined);
    });
    await Promise.all(starts);
  }

  readonly #adjust = ([counter, windowMs, amount]: Use): void =>
    this.#ledgers.counters.adjust(counter, windowMs, amount);

  readonly #metricsText = async (): Promise<string> => renderMetrics(await this.#families());

  readonly #families = (): Promise<readonly FamilyDump[]> =>
    this.#noteCounts().then(() => this.#counts.dump());

  async #noteCounts(): Promise<void> {
    this.#counts.note(SUPERVISOR, this.#own.dump());
    for (const { worker, answer } of await this.#pool.callAll('dump', undefined)) {
      this.#counts.note(worker, answer);
    }
  }

  readonly #reclaim = ({ worker, pid, how }: WorkerExit): void => {
    this.#ledgers.reclaim(worker);
    this.#terminal.release(worker);
    const life = this.#lives.get(worker);
    const lost = (life !== undefined && this.#spend?.chargeLost(life)) || [];
    for (const use of lost) {
      this.#adjust(use);
      this.#shared?.desk()?.adjust(use);
    }
    if (lost.length > 0) this.emit({ type: 'holds-lost', count: lost.length });
    this.#counts.reclaim(worker);
    this.log.say('error', 'workerDied', { worker, pid, how });
  };
}
