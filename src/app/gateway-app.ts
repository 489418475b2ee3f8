import type { MetricsSettings, Snapshot } from '../config/snapshot.ts';
import { createDocs } from '../console/docs-page.ts';
import { LOOK_MS } from '../gateway/settle.ts';
import type { DatabaseStatus, Emit, Gateway, Ledgers } from '../gateway/ports.ts';
import { ObjectOwnerLedger } from '../gateway/object-owners.ts';
import { type OwnerStore, StoredObjectOwners } from '../gateway/stored-object-owners.ts';
import { UnspokenApis } from '../gateway/unspoken-apis.ts';
import { newRequestId } from '../gateway/request-id.ts';
import { type SystemClock, systemClock } from '../lib/system-clock.ts';
import { ThreadedTokenCounter } from '../usage/token-counter.ts';
import { createListFetcher, type ListFetcher } from '../models/fetch-lists.ts';
import { ModelCatalogue } from '../models/model-catalogue.ts';
import { BucketLedger } from '../limits/bucket-ledger.ts';
import { CooldownLedger } from '../routing/cooldown.ts';
import { TrafficLedger } from '../routing/traffic.ts';
import { TurnCounter } from '../routing/turn-counter.ts';
import { createHealthReporter, type HealthReporter, probeRegularly } from '../health/report.ts';
import { type ProviderStatus, ProviderStatuses } from '../health/provider-status.ts';
import { type MetricsPage, type MetricsServer, serveMetrics } from '../server/metrics-endpoint.ts';
import { type AdminEndpoint, type HttpServer, serve, type ServeOptions } from '../server/serve.ts';
import { EXPOSITION_TYPE, renderMetrics } from '../telemetry/metrics/exposition.ts';
import type { FamilyDump } from '../telemetry/metrics/metric-family.ts';
import { createMetrics, type Metrics, type RecordCounts } from '../telemetry/metrics/metrics.ts';
import type { OpenTracing } from '../telemetry/traces/trace-open.ts';
import { createUpstream } from '../upstream/upstream.ts';

/** A running gateway. */
export interface App {
  readonly server: HttpServer;
  readonly snapshot: () => Snapshot;
  /** The listener that the metrics have to themselves, where they have one. */
  readonly metricsServer: MetricsServer | undefined;
  /** Tells metrics and logs what happens outside of the requests. */
  readonly emit: Emit;
  /** What this process has counted. */
  readonly dumpMetrics: () => readonly FamilyDump[];
  /** What this process knows of the providers. */
  readonly statuses: () => readonly ProviderStatus[];
  /** Tests the providers. */
  readonly reportHealth: HealthReporter;
  /** Asks the providers for their models, where what is known is old. */
  readonly fetchModelLists: ListFetcher;
  /** Gets what the providers list before somebody asks for it. Never rejects. */
  readonly refreshModels: () => Promise<void>;
  /** Puts another configuration in force for the requests that come from now on. */
  readonly swap: (next: Snapshot) => void;
  /**
   * `/readyz` says no for `drain_delay`; then there are no new connections, and requests in flight finish; resolves when they have, or when `drain_timeout` is over and the
   * rest was ended.
   */
  readonly drain: () => Promise<void>;
  /** Ends everything at once. */
  readonly stop: () => Promise<void>;
}

export interface AppOptions {
  readonly snapshot: Snapshot;
  readonly version: string;
  /** Told every event, after the metrics. */
  readonly emit: Emit;
  /** Log lines lost since the start. */
  readonly droppedLogRows?: () => number;
  /** How the database is doing; undefined, also as its answer: there is none. */
  readonly database?: (() => DatabaseStatus | undefined) | undefined;
  /** What becomes of the records of this process's requests, in database mode. */
  readonly records?: (() => RecordCounts) | undefined;
  /** The Admin API, in database mode. */
  readonly admin?: AdminEndpoint | undefined;
  /** Told every event as well, and closed when the requests have ended; undefined: nothing is traced. */
  readonly tracing?: OpenTracing | undefined;
  /** Keeps who made the objects of the providers, in database mode. */
  readonly objects?: OwnerStore | undefined;
  /** What this process shares with others that serve the same port; undefined: it is alone. */
  readonly team?: Supervisor | undefined;
  /** The clock of a process that is alone; undefined: the machine's. */
  readonly clock?: SystemClock;
}

