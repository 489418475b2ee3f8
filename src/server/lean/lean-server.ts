import type { Gateway } from '../../gateway/ports.ts';
import { handle } from '../../gateway/handle.ts';
import { refuseOwn } from '../../gateway/refuse.ts';
import { requireOwnBrowser } from '../browser-guard.ts';
import { clientAddress } from '../client-address.ts';
import { BodyBudget, bodyMemory } from '../body-budget.ts';
import type { HttpServer, ServeOptions } from '../http-server.ts';
import { serve } from '../serve.ts';
import type { HandedOverPeers } from './handed-over.ts';
import { LeanConnection, type LeanHost, type LeanRequest } from './lean-connection.ts';

const HANDLERS: Bun.SocketHandler<LeanConnection> = {
  data: (socket, bytes) => socket.data.received(bytes),
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
 * Our own server for plain requests, at half the cost of the runtime's server for each. It hands everything else over,
 * byte for byte, to the runtime's server behind it.
 */
export function serveLean(gateway: Gateway, options: ServeOptions): HttpServer {
  const peers: HandedOverPeers = new Map();
  const connections = new Set<LeanConnection>();
  const budget = new BodyBudget(() => bodyMemory(gateway.snapshot(), options.isShared));
  let isDraining = false;
  const listener = Bun.listen<LeanConnection>({
    hostname: options.host,
    port: options.port,
    ...(options.isShared && REUSE_PORT),
    allowHalfOpen: true,
    socket: {
      ...HANDLERS,
      open(socket) {
        socket.setNoDelay(true);
        socket.data = new LeanConnection(socket, host);
        connections.add(socket.data);
      },
    },
  });
  const inner = innerServer(
    gateway,
    { ...options, bodies: budget },
    { peers, close: () => listener.stop(true) },
  );
  const host: LeanHost = {
    port: inner.port,
    peers,
    answer: (request) => answered(request, gateway),
    bodyRoom: () => ({ budget, limits: gateway.snapshot().server, clock: gateway.clock }),
    isDraining: () => isDraining,
    onBug: (error) => gateway.emit({ type: 'bug', requestId: undefined, error }),
    onClose: (connection) => connections.delete(connection),
  };
  const sweeper = setInterval(() => sweep(connections), SLOW_MS / 2).unref();
  return {
    url: `http://${hostText(options.host)}:${listener.port}`,
    port: listener.port,
    pending: () => answeringIn(connections) + inner.pending(),
    recheck: inner.recheck,
    announce: inner.announce,
    drain() {
      isDraining = true;
      listener.stop(false);
      for (const connection of connections) connection.closeIdle();
      inner.drain();
    },
    async stop() {
      clearInterval(sweeper);
      // The runtime's server still ends the connections that were handed over.
      await inner.stop();
      for (const connection of connections) connection.close();
      listener.stop(true);
    },
  };
}

/** Hands over the requests that are slow to arrive, and closes the connections on which none begins. */
function sweep(connections: ReadonlySet<LeanConnection>): void {
  const nowMs = performance.now();
  for (const connection of connections) {
    const { waitingSinceMs, silentSinceMs } = connection;
    if (waitingSinceMs !== 0 && nowMs - waitingSinceMs > SLOW_MS) connection.handOverSlow();
    if (silentSinceMs !== 0 && nowMs - silentSinceMs > SILENT_MS) connection.closeSilent();
  }
}

function answeringIn(connections: ReadonlySet<LeanConnection>): number {
  let count = 0;
  for (const { isAnswering } of connections) if (isAnswering) count += 1;
  return count;
}

function hostText(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** The runtime's server on the loopback interface, for what is handed over. */
function innerServer(
  gateway: Gateway,
  options: ServeOptions,
  { peers, close }: { readonly peers: HandedOverPeers; readonly close: () => void },
): HttpServer {
  try {
    return serve(gateway, { ...options, handedOver: peers });
  } catch (error) {
    close();
    throw error;
  }
}

function answered(
  { head: { path, search, headers }, readBody, peer, signal, isAnswered }: LeanRequest,
  gateway: Gateway,
): ReturnType<typeof handle> {
  const snapshot = gateway.snapshot();
  const address = (): string => clientAddress(peer, headers, snapshot.server.trustsProxy);
  try {
    requireOwnBrowser({ method: 'POST', headers }, path, snapshot);
  } catch (error) {
    const request = { method: 'POST', path, headers, signal, clientAddress: address };
    return Promise.resolve(refuseOwn(error, request, gateway));
  }
  return handle(
    {
      method: 'POST',
      path,
      search,
      headers,
      signal,
      isAnswered,
      clientAddress: address,
      readBody,
    },
    gateway,
  );
}
