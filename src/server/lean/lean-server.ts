import type { Socket } from 'bun';
import type { TrustsProxy } from '../../config/read/trusted-proxies.ts';
import type { Snapshot } from '../../config/snapshot.ts';
import type { ClientRequest, Gateway } from '../../gateway/ports.ts';
import { RecentRequestHeads } from '../../http1/last-request-head.ts';
import type { Fields } from '../../lib/http/fields.ts';
import { socketTurn } from '../../lib/socket-turn.ts';
import { handle } from '../../gateway/handle.ts';
import { refuseOwn } from '../../gateway/refuse.ts';
import { requireOwnBrowser } from '../browser-guard.ts';
import { clientAddress } from '../client-address.ts';
import { BodyBudget, bodyMemory } from '../body-budget.ts';
import type { HttpServer, RuntimeServer, ServeOptions } from '../http-server.ts';
import { type Listener, LISTENERS_OVERLAP, openRenewable, requireFreePort } from '../renewable.ts';
import { serve } from '../serve.ts';
import type { ServerState } from '../server-state.ts';
import type { TlsPair } from '../tls-files.ts';
import type { HandedOverPeers } from './handed-over.ts';
import { LeanConnection } from './lean-connection.ts';
import type { LeanHost } from './lean-host.ts';
import type { LeanRequest } from './lean-request.ts';
import { OpenStreams } from './open-streams.ts';
import { Retirement } from './retirement.ts';

const HANDLERS: Bun.SocketHandler<LeanConnection> = {
  // Without it, connections open only after their TLS handshake, whose time nothing would limit.
  handshake: () => undefined,
  data: (socket, bytes) => socketTurn.arrived(socket.data, bytes),
  drain: (socket) => socket.data.drained(),
  end: (socket) => socket.data.finished(),
  close: (socket) => socket.data.closed(),
  error: (socket, error) => socket.data.failed(error),
};

/** The runtime's types lack this option of listeners. */
const REUSE_PORT = { reusePort: true };

/** A request that takes longer to arrive is handed over. */
const SLOW_MS = 1_000;

/** A connection must begin its first request within this time, as at the runtime's server. */
const SILENT_MS = 10_000;

/**
 * A connection that was silent for this long is asked whether its client still exists. A client that has lost its network
 * closes nothing, and its connection would stay open for ever.
 */
const KEEP_ALIVE_MS = 60_000;

/** How long clients may take for what the runtime's server has answered before it ended. */
const PASSING_MS = 2_000;

/**
 * Our own server for plain requests, at half the cost of the runtime's server for each. It hands everything else over,
 * byte for byte, to the runtime's server behind it.
 */
export function serveLean(gateway: Gateway, options: ServeOptions): HttpServer {
  const peers: HandedOverPeers = new Map();
  const connections = new Set<LeanConnection>();
  const budget = new BodyBudget(() => bodyMemory(gateway.snapshot(), options.isShared));
  const state: Pick<ServerState, 'phase'> = { phase: 'serving' };
  const opened = (socket: Socket<LeanConnection>): void => {
    socket.data = new LeanConnection(socket, host);
    connections.add(socket.data);
  };
  const { tls } = options;
  if (tls !== undefined && !options.isShared) requireFreePort(options);
  const listeners = openRenewable((port, pair) => listen(options, { port, pair, opened }), {
    gateway,
    state,
    tls,
    port: options.port,
  });
  const inner = serve(gateway, { ...options, tls: undefined, bodies: budget, handedOver: peers });
  const host: LeanHost<LeanConnection> = {
    get port() {
      return inner.port;
    },
    peers,
    isTls: tls !== undefined,
    answer: (request) => answered(request, gateway, inner),
    recentHeads: new RecentRequestHeads(),
    maxBodyBytes: () => gateway.snapshot().server.maxBodyBytes,
    bodyRoom: () => ({ budget, limits: gateway.snapshot().server, clock: gateway.clock }),
    // Without force, the runtime collects young objects beside its work.
    streams: new OpenStreams(() => Bun.gc(false)),
    isDraining: () => state.phase === 'draining',
    onBug: (error) => gateway.emit({ type: 'bug', requestId: undefined, error }),
    onClose: (connection) => connections.delete(connection),
  };
  const sweeper = setInterval(() => sweep(connections, gateway), SLOW_MS / 2).unref();
  return {
    url: listeners.url,
    port: listeners.port,
    pending: () => pendingOn(connections) + inner.pending(),
    recheck: inner.recheck,
    announce: inner.announce,
    async drain(unusedMs) {
      socketTurn.take();
      state.phase = 'draining';
      listeners.close();
      inner.retire();
      await retired(connections, unusedMs);
      for (const connection of connections) if (connection.isIdle) connection.end();
      void arrived(connections).then(() => inner.drain());
    },
    async stop() {
      clearInterval(sweeper);
      await inner.stop();
      await passedOn(connections);
      for (const connection of connections) connection.end();
      await listeners.stop();
    },
  };
}

