import type { Snapshot } from '../config/snapshot.ts';
import type { Counters, Journal } from '../gateway/limits/ports.ts';
import { AnswerCache } from '../gateway/cache/answer-cache.ts';
import type { SharedAnswers } from '../gateway/cache/stored-answer.ts';
import type { KeyUse } from '../gateway/key-use.ts';
import type { DatabaseStatus, Emit, Gateway } from '../gateway/ports.ts';
import { withLedger } from './claim-standing.ts';
import type { UsedOf } from '../limits/claim-taking.ts';
import { type OwnerStore, StoredObjectOwners } from '../gateway/objects/stored-object-owners.ts';
import { type SystemClock, systemClock } from '../lib/system-clock.ts';
import { createListFetcher, type ListFetcher } from '../models/fetch-lists.ts';
import { ModelCatalogue } from '../models/model-catalogue.ts';
import { createHealthReporter, type HealthReporter, probeRegularly } from '../health/report.ts';
import { type ProviderStatus, ProviderStatuses } from '../health/provider-status.ts';
import type { MetricsServer } from '../server/metrics-endpoint.ts';
import type { AdminEndpoint } from '../server/admin-port.ts';
import type { HttpServer } from '../server/http-server.ts';
import { renderMetrics } from '../telemetry/metrics/exposition.ts';
import type { FamilyDump } from '../telemetry/metrics/metric-family.ts';
import {
  createMetrics,
  type Metrics,
  type MetricSources,
  type RecordCounts,
} from '../telemetry/metrics/metrics.ts';
import type { OpenTracing } from '../telemetry/traces/trace-open.ts';
import { drained } from './drained.ts';
import { createCostMeter } from './cost-meter.ts';
import { sweepRegularly } from './sweep-regularly.ts';
import { openPorts } from './open-ports.ts';
import { toEach } from './to-each.ts';
import { inMemory } from './in-memory.ts';
import { createThreads, type Threads } from './threads.ts';
import { type AppLedgers, loneLedgers, type OpenLeasing } from './lone-ledgers.ts';
import type { ProviderTest, ProviderTestResult } from '../health/test-provider.ts';
import { createUpstream } from '../upstream/upstream.ts';

/** A running gateway. */
export interface App {
  readonly server: HttpServer;
  readonly snapshot: () => Snapshot;
  /** The metrics' own listener, if they have a port of their own. */
  readonly metricsServer: MetricsServer | undefined;
  /** How the limits stand. */
  readonly counters: Counters;
  /** Reports events outside of requests to metrics and logs. */
  readonly emit: Emit;
  /** The metrics of this process. */
  readonly dumpMetrics: () => readonly FamilyDump[];
  /** The provider statuses that this process knows. */
  readonly statuses: () => readonly ProviderStatus[];
  readonly ledgers: Pick<AppLedgers, 'cooldowns' | 'traffic'>;
  readonly clock: SystemClock;
  readonly testProvider: (test: ProviderTest) => Promise<ProviderTestResult>;
  /** The answers that this process has cached. */
  readonly answers: AnswerCache;
  /** Probes the providers. */
  readonly reportHealth: HealthReporter;
  /** Asks the providers for their models if the known lists are old. */
  readonly fetchModelLists: ListFetcher;
  /** Applies another configuration to new requests. */
  readonly swap: (next: Snapshot) => void;
  /**
   * Makes `/readyz` fail for `drain_delay`, then refuses new connections and waits for requests in flight. Resolves
   * when they have ended, or when `drain_timeout` has passed and the rest was aborted.
   */
  readonly drain: () => Promise<void>;
  /** Ends everything at once. */
  readonly stop: () => Promise<void>;
}

