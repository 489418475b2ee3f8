import type { MetricsSettings, Snapshot } from '../config/snapshot.ts';
import { createConsole } from '../console/console-page.ts';
import { createDocs } from '../console/docs-page.ts';
import type { Gateway } from '../gateway/ports.ts';
import type { HttpServer, ServeOptions } from '../server/http-server.ts';
import { openListeners } from './listeners.ts';
import type { UpstreamSockets } from '../gateway/web-socket/ports.ts';
import { lazily } from '../lib/lazily.ts';
import { type MetricsPage, type MetricsServer, serveMetrics } from '../server/metrics-endpoint.ts';
import { EXPOSITION_TYPE } from '../telemetry/metrics/exposition.ts';
import type { Metrics } from '../telemetry/metrics/metrics.ts';
import type { AdminEndpoint } from '../server/admin-port.ts';

/** The services beside the proxied API. See `AppOptions`. */
interface Beside extends Pick<ServeOptions, 'keyUse' | 'database'> {
  readonly version: string;
  readonly admin?: AdminEndpoint | undefined;
}

/** The part of the processes that serve together. See `Cluster`. */
interface Together {
  readonly port: number | undefined;
  readonly metrics: (own: Metrics['dump']) => string | Promise<string>;
  readonly healthReporter: (own: ServeOptions['reportHealth']) => ServeOptions['reportHealth'];
}

/** The services of the listeners. */
interface Listened extends Pick<ServeOptions, 'reportHealth' | 'catalogue'> {
  readonly gateway: Gateway;
  readonly metrics: Metrics;
}

/** Starts listening for clients, and for readers of metrics if these have a port of their own. */
export function openPorts(
  options: Beside,
  cluster: Together,
  { gateway, metrics, reportHealth, catalogue }: Listened,
): { readonly server: HttpServer; readonly metricsServer: MetricsServer | undefined } {
  const snapshot = gateway.snapshot();
  const page: MetricsPage = { type: EXPOSITION_TYPE, text: () => cluster.metrics(metrics.dump) };
  // Processes cannot share this listener, so the supervisor has it.
  const metricsServer =
    cluster.port === undefined
      ? ownMetricsServer(snapshot, page, () => gateway.snapshot().metrics)
      : undefined;
  const shownPage = snapshot.metrics.port === undefined ? page : undefined;
  const server = openListeners(gateway, {
    ...snapshot.server,
    port: cluster.port ?? snapshot.server.port,
    isShared: cluster.port !== undefined,
    ...servedBesideTheApi(options, shownPage, gateway.snapshot),
    reportHealth: cluster.healthReporter(reportHealth),
    keyUse: options.keyUse,
    catalogue,
    sockets: lazySockets(),
  });
  return { server, metricsServer };
}

/** WebSockets to providers. Few gateways serve any, so their code is loaded when the first is opened. */
function lazySockets(): UpstreamSockets {
  const sockets = lazily(async () => (await import('../upstream/web-socket.ts')).createSockets());
  return { connect: async (request, listener) => (await sockets()).connect(request, listener) };
}

/** Starts the metrics' own listener on the main host; undefined: they have no port of their own. */
export function ownMetricsServer(
  { server, metrics: { port } }: Snapshot,
  page: MetricsPage,
  settings: () => MetricsSettings,
): MetricsServer | undefined {
  return port === undefined ? undefined : serveMetrics({ host: server.host, port, page, settings });
}

/** The path of the console where it is served on the main listener; undefined: it is not. */
function consolePath({ console: { enabled, path, adminPort } }: Snapshot): string | undefined {
  return enabled && adminPort === undefined ? path : undefined;
}

/** The endpoints beside the proxied API: the Admin API, the console, `/docs`, and the metrics if they share this port. */
function servedBesideTheApi(
  { version, admin, database }: Beside,
  metrics: MetricsPage | undefined,
  snapshot: () => Snapshot,
): Pick<ServeOptions, 'version' | 'admin' | 'database' | 'metrics' | 'docs' | 'console'> {
  const docs = createDocs({
    version,
    hasMetrics: metrics !== undefined,
    admin: admin && (async () => (await import('../admin/document.ts')).adminDocument(version)),
    console: admin && (() => consolePath(snapshot())),
  });
  const console = createConsole({ path: () => snapshot().console.path });
  return { version, admin, database, metrics, docs, console };
}
