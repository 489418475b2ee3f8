import type { Server } from 'bun';
import { Refusal } from '../gateway/refusals.ts';
import { handle } from '../gateway/handle.ts';
import type { ClientRequest, Gateway } from '../gateway/ports.ts';
import { refusalAnswer, refuseOwn } from '../gateway/refuse.ts';
import { requireOwnBrowser } from './browser-guard.ts';
import type { RuntimeServer, ServeOptions } from './http-server.ts';
import { addressOf, administered, isIntruder } from './admin-endpoint.ts';
import { isOfConsole, readConsole, requireAdminPart } from './console-endpoint.ts';
import { allowedOrigin, preflight, withCors } from './cors.ts';
import { createDetailedHealth } from '../health/report.ts';
import { readDocs } from './docs-endpoint.ts';
import { readMetrics } from './metrics-endpoint.ts';
import { answerKeyHolder } from './key-holder.ts';
import { hello } from './hello.ts';
import { INNER_HOST } from './lean/handed-over.ts';
import { boundLeftover } from './leftover-body.ts';
import { plainEndpoint, requireRead } from './plain-endpoints.ts';
import { BodyBudget, bodyMemory } from './body-budget.ts';
import { readBody } from './read-body.ts';
import { openWhenNeeded } from './needed-listener.ts';
import { LISTENERS_OVERLAP, openRenewable, type OpenListener, requireFreePort } from './renewable.ts';
import { responseOf } from './response.ts';
import { isReserved, pathOf, type RequestTarget, requestTarget } from './request-target.ts';
import type { ServerState } from './server-state.ts';
import { SOCKET_HANDLER, type SocketData, WebSockets } from './web-sockets.ts';

/**
 * The client's side: accepts connections, answers the gateway's own endpoints, and passes the rest to the gateway. Behind
 * a server that hands connections over, it listens from the first of them on.
 */