export interface AppOptions {
  readonly snapshot: Snapshot;
  readonly version: string;
  /** Receives every event, after the metrics. */
  readonly emit: Emit;
  /** Log lines lost since the start. */
  readonly droppedLogRows?: () => number;
  /** The state of the database; undefined, also as a result: there is none. */
  readonly database?: (() => DatabaseStatus | undefined) | undefined;
  /** Counts of this process's request records, in database mode. */
  readonly records?: (() => RecordCounts) | undefined;
  /** The journal that outlives this process, and the ledger that outlives all. */
  readonly spend?: AppSpend | undefined;
  /** Answers keys' holders about their use. If omitted, use is not stored. */
  readonly keyUse?: KeyUse | undefined;
  /** See `Gateway`. */
  readonly isObserved?: (() => boolean) | undefined;
  /** The Admin API, in database mode. */
  readonly admin?: AdminEndpoint | undefined;
  /** Receives every event, and is closed when the requests have ended; undefined: there is no tracing. */
  readonly tracing?: OpenTracing | undefined;
  /** Stores who created the providers' objects, in database mode. */
  readonly objects?: OwnerStore | undefined;
  /** The state shared with other processes on the same port; undefined: this is the only process. */
  readonly cluster?: Cluster | undefined;
  /** Whether to ask the providers for their models before the first client does. */
  readonly asksForLists?: boolean;
  /** Answers that several gateways share; undefined: this process keeps its own. */
  readonly sharedAnswers?: SharedAnswers | undefined;
  /** The clock of a single process; undefined: the machine's clock. */
  readonly clock?: SystemClock;
  /** The threads to use, which `stop` ends with the app; undefined: its own. */
  readonly threads?: Threads;
}

/** Connects a process with the journal and the ledger. */
export interface AppSpend extends Pick<MetricSources, 'journalState' | 'ledgerState' | 'leaseState'> {
  readonly journal: Journal;
  /** Settles what providers report later; undefined, also as a result: nothing does. */
  readonly later?: Gateway['later'];
  /** The use before this process began, for a single process. */
  readonly usedOf?: UsedOf | undefined;
  /** The same as it was last read, for metrics. */
  readonly knownOf?: UsedOf | undefined;
  /** Shares limits with other machines. */
  readonly leasing?: OpenLeasing | undefined;
}

/** The processes that serve together, as one of them sees them. Each `own` is what this process would do on its own. */
export interface Cluster {
  /** One clock for all, so that they agree on when a cooldown ends. */
  readonly clock: SystemClock;
  readonly ledgers: AppLedgers;
  /** The port that all listen on; undefined: this process listens on the configured one. */
  readonly port: number | undefined;
  /** Whether this process probes the providers at intervals. */
  readonly isProber: boolean;
  /** The metrics of all processes, as text. */
  readonly metrics: (own: () => readonly FamilyDump[]) => string | Promise<string>;
  /** The provider statuses of all processes. */
  readonly statuses: (own: readonly ProviderStatus[]) => Promise<readonly ProviderStatus[]>;
  /** The providers' model lists, fetched by one process for all. */
  readonly modelLists: (own: ListFetcher) => ListFetcher;
  /** The health report of the process that probes for all. */
  readonly healthReporter: (own: HealthReporter) => HealthReporter;
}

/** Connects the parts of a gateway and starts listening. Throws the errors of listening, such as EADDRINUSE. */
export function startApp(options: AppOptions): App {
  let { snapshot } = options;
  const { tracing, cluster = singleProcess(options.clock ?? systemClock, options.spend) } = options;
  const { clock, ledgers, flush } = withStoredOwners(cluster, options.objects);
  const { stop: stopThreads, ...threads } = options.threads ?? createThreads();
  const upstream = createUpstream();
  const answers = new AnswerCache(snapshot, options.sharedAnswers);
  const own = { clock, ledgers, answers, snapshot: () => snapshot };
  const { metrics, statuses, emit } = openWatchers(options, own);
  const gateway: Gateway = {
    snapshot: () => snapshot,
    upstream,
    clock,
    ...inMemory(),
    ...ledgers,
    ...threads,
    costs: createCostMeter(() => snapshot, clock),
    answers,
    emit,
    journal: options.spend?.journal,
    later: options.spend?.later,
    ...(tracing && { tracing }),
    ...(options.isObserved && { isObserved: options.isObserved }),
  };
  const { catalogue, ...reports } = openReports(gateway, statuses, cluster, options);
  const { server, metricsServer } = openPorts(options, cluster, {
    gateway,
    metrics,
    reportHealth: reports.reportHealth,
    catalogue,
  });
  const ends = workRegularly(gateway, cluster, answers);
  const stop = async (): Promise<void> => {
    for (const end of ends) end();
    await Promise.all([server.stop(), metricsServer?.stop()]);
    upstream.close();
    answers.end();
    await Promise.all([stopThreads(), flush()]);
    await tracing?.close();
  };
  return {
    server,
    snapshot: () => snapshot,
    metricsServer,
    counters: ledgers.counters,
    emit,
    dumpMetrics: metrics.dump,
    ledgers,
    clock,
    answers,
    ...reports,
    swap: (next) => {
      snapshot = next;
      answers.swap(next);
      server.recheck();
    },
    drain: () => drained(server, snapshot.server).then(stop),
    stop,
  };
}