/** The processes that serve together, as one of them sees them. `own` is what it would do if it were alone. */
export interface Supervisor {
  /** One for all, so that they agree on when a cooldown is over. */
  readonly clock: SystemClock;
  readonly ledgers: Ledgers;
  /** The port that all listen on; undefined: this one listens alone, where the configuration says. */
  readonly port: number | undefined;
  /** Whether this one tests the providers from time to time. */
  readonly isProber: boolean;
  /** The metrics of all, as text. */
  readonly metrics: (own: () => readonly FamilyDump[]) => string | Promise<string>;
  /** What all of them know of the providers. */
  readonly statuses: (own: readonly ProviderStatus[]) => Promise<readonly ProviderStatus[]>;
  /** What the one that tests the providers has got of their models, for all. */
  readonly modelLists: (own: ListFetcher) => ListFetcher;
  /** The report of the one that tests the providers for all. */
  readonly healthReporter: (own: HealthReporter) => HealthReporter;
}

/** How often what no request will ask for again is forgotten. */
const SWEEP_MS = 60_000;

/** Chance, which the core is given. */
const CHANCE = { dice: Math.random, newRequestId };

/** Wires the parts of a gateway together and listens. Throws what listening throws, such as EADDRINUSE. */
export function startApp(options: AppOptions): App {
  let { snapshot } = options;
  const { tracing, team = alone(options.clock ?? systemClock) } = options;
  const { clock, ledgers, flush } = withStoredOwners(team, options.objects);
  const tokens = new ThreadedTokenCounter();
  const upstream = createUpstream();
  const { metrics, statuses, emit } = openWatchers(options, clock, () => snapshot);
  const gateway: Gateway = {
    snapshot: () => snapshot,
    upstream,
    clock,
    ...CHANCE,
    ...ledgers,
    tokens,
    limits: [],
    unspoken: new UnspokenApis(),
    emit,
    ...(tracing && { tracing }),
  };
  const { catalogue, ...reports } = openReports(gateway, statuses, team);
  const page: MetricsPage = { type: EXPOSITION_TYPE, text: () => team.metrics(metrics.dump) };
  // Several can't have one listener: whoever is above them has it.
  const metricsServer =
    team.port === undefined ? ownMetricsServer(snapshot, page, () => snapshot.metrics) : undefined;
  const server = serve(gateway, {
    ...snapshot.server,
    port: team.port ?? snapshot.server.port,
    isShared: team.port !== undefined,
    version: options.version,
    database: options.database,
    admin: options.admin,
    ...pagesBesideTheApi(options, snapshot.metrics.port === undefined ? page : undefined),
    reportHealth: team.healthReporter(reports.reportHealth),
    catalogue,
  });
  const ends = [sweepRegularly(ledgers, clock), team.isProber ? probeRegularly(gateway) : nothing];
  const stop = async (): Promise<void> => {
    for (const end of ends) end();
    await Promise.all([server.stop(), metricsServer?.stop()]);
    upstream.close();
    await Promise.all([reported(tokens), flush()]);
    await tracing?.close();
  };
  return {
    server,
    snapshot: () => snapshot,
    metricsServer,
    emit,
    dumpMetrics: metrics.dump,
    statuses: () => statuses.list(),
    ...reports,
    swap: (next) => {
      snapshot = next;
    },
    drain: async () => {
      await drained(server, snapshot.server);
      await stop();
    },
    stop,
  };
}

/** What is told of the providers: their models, and how they are. */
function openReports(gateway: Gateway, statuses: ProviderStatuses, team: Supervisor) {
  const fetchModelLists = createListFetcher(gateway);
  const catalogue = new ModelCatalogue(gateway.snapshot, gateway.clock, team.modelLists(fetchModelLists));
  const reportHealth = createHealthReporter(gateway, {
    statuses: () => team.statuses(statuses.list()),
    modelLists: () => catalogue.lists(),
  });
  return { catalogue, fetchModelLists, reportHealth, refreshModels: () => catalogue.refresh() };
}

/** The team of a process that is alone. */
function alone(clock: SystemClock): Supervisor {
  return {
    clock,
    ledgers: {
      buckets: new BucketLedger(),
      cooldowns: new CooldownLedger(),
      traffic: new TrafficLedger(),
      turns: new TurnCounter(),
      objects: new ObjectOwnerLedger(),
    },
    port: undefined,
    isProber: true,
    metrics: (own) => renderMetrics(own()),
    statuses: (own) => Promise.resolve(own),
    healthReporter: (own) => own,
    modelLists: (own) => own,
  };
}

