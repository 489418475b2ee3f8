import type { Server } from 'bun';
import type { ServerSettings } from '../config/snapshot.ts';
import { Refusal } from '../gateway/refusals.ts';
import { handle } from '../gateway/handle.ts';
import type { KeyUse } from '../gateway/key-use.ts';
import type { ClientRequest, DatabaseStatus, Gateway } from '../gateway/ports.ts';
import { refusalResponse, refuseOwn } from '../gateway/refuse.ts';
import { requireOwnBrowser } from './browser-guard.ts';
import { addressOf, administered } from './admin-endpoint.ts';
import type { AdminEndpoint } from './admin-port.ts';
import { isOfConsole, readConsole } from './console-endpoint.ts';
import { allowedOrigin, preflight, withCors } from './cors.ts';
import { createDetailedHealth, type HealthReporter } from '../health/report.ts';
import { readDocs } from './docs-endpoint.ts';
import { health } from '../health/endpoints.ts';
import { withKeyHint } from './key-hint.ts';
import { type MetricsPage, readMetrics } from './metrics-endpoint.ts';
import { answerKeyHolder } from './key-holder.ts';
import { getModel, listModels, type ModelRequest, type ModelSources } from './models-endpoint.ts';
import type { ModelCatalogue } from '../models/model-catalogue.ts';
import { hello } from './hello.ts';
import { boundLeftover } from './leftover-body.ts';
import { BodyBudget, bodyMemory } from './body-budget.ts';
import { readBody } from './read-body.ts';
import { LISTENERS_OVERLAP, openRenewable, type OpenListener, requireFreePort } from './renewable.ts';
import { isReserved, pathOf, type RequestTarget, requestTarget } from './request-target.ts';
import type { ConsoleEndpoint, DocsEndpoint, ServerState } from './server-state.ts';
import { SOCKET_HANDLER, type SocketData, WebSockets } from './web-sockets.ts';
import type { UpstreamSockets } from '../gateway/web-socket/ports.ts';

/** The listening server. */
export interface HttpServer {
  readonly url: string;
  readonly port: number;
  /** Requests whose responses are not complete. */
  readonly pending: () => number;
  /** Ends WebSockets that another configuration does not allow. */
  readonly recheck: () => void;
  /** Makes `/readyz` answer 503; everything else goes on. */
  readonly announce: () => void;
  /** Refuses new connections and makes `/readyz` answer 503; requests in flight go on. */
  readonly drain: () => void;
  /** Ends what is left. */
  readonly stop: () => Promise<void>;
}

/** Where to listen. The server reads everything else from the gateway's snapshot, for each request. */
export interface ServeOptions {
  readonly host: string;
  readonly port: number;
  readonly tls: ServerSettings['tls'];
  readonly version: string;
  /** Answers paths below `/admin`; undefined: there are none. */
  readonly admin?: AdminEndpoint | undefined;
  readonly docs: DocsEndpoint;
  /** undefined: the console is not on this listener. */
  readonly console?: ConsoleEndpoint | undefined;
  /** The state of the database; undefined, also as a result: there is none. */
  readonly database?: (() => DatabaseStatus | undefined) | undefined;
  /** undefined: `/metrics` is not served here. */
  readonly metrics?: MetricsPage | undefined;
  readonly reportHealth: HealthReporter;
  /** Answers keys' holders about their use; left out: it is not stored. */
  readonly keyUse?: KeyUse | undefined;
  readonly catalogue: ModelCatalogue;
  readonly sockets: UpstreamSockets;
  /** Whether other processes listen on the same port, with the system distributing the connections. */
  readonly isShared: boolean;
}

