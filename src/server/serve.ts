import type { Server } from 'bun';
import type { ServerSettings, Snapshot } from '../config/snapshot.ts';
import { watchFile } from '../config/read/watch.ts';
import { Refusal } from '../gateway/refusals.ts';
import { handle } from '../gateway/handle.ts';
import type { Gateway } from '../gateway/ports.ts';
import { refusalResponse } from '../gateway/refuse.ts';
import { allowedOrigin, preflight, withCors } from './cors.ts';
import { createDetailedHealth, type HealthReporter } from '../health/report.ts';
import { readDocs } from './docs-endpoint.ts';
import { health } from '../health/endpoints.ts';
import { type MetricsPage, readMetrics } from './metrics-endpoint.ts';
import { getModel, listModels } from './models-endpoint.ts';
import { readBody } from './read-body.ts';
import { type RequestTarget, requestTarget } from './request-target.ts';
import type { DocsEndpoint, ServerState } from './server-state.ts';
import { readTlsFiles, TlsProblem } from './tls-files.ts';

/** The listening server. */
export interface HttpServer {
  readonly url: string;
  readonly port: number;
  /** Requests that have not been answered to the end. */
  readonly pending: () => number;
  /** No new connections; `/readyz` says so; requests in flight go on. */
  readonly drain: () => void;
  /** Ends what is left. */
  readonly stop: () => Promise<void>;
}

/** The Admin API, as the server knows it. Never rejects. */
export type AdminEndpoint = (request: Request, clientAddress: string) => Promise<Response>;

/** Where the server listens. Everything else it reads from the gateway's snapshot, afresh for each request. */
export interface ServeOptions {
  readonly host: string;
  readonly port: number;
  readonly tls: ServerSettings['tls'];
  readonly version: string;
  /** Answers what is below `/admin`; undefined: nothing is there. */
  readonly admin?: AdminEndpoint | undefined;
  readonly docs: DocsEndpoint;
  /** undefined: `/metrics` is not served here. */
  readonly metrics?: MetricsPage | undefined;
  readonly reportHealth: HealthReporter;
  /** Whether other processes listen on the same port, among which the system divides the connections. */
  readonly isShared: boolean;
}

/** The client's side: takes connections, answers what is ours to answer, and hands the rest to the gateway. */
export function serve(gateway: Gateway, options: ServeOptions): HttpServer {
  const state: ServerState = {
    gateway,
    version: options.version,
    metrics: options.metrics,
    detailedHealth: createDetailedHealth(gateway, options.reportHealth),
    docs: options.docs,
    startedAtMs: Date.now(),
    isDraining: false,
  };
  const open = (port: number): Server<undefined> =>
    Bun.serve({
      hostname: options.host,
      port,
      reusePort: options.isShared,
      ...(options.tls && { tls: readTlsFiles(options.tls) }),
      // Quiet streams are healthy: silence is limited on the provider's side. Bodies have a limit of their own.
      idleTimeout: 0,
      // Larger bodies are refused by readBody, in OpenAI's shape; the runtime's own refusal has no body.
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      development: false,
      fetch: (request, server) => {
        const answered = administered(request, server, options.admin) ?? answer(request, server, state);
        return answered instanceof Promise
          ? answered.then((response) => withFarewell(response, state))
          : withFarewell(answered, state);
      },
      error: (error) => bug(error, gateway),
    });
  return renewable(open(options.port), open, { gateway, state, tls: options.tls });
}

interface Renewal {
  readonly gateway: Gateway;
  readonly state: ServerState;
  readonly tls: ServerSettings['tls'];
}

/**
 * A server that is replaced by another on the same port when its certificate changes: the runtime can't give a listener
 * a new one. What is connected to the old one goes on there.
 */
function renewable(
  first: Server<undefined>,
  open: (port: number) => Server<undefined>,
  { gateway, state, tls }: Renewal,
): HttpServer {
  const port = first.port ?? 0;
  const servers = [first];
  const renew = (): void => {
    try {
      if (tls === undefined || state.isDraining) return;
      // A pair that is half written is found out before the listener is given up.
      readTlsFiles(tls);
      void servers.at(-1)?.stop(false);
      servers.push(open(port));
    } catch (error) {
      if (!(error instanceof TlsProblem)) throw error;
      gateway.emit({ type: 'configuration-refused', problems: [error.message] });
    }
  };
  const watches = tls === undefined ? [] : [tls.certFile, tls.keyFile].map((path) => watchFile(path, renew));
  const stopWatching = (): void => {
    for (const watch of watches) watch.close();
  };
  return {
    url: first.url.origin,
    port,
    pending: () => servers.reduce((sum, server) => sum + server.pendingRequests, 0),
    drain() {
      state.isDraining = true;
      stopWatching();
      for (const server of servers) void server.stop(false);
    },
    async stop() {
      stopWatching();
      await Promise.all(servers.map((server) => server.stop(true)));
    },
  };
}