/** Starts what is done at intervals. Returns functions that end it. */
function workRegularly(gateway: Gateway, { clock, isProber }: Cluster, answers: AnswerCache) {
  return [sweepRegularly({ ...gateway, answers }, clock), isProber ? probeRegularly(gateway) : nothing];
}

/** Loads what tests a provider when somebody asks for it. */
async function testProvider(test: ProviderTest, gateway: Gateway): Promise<ProviderTestResult> {
  const loaded = await import('../health/test-provider.ts');
  return loaded.testProvider(test, gateway);
}

/** The reports on providers: their models and their status. */
function openReports(
  gateway: Gateway,
  statuses: ProviderStatuses,
  cluster: Cluster,
  { asksForLists = false }: Pick<AppOptions, 'asksForLists'>,
) {
  const fetchModelLists = createListFetcher(gateway);
  const catalogue = new ModelCatalogue(gateway.snapshot, gateway.clock, cluster.modelLists(fetchModelLists));
  if (asksForLists) void catalogue.refresh();
  const reportHealth = createHealthReporter(gateway, {
    statuses: () => cluster.statuses(statuses.list()),
    modelLists: () => catalogue.lists(),
  });
  return {
    catalogue,
    fetchModelLists,
    reportHealth,
    statuses: () => statuses.list(),
    testProvider: (test: ProviderTest) => testProvider(test, gateway),
  };
}

/** The cluster of a single process. */
function singleProcess(clock: SystemClock, spend: AppSpend | undefined): Cluster {
  return {
    clock,
    ledgers: loneLedgers(spend?.usedOf, spend?.leasing),
    port: undefined,
    isProber: true,
    metrics: (own) => renderMetrics(own()),
    statuses: (own) => Promise.resolve(own),
    healthReporter: (own) => own,
    modelLists: (own) => own,
  };
}

/**
 * The cluster's ledgers, with the store behind the object owners if there is one. `flush` writes the owners that the
 * store lacks.
 */
function withStoredOwners(
  { ledgers, clock }: Cluster,
  store: OwnerStore | undefined,
): Pick<Cluster, 'clock' | 'ledgers'> & { readonly flush: () => Promise<void> } {
  if (store === undefined) return { clock, ledgers, flush: () => Promise.resolve() };
  const objects = new StoredObjectOwners(ledgers.objects, store, clock);
  return { clock, ledgers: { ...ledgers, objects }, flush: () => objects.flush() };
}

/** The listeners of the gateway's events, and one function that calls them all. */
function openWatchers(
  { version, droppedLogRows = () => 0, database, records, spend, tracing, emit, cluster }: AppOptions,
  {
    clock,
    ledgers,
    ...own
  }: Pick<Cluster, 'clock' | 'ledgers'> & Pick<MetricSources, 'snapshot' | 'answers'>,
): { readonly metrics: Metrics; readonly statuses: ProviderStatuses; readonly emit: Emit } {
  // The supervisor tells how limits stand that several processes share.
  const limits = cluster === undefined ? withLedger(ledgers.counters, spend?.knownOf) : undefined;
  const sources = { ...own, clock, version, droppedLogRows, database, records, limits };
  const metrics = createMetrics({ ...sources, ...spend });
  const statuses = new ProviderStatuses(clock);
  const listeners = [metrics.listen, statuses.listen, ...(tracing ? [tracing.listen] : []), emit];
  return { metrics, statuses, emit: toEach(listeners) };
}

function nothing(): void {
  // Without tracing there is nothing to end.
}