/** The client's side: accepts connections, answers the gateway's own endpoints, and passes the rest to the gateway. */
export function serve(gateway: Gateway, options: ServeOptions): HttpServer {
  const state: ServerState = {
    gateway,
    version: options.version,
    metrics: options.metrics,
    database: options.database ?? (() => undefined),
    detailedHealth: createDetailedHealth(gateway, options.reportHealth),
    docs: options.docs,
    console: options.console,
    admin: options.admin,
    keyUse: options.keyUse,
    catalogue: options.catalogue,
    webSockets: new WebSockets({ ...gateway, sockets: options.sockets }),
    startedAtMs: Date.now(),
    bodies: new BodyBudget(() => bodyMemory(gateway.snapshot(), options.isShared)),
    phase: 'serving',
  };
  const open: OpenListener = (port, pair) =>
    Bun.serve({
      hostname: options.host,
      port,
      // A listener with a renewed certificate opens beside the one that it replaces.
      reusePort: options.isShared || (pair !== undefined && LISTENERS_OVERLAP),
      ...(pair && { tls: pair }),
      // Quiet streams are healthy: silence is limited on the provider's side. Bodies have a limit of their own.
      idleTimeout: 0,
      // Larger bodies are refused by readBody in OpenAI's shape; the runtime's own refusal has no body.
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      development: false,
      websocket: SOCKET_HANDLER,
      fetch: (request, server) => {
        const answered = administered(request, server, state) ?? answer(request, server, state);
        return answered instanceof Promise
          ? answered.then((response) =>
              withConnectionClose(boundLeftover(response, { request, server }, state), state),
            )
          : withConnectionClose(boundLeftover(answered, { request, server }, state), state);
      },
      error: (error) => bug(error, gateway),
    });
  if (options.tls !== undefined && !options.isShared) requireFreePort(options);
  const { url, port, pending, close, stop } = openRenewable(open, { gateway, state, ...options });
  const { webSockets } = state;
  return {
    url,
    port,
    pending: () => pending() + webSockets.count,
    recheck: () => webSockets.recheck(),
    announce() {
      state.phase = 'leaving';
    },
    drain() {
      state.phase = 'draining';
      close();
      webSockets.leave();
    },
    stop: () => webSockets.end().then(stop),
  };
}

/** None of the functions on this path awaits the next: each await costs a turn of the event loop. */
function answer(request: Request, server: Server<SocketData>, state: ServerState): Answer {
  const { corsOrigins } = state.gateway.snapshot().server;
  const origin = allowedOrigin(request.headers, corsOrigins);
  if (origin === undefined) return answerOrRefusal(request, server, state);
  if (request.method === 'OPTIONS') return preflight(request.headers, origin);
  return Promise.resolve(answerOrRefusal(request, server, state)).then((response) =>
    withCors(response, origin),
  );
}

type Answer = Response | Promise<Response>;

/**
 * Announces the end of the connection while the gateway shuts down (RFC 9112 §9.6). The runtime closes it then, and a
 * client that does not know might send its next request into nothing.
 */
function withConnectionClose(response: Response, { phase }: ServerState): Response {
  if (phase === 'draining') response.headers.set('connection', 'close');
  return response;
}

function answerOrRefusal(request: Request, server: Server<SocketData>, state: ServerState): Answer {
  const refused = (error: unknown): Response => {
    const { method, headers, signal } = request;
    const own = { method, path: pathOf(request.url), headers, signal };
    const { gateway } = state;
    return refuseOwn(
      error,
      { ...own, clientAddress: () => addressOf(request, server, gateway.snapshot()) },
      gateway,
    );
  };
  try {
    const target = requestTarget(request.url);
    requireOwnBrowser(request, target.path, state.gateway.snapshot());
    const own = target.path.startsWith('/v1/key')
      ? aboutKey({ request, server, target }, state)
      : ownEndpoint(request, target, state);
    if (own === undefined) return proxied({ request, server, target }, state);
    return own instanceof Promise ? own.catch(refused) : own;
  } catch (error) {
    return refused(error);
  }
}