interface Opening {
  readonly port: number;
  readonly pair: TlsPair | undefined;
  readonly opened: (socket: Socket<LeanConnection>) => void;
}

/** One listener. Its connections outlast it. */
function listen({ host, isShared }: ServeOptions, { port, pair, opened }: Opening): Listener {
  const isTls = pair !== undefined;
  const listener = Bun.listen<LeanConnection>({
    hostname: host,
    port,
    ...((isShared || (isTls && LISTENERS_OVERLAP)) && REUSE_PORT),
    ...(isTls && { tls: pair }),
    allowHalfOpen: true,
    socket: {
      ...HANDLERS,
      open(socket) {
        socket.setNoDelay(true);
        socket.setKeepAlive(true, KEEP_ALIVE_MS);
        opened(socket);
      },
    },
  });
  return {
    url: new URL(`${isTls ? 'https' : 'http'}://${hostText(host)}:${listener.port}`),
    port: listener.port,
    pendingRequests: 0,
    stop: (endsConnections) => Promise.resolve(listener.stop(endsConnections)),
  };
}

/**
 * Hands over the requests that are slow to arrive, and closes the connections on which none begins or whose answers are
 * not read.
 */
function sweep(connections: ReadonlySet<LeanConnection>, { snapshot }: Gateway): void {
  const { unreadTimeoutMs } = snapshot().server;
  const nowMs = performance.now();
  for (const connection of connections) {
    const { waitingSinceMs, silentSinceMs, blockedSinceMs, isIdle } = connection;
    if (blockedSinceMs !== 0 && nowMs - blockedSinceMs > unreadTimeoutMs) connection.end();
    if (waitingSinceMs !== 0 && nowMs - waitingSinceMs > SLOW_MS) connection.handOverSlow();
    if (isIdle && silentSinceMs !== 0 && nowMs - silentSinceMs > SILENT_MS) connection.end();
  }
}

/** Resolves when clients have got the last bytes of the runtime's server, or are too slow. */
async function passedOn(connections: ReadonlySet<LeanConnection>): Promise<void> {
  const untilMs = performance.now() + PASSING_MS;
  while ([...connections].some(({ handedOver }) => handedOver?.isPassing) && performance.now() < untilMs)
    await Bun.sleep(5);
}

/** Resolves when the connections that are still idle may be closed. */
async function retired(connections: ReadonlySet<LeanConnection>, unusedMs?: number): Promise<void> {
  const retirement = new Retirement(performance.now(), unusedMs);
  while (!retirement.isOver(idleIn(connections), performance.now())) await Bun.sleep(5);
}

function idleIn(connections: ReadonlySet<LeanConnection>): number {
  let count = 0;
  for (const { isIdle } of connections) if (isIdle) count += 1;
  return count;
}

/** Resolves when no request can be handed over any more. */
async function arrived(connections: ReadonlySet<LeanConnection>): Promise<void> {
  while ([...connections].some(isArriving)) await Bun.sleep(5);
}

/** Whether a request is incomplete, or was handed over just now. */
function isArriving({ waitingSinceMs, handedOver }: LeanConnection): boolean {
  return waitingSinceMs !== 0 || handedOver?.isNew === true;
}

/** How many connections carry a request that the runtime's server does not have. */
function pendingOn(connections: ReadonlySet<LeanConnection>): number {
  let count = 0;
  for (const connection of connections) if (connection.isAnswering || isArriving(connection)) count += 1;
  return count;
}

function hostText(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

function answered(
  { head, readBody, peer, signal, isAnswered }: LeanRequest,
  gateway: Gateway,
  inner: RuntimeServer,
): ReturnType<typeof handle> {
  const snapshot = gateway.snapshot();
  const { method, path, azure, search, headers } = head;
  const { trustsProxy } = snapshot.server;
  const request: ClientRequest = {
    method,
    path,
    search,
    azure,
    headers,
    signal,
    isAnswered,
    clientAddress: trustsProxy === undefined ? peer : behindProxies(peer, headers, trustsProxy),
    readBody,
  };
  try {
    if (snapshot.access.kind === 'open' && allowed.get(headers.shared) !== snapshot) {
      requireOwnBrowser(request, path, snapshot);
      allowed.set(headers.shared, snapshot);
    }
    const own = method === 'GET' ? inner.answerOwn(request) : undefined;
    if (own !== undefined) return Promise.resolve(own);
  } catch (error) {
    return Promise.resolve(refuseOwn(error, request, gateway));
  }
  return handle(request, gateway);
}

/** The fields that no foreign page has sent, as of a configuration. */
const allowed = new WeakMap<object, Snapshot>();

function behindProxies(peer: () => string, headers: Fields, trusts: TrustsProxy): () => string {
  return () => clientAddress(peer(), headers, trusts);
}