/** The team's ledgers, with a store behind the owners of objects where there is one, and how to write what it lacks. */
function withStoredOwners(
  { ledgers, clock }: Supervisor,
  store: OwnerStore | undefined,
): Pick<Supervisor, 'clock' | 'ledgers'> & { readonly flush: () => Promise<void> } {
  if (store === undefined) return { clock, ledgers, flush: () => Promise.resolve() };
  const objects = new StoredObjectOwners(ledgers.objects, store, clock);
  return { clock, ledgers: { ...ledgers, objects }, flush: () => objects.flush() };
}

/** What listens to the gateway's events, and the one function that tells all of it. */
function openWatchers(
  { version, droppedLogRows = () => 0, database, records, tracing, emit }: AppOptions,
  clock: SystemClock,
  snapshot: () => Snapshot,
): { readonly metrics: Metrics; readonly statuses: ProviderStatuses; readonly emit: Emit } {
  const metrics = createMetrics({ snapshot, clock, version, droppedLogRows, database, records });
  const statuses = new ProviderStatuses(clock);
  const listeners = [metrics.listen, statuses.listen, ...(tracing ? [tracing.listen] : []), emit];
  return { metrics, statuses, emit: toEach(listeners) };
}

function nothing(): void {
  // There is nothing to end.
}

/** Forgets, every so often, what no request will ask for again. Returns how to end it. */
function sweepRegularly({ buckets, cooldowns }: Ledgers, clock: SystemClock): () => void {
  const sweeper = setInterval(() => {
    const nowMs = clock.nowMs();
    buckets.sweep(nowMs);
    cooldowns.sweep(nowMs - SWEEP_MS);
  }, SWEEP_MS);
  return () => clearInterval(sweeper);
}

/** The metrics' own listener, on the host of the main one; undefined where they have no port of their own. */
export function ownMetricsServer(
  { server, metrics: { port } }: Snapshot,
  page: MetricsPage,
  settings: () => MetricsSettings,
): MetricsServer | undefined {
  return port === undefined ? undefined : serveMetrics({ host: server.host, port, page, settings });
}

/** The metrics, if they are on this port, and the page about all that is. */
function pagesBesideTheApi(
  { version, admin }: AppOptions,
  metrics: MetricsPage | undefined,
): Pick<ServeOptions, 'metrics' | 'docs'> {
  const docs = createDocs({
    version,
    hasMetrics: metrics !== undefined,
    admin: admin && (async () => (await import('../admin/document.ts')).adminDocument(version)),
  });
  return { metrics, docs };
}

/** Tells each listener every event. They only listen: an error in one of them is no reason to fail a request. */
function toEach(listeners: readonly Emit[]): Emit {
  return (event) => {
    for (const listen of listeners) {
      try {
        listen(event);
      } catch (error) {
        if (event.type !== 'bug') listeners.at(-1)?.({ type: 'bug', requestId: undefined, error });
      }
    }
  };
}

/** Gives load balancers the time to notice, then ends listening, and waits for what is in flight. */
async function drained(
  server: HttpServer,
  { drainDelayMs, drainTimeoutMs }: Snapshot['server'],
): Promise<void> {
  server.announce();
  if (drainDelayMs > 0) await Bun.sleep(drainDelayMs);
  server.drain();
  await idle(server, drainTimeoutMs);
  // The last report of a large answer comes when it has been seen that it has gone.
  await Bun.sleep(3 * LOOK_MS);
}

/** Resolves when no request is pending, or after `timeoutMs`. */
async function idle(server: HttpServer, timeoutMs: number): Promise<void> {
  const untilMs = systemClock.nowMs() + timeoutMs;
  while (server.pending() > 0 && systemClock.nowMs() < untilMs) await Bun.sleep(10);
}

/** Resolves when the last reports that waited for an estimate are out, or after a moment. */
async function reported(tokens: ThreadedTokenCounter): Promise<void> {
  const untilMs = systemClock.nowMs() + LAST_REPORTS_MS;
  while (tokens.pending > 0 && systemClock.nowMs() < untilMs) await Bun.sleep(5);
  tokens.stop();
}

const LAST_REPORTS_MS = 2_000;