/** The answer to a path of the gateway's own; undefined: the path is a provider's. */
function ownEndpoint(request: Request, target: RequestTarget, state: ServerState): Answer | undefined {
  const { path, search } = target;
  const snapshot = state.gateway.snapshot();
  const { metrics, catalogue } = state;
  switch (path) {
    case '/health':
    case '/healthz':
    case '/readyz':
      return health(allow(request, path), path, state);
    case '/health/detailed':
      return state.detailedHealth(allow(request, path).headers, search);
    case '/metrics':
      if (metrics === undefined) throw new Refusal('path_not_found', { path });
      return readMetrics(allow(request, path).headers, metrics, snapshot.metrics);
    case '/v1/models':
    case '/models':
    case '/v1beta/models': {
      const reader = { headers: allow(request, path).headers, search, path };
      return modelList(reader, { snapshot, catalogue, clock: state.gateway.clock });
    }
    case '/':
    case '/api/hello':
      return hello(allow(request, path), path, state);
    case '/openapi.json':
    case '/docs':
      return readDocs(allow(request, path), path, state);
    default:
      // Most requests are POSTs below /v1, and none of the gateway's own endpoints is.
      if (request.method === 'POST' && path.startsWith('/v1/')) return undefined;
      return endpointBelow(request, target, state);
  }
}

/** The answer to a path below one of the gateway's own prefixes; undefined: the path is a provider's. */
function endpointBelow(request: Request, target: RequestTarget, state: ServerState): Answer | undefined {
  const { path, search } = target;
  if (path.startsWith('/docs/')) return readDocs(allow(request, path), path, state);
  if (isOfConsole(path, state)) return readConsole(request, path, state);
  if (isReserved(path)) throw new Refusal('path_not_found', { path });
  const { gateway, catalogue } = state;
  const { clock } = gateway;
  return modelEndpoint(request, { path, search }, { snapshot: gateway.snapshot(), catalogue, clock });
}

function aboutKey(arrival: Arrival, state: ServerState): Answer | undefined {
  return answerKeyHolder(arrival, state, () => proxied(arrival, state));
}

function modelList(reader: ModelRequest, sources: ModelSources): Response {
  return withKeyHint(listModels(reader, sources), reader, sources);
}

function modelEndpoint(
  request: Request,
  { path, search }: Omit<RequestTarget, 'azure'>,
  sources: ModelSources,
): Response | undefined {
  const id = /^(?:\/v1(?:beta)?)?\/models\/(.+)$/.exec(path)?.[1];
  if (id === undefined || !isRead(request.method)) return undefined;
  return getModel(decodeId(id), { headers: request.headers, search, path }, sources);
}

function decodeId(id: string): string {
  try {
    return decodeURIComponent(id);
  } catch {
    return id;
  }
}

function allow(request: Request, path: string): Request {
  if (isRead(request.method)) return request;
  throw new Refusal(
    'method_not_allowed',
    { path, method: request.method, allowed: 'GET' },
    { headers: { allow: 'GET, HEAD' } },
  );
}

function isRead(method: string): boolean {
  return method === 'GET' || method === 'HEAD';
}

interface Arrival {
  readonly request: Request;
  readonly server: Server<SocketData>;
  readonly target: RequestTarget;
}

function proxied(arrival: Arrival, { gateway, bodies, webSockets }: ServerState): Promise<Response> {
  const { request, server, target } = arrival;
  const snapshot = gateway.snapshot();
  const asked: ClientRequest = {
    method: request.method,
    path: target.path,
    search: target.search,
    azure: target.azure,
    headers: request.headers,
    signal: request.signal,
    // The runtime drops the address when it is done with the request.
    isAnswered: () => server.requestIP(request) === null,
    clientAddress: () => addressOf(request, server, snapshot),
    readBody: (key) => readBody(request, snapshot.server, { budget: bodies, key }),
  };
  if (request.headers.get('upgrade')?.toLowerCase() !== 'websocket') return handle(asked, gateway);
  const address = asked.clientAddress();
  return webSockets.upgrade({ ...asked, clientAddress: () => address }, arrival);
}

function bug(error: unknown, gateway: Gateway): Response {
  const requestId = gateway.newRequestId();
  gateway.emit({ type: 'bug', requestId, error });
  const refusal = new Refusal('internal_error', { request: requestId });
  return refusalResponse(refusal, { id: requestId, path: '', headers: new Headers() });
}