/** The Admin API's answer, if the path is its own. It comes before CORS, since no page in a browser may use it. */
function administered(
  request: Request,
  server: Server<undefined>,
  admin: AdminEndpoint | undefined,
): Promise<Response> | undefined {
  if (admin === undefined || !/^[a-z]+:\/\/[^/?]*\/admin(?:[/?]|$)/.test(request.url)) return undefined;
  return admin(request, server.requestIP(request)?.address ?? '');
}

/** No function on this way waits for the next: each wait costs a turn of the event loop. */
function answer(request: Request, server: Server<undefined>, state: ServerState): Answer {
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
 * The response, which says that its connection ends with it while the gateway shuts down (RFC 9112 §9.6): the runtime closes it
 * then, and a client that does not know might send its next request into nothing.
 */
function withFarewell(response: Response, { isDraining }: ServerState): Response {
  if (isDraining) response.headers.set('connection', 'close');
  return response;
}

function answerOrRefusal(request: Request, server: Server<undefined>, state: ServerState): Answer {
  const refused = (error: unknown): Response =>
    error instanceof Refusal ? refusalResponse(error) : bug(error, state.gateway);
  try {
    const { path, search } = requestTarget(request.url);
    const own = ownEndpoint(request, { path, search }, state);
    if (own === undefined) return proxied({ request, server, path, search }, state);
    return own instanceof Promise ? own.catch(refused) : own;
  } catch (error) {
    return refused(error);
  }
}

/** The answer to a path that is the gateway's own; undefined where it is a provider's. */
function ownEndpoint(
  request: Request,
  { path, search }: RequestTarget,
  state: ServerState,
): Answer | undefined {
  const snapshot = state.gateway.snapshot();
  const { metrics } = state;
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
      return listModels(allow(request, path).headers, snapshot);
    case '/openapi.json':
    case '/docs':
      return readDocs(allow(request, path), path, state);
    default:
      // Most requests are POSTs below /v1, and none of these endpoints is.
      if (request.method === 'POST' && path.startsWith('/v1/')) return undefined;
      if (path.startsWith('/docs/')) return readDocs(allow(request, path), path, state);
      if (isReserved(path)) throw new Refusal('path_not_found', { path });
      return modelEndpoint(request, path, snapshot);
  }
}

/** Paths that are never a provider's, so that what is not there yet, or not in this mode, is not asked of one. */
function isReserved(path: string): boolean {
  return path === '/' || /^\/(?:admin|health|metrics|docs|openapi\.json|favicon\.ico)(?:\/|$)/.test(path);
}

function modelEndpoint(request: Request, path: string, snapshot: Snapshot): Response | undefined {
  const id = /^(?:\/v1)?\/models\/(.+)$/.exec(path)?.[1];
  if (id === undefined || !isRead(request.method)) return undefined;
  return getModel(decodeId(id), request.headers, snapshot);
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
  readonly server: Server<undefined>;
  readonly path: string;
  readonly search: string;
}

function proxied({ request, server, path, search }: Arrival, { gateway }: ServerState): Promise<Response> {
  if (request.headers.get('upgrade')?.toLowerCase() === 'websocket')
    throw new Refusal('websocket_not_supported');
  const { server: limits } = gateway.snapshot();
  return handle(
    {
      method: request.method,
      path,
      search,
      headers: request.headers,
      signal: request.signal,
      clientAddress: () => server.requestIP(request)?.address ?? '',
      readBody: () => readBody(request, limits),
    },
    gateway,
  );
}

function bug(error: unknown, gateway: Gateway): Response {
  const requestId = gateway.newRequestId();
  gateway.emit({ type: 'bug', requestId, error });
  return refusalResponse(new Refusal('internal_error', { request: requestId }));
}