export function serve(gateway: Gateway, options: ServeOptions): RuntimeServer {
  const state = stateOf(gateway, options);
  const open: OpenListener = (port, pair) =>
    Bun.serve({
      ...placeOf(options, pair !== undefined),
      port,
      ...(pair && { tls: pair }),
      // Quiet streams are healthy: silence is limited on the provider's side. Bodies have a limit of their own.
      idleTimeout: 0,
      // Larger bodies are refused by readBody in OpenAI's shape; the runtime's own refusal has no body.
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      development: false,
      websocket: SOCKET_HANDLER,
      fetch: (request, server) => {
        if (isIntruder(request, server, state.handedOver)) return new Response(null, { status: 421 });
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
  const { tls, port } = options;
  const listeners =
    options.handedOver === undefined
      ? openRenewable(open, { gateway, state, tls, port })
      : openWhenNeeded(() => open(0, undefined));
  const { webSockets } = state;
  const retire = (): void => {
    state.phase = 'draining';
    webSockets.leave();
  };
  return {
    get url() {
      return listeners.url;
    },
    get port() {
      return listeners.port;
    },
    pending: () => listeners.pending() + webSockets.count,
    recheck: () => webSockets.recheck(),
    announce() {
      state.phase = 'leaving';
    },
    retire,
    drain() {
      listeners.close();
      retire();
      return Promise.resolve();
    },
    stop: () => webSockets.end().then(listeners.stop),
    answerOwn: (request) => plainEndpoint(request, state),
  };
}

/** The interface to listen on, and whether another listener may share the port. */
function placeOf(
  { host, isShared, handedOver }: ServeOptions,
  isRenewable: boolean,
): { readonly hostname: string; readonly reusePort: boolean } {
  if (handedOver !== undefined) return { hostname: INNER_HOST, reusePort: false };
  // A listener with a renewed certificate opens beside the one that it replaces.
  return { hostname: host, reusePort: isShared || (isRenewable && LISTENERS_OVERLAP) };
}

function stateOf(gateway: Gateway, options: ServeOptions): ServerState {
  return {
    gateway,
    version: options.version,
    metrics: options.metrics,
    database: options.database ?? (() => undefined),
    detailedHealth: createDetailedHealth(gateway, options.reportHealth),
    docs: options.docs,
    console: options.console,
    admin: options.admin,
    part: options.part ?? 'all',
    keyUse: options.keyUse,
    catalogue: options.catalogue,
    webSockets: new WebSockets({ ...gateway, sockets: options.sockets }),
    startedAtMs: Date.now(),
    handedOver: options.handedOver,
    bodies: options.bodies ?? new BodyBudget(() => bodyMemory(gateway.snapshot(), options.isShared)),
    phase: 'serving',
  };
}

/** None of the functions on this path awaits the next: each await costs a turn of the event loop. */
function answer(request: Request, server: Server<SocketData>, state: ServerState): Answer {
  const { corsOrigins } = state.gateway.snapshot().server;
  const origin = allowedOrigin(request.headers, corsOrigins);
  // No other page has a use for the console.
  if (origin === undefined || isOfConsole(pathOf(request.url), state))
    return answerOrRefusal(request, server, state);
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
    const address = addressOf(request, server, state);
    const refused = { ...own, clientAddress: () => address };
    return responseOf(refuseOwn(error, refused, gateway));
  };
  try {
    const target = requestTarget(request.url);
    if (state.part === 'admin') requireAdminPart(target.path, state);
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
  const { metrics } = state;
  const { method, headers } = request;
  // Most requests are POSTs below /v1, where only the list of models is the gateway's own.
  if (method === 'POST' && path.startsWith('/v1/') && path !== '/v1/models') return undefined;
  const plain = plainEndpoint({ method, path, search, headers }, state);
  if (plain !== undefined) return responseOf(plain);
  switch (path) {
    case '/health/detailed':
      return state.detailedHealth(allow(request, path).headers, search);
    case '/metrics':
      if (metrics === undefined) throw new Refusal('path_not_found', { path });
      return readMetrics(allow(request, path).headers, metrics, snapshot.metrics);
    case '/':
    case '/api/hello':
      return hello(allow(request, path), path, state);
    case '/openapi.json':
    case '/docs':
      return readDocs(allow(request, path), path, state);
    default:
      return endpointBelow(request, path, state);
  }
}

/** The answer to a path below one of the gateway's own prefixes; undefined: the path is a provider's. */
function endpointBelow(request: Request, path: string, state: ServerState): Answer | undefined {
  if (path.startsWith('/docs/')) return readDocs(allow(request, path), path, state);
  if (isOfConsole(path, state)) return readConsole(request, path, state);
  if (isReserved(path)) throw new Refusal('path_not_found', { path });
  return undefined;
}

function aboutKey(arrival: Arrival, state: ServerState): Answer | undefined {
  return answerKeyHolder(arrival, state, () => proxied(arrival, state));
}

function allow(request: Request, path: string): Request {
  requireRead({ method: request.method, path });
  return request;
}

interface Arrival {
  readonly request: Request;
  readonly server: Server<SocketData>;
  readonly target: RequestTarget;
}

function proxied(arrival: Arrival, state: ServerState): Promise<Response> {
  const { gateway, bodies, webSockets } = state;
  const { request, server, target } = arrival;
  const snapshot = gateway.snapshot();
  // The runtime forgets the address once the request is answered, but the log still asks for it.
  const address = addressOf(request, server, state);
  const asked: ClientRequest = {
    method: request.method,
    path: target.path,
    search: target.search,
    azure: target.azure,
    headers: request.headers,
    signal: request.signal,
    // The runtime drops the address when it is done with the request.
    isAnswered: () => server.requestIP(request) === null,
    clientAddress: () => address,
    readBody: (key) => readBody(request, snapshot.server, { budget: bodies, key }),
  };
  if (request.headers.get('upgrade')?.toLowerCase() !== 'websocket')
    return handle(asked, gateway).then(responseOf);
  return webSockets.upgrade(asked, arrival);
}

function bug(error: unknown, gateway: Gateway): Response {
  const requestId = gateway.newRequestId();
  gateway.emit({ type: 'bug', requestId, error });
  const refusal = new Refusal('internal_error', { request: requestId });
  return responseOf(refusalAnswer(refusal, { id: requestId, path: '', headers: new Headers() }));
}
