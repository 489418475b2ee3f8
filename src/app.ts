import type { MetricsSettings, Snapshot } from './config/snapshot.ts';
import type { Emit, Gateway } from './gateway/ports.ts';
import { systemClock } from './lib/system-clock.ts';
import { ThreadedTokenCounter } from './lib/token-counter.ts';
import { BucketLedger } from './limits/bucket-ledger.ts';
import { CooldownLedger } from './routing/cooldown.ts';
import { TrafficLedger } from './routing/traffic.ts';
import { TurnCounter } from './routing/turn-counter.ts';
import { probeRegularly } from './server/detailed-health.ts';
import { ProviderStandings } from './server/provider-standing.ts';
import { type MetricsPage, type MetricsServer, serveMetrics } from './server/metrics-endpoint.ts';
import { type AdminEndpoint, type HttpServer, serve } from './server/serve.ts';
import { EXPOSITION_TYPE, renderMetrics } from './telemetry/exposition.ts';
import { createMetrics } from './telemetry/metrics.ts';
import type { OpenTracing } from './telemetry/trace-open.ts';
import { createFetchUpstream } from './upstream/fetch-upstream.ts';

/** A running gateway. */
export interface App {
  readonly server: HttpServer;
  readonly snapshot: () => Snapshot;
  /** The listener that the metrics have to themselves, where they have one. */
  readonly metricsServer: MetricsServer | undefined;
  /** Tells metrics and logs what happens outside of the requests. */
  readonly emit: Emit;
  /** Puts another configuration in force for the requests that come from now on. */
  readonly swap: (next: Snapshot) => void;
  /**
   * No new connections, requests in flight finish; resolves when they have, or when `drain_timeout` is over and the
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
  /** The Admin API, in database mode. */
  readonly admin?: AdminEndpoint | undefined;
  /** Told every event as well, and closed when the requests have ended; undefined: nothing is traced. */
  readonly tracing?: OpenTracing | undefined;
}

/** How often what no request will ask for again is forgotten. */
const SWEEP_MS = 60_000;

/** Wires the parts of a gateway together and listens. Throws what listening throws, such as EADDRINUSE. */
export function startApp(options: AppOptions): App {
  let { snapshot } = options;
  const { tracing } = options;
  const tokens = new ThreadedTokenCounter();
  const buckets = new BucketLedger();
  const cooldowns = new CooldownLedger();
  const metrics = createMetrics({
    snapshot: () => snapshot,
    clock: systemClock,
    version: options.version,
    droppedLogRows: options.droppedLogRows ?? (() => 0),
  });
  const standings = new ProviderStandings(systemClock);
  const emit = toEach([metrics.listen, standings.listen, ...(tracing ? [tracing.listen] : []), options.emit]);
  const gateway: Gateway = {
    snapshot: () => snapshot,
    upstream: createFetchUpstream(),
    clock: systemClock,
    dice: Math.random,
    newRequestId,
    buckets,
    cooldowns,
    traffic: new TrafficLedger(),
    turns: new TurnCounter(),
    tokens,
    emit,
    ...(tracing && { tracing }),
  };
  const page: MetricsPage = { type: EXPOSITION_TYPE, text: () => renderMetrics(metrics.dump()) };
  const metricsServer = ownMetricsServer(snapshot, page, () => snapshot.metrics);
  const server = serve(gateway, {
    ...snapshot.server,
    version: options.version,
    admin: options.admin,
    metrics: metricsServer === undefined ? page : undefined,
    standings,
  });
  const ends = [sweepRegularly(buckets, cooldowns), probeRegularly(gateway)];
  const stop = async (): Promise<void> => {
    for (const end of ends) end();
    await Promise.all([server.stop(), metricsServer?.stop()]);
    await reported(tokens);
    await tracing?.close();
  };
  return {
    server,
    snapshot: () => snapshot,
    metricsServer,
    emit,
    swap: (next) => {
      snapshot = next;
    },
    drain: async () => {
      server.drain();
      await idle(server, snapshot.server.drainTimeoutMs);
      await stop();
    },
    stop,
  };
}

/** Forgets, every so often, what no request will ask for again. Returns how to end it. */
function sweepRegularly(buckets: BucketLedger, cooldowns: CooldownLedger): () => void {
  const sweeper = setInterval(() => {
    const nowMs = systemClock.nowMs();
    buckets.sweep(nowMs);
    cooldowns.sweep(nowMs - SWEEP_MS);
  }, SWEEP_MS);
  return () => clearInterval(sweeper);
}

/** The metrics' own listener, on the host of the main one; undefined where they have no port of their own. */
function ownMetricsServer(
  { server, metrics: { port } }: Snapshot,
  page: MetricsPage,
  settings: () => MetricsSettings,
): MetricsServer | undefined {
  return port === undefined ? undefined : serveMetrics({ host: server.host, port, page, settings });
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

/** `req_` and 12 characters: unique enough to be found in a log, short enough to be read out. */
function newRequestId(): string {
  return `req_${crypto.randomUUID().replaceAll('-', '').slice(0, 12)}`;
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
