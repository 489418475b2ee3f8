import type { Upstream, UpstreamReply, UpstreamRequest } from '../../gateway/ports.ts';
import { sizeOf } from '../../lib/splice.ts';
import { systemClock } from '../../lib/system-clock.ts';
import type { Connection } from './connection.ts';
import { ConnectionPool, type PoolLimits } from './connection-pool.ts';
import { Exchange } from './exchange.ts';
import { staleWithinMs, unreachableReason } from '../failure.ts';
import { openingOf } from './request-opening.ts';
import type { Target } from './target.ts';

/** An upstream with pooled connections. */
export interface OpenUpstream extends Upstream {
  /** Closes idle connections now, and busy ones when their request ends. */
  readonly close: () => void;
}

/**
 * Creates an upstream that speaks HTTP/1.1 over its own connections. The runtime's `fetch` works in another thread,
 * which costs a third more per request, and does not report when it has connected or whether it reused a connection.
 */
export function createDirectUpstream(limits: Partial<PoolLimits> = {}): OpenUpstream {
  const pools = new Map<string, ConnectionPool>();
  const poolOf = (target: Target): ConnectionPool => {
    let pool = pools.get(target.name);
    if (pool === undefined) {
      pool = new ConnectionPool(target, () => pools.delete(target.name), limits);
      pools.set(target.name, pool);
    }
    return pool;
  };
  return {
    send(request) {
      const opening = openingOf(request);
      // The provider has no such method.
      if (opening === undefined) return Promise.resolve({ kind: 'unreachable', reason: 'protocol' });
      const pool = poolOf(opening.target);
      const idle = pool.takeIdle();
      const head = opening.text + endOfHead(request.body);
      const sending = { request, head, pool: () => poolOf(opening.target) };
      if (idle !== undefined) return sendUsed(idle, sending);
      if (!pool.isResting) return sendFresh(sending);
      // Waiting for a resting connection takes one turn of the event loop; a new connection takes round trips.
      return pool.turn().then(() => {
        const rested = pool.takeIdle();
        return rested === undefined ? sendFresh(sending) : sendUsed(rested, sending);
      });
    },
    close() {
      for (const pool of pools.values()) pool.close();
    },
  };
}

interface Sending {
  readonly request: UpstreamRequest;
  readonly head: string;
  /** Looked up for each connection, since a pool may be removed together with its last one. */
  readonly pool: () => ConnectionPool;
}

/** Sends on a connection that was used before. If the provider has already closed it, sends again on a new one. */
function sendUsed(connection: Connection, sending: Sending): Promise<UpstreamReply> {
  const { request } = sending;
  const sentAtMs = systemClock.nowMs();
  return new Promise((resolve) => {
    const isStale = (): boolean =>
      systemClock.nowMs() - sentAtMs <= staleWithinMs(request.method, connection.handshakeMs);
    exchange(connection, sending, (reply, hasHeard) => {
      if (reply.kind !== 'unreachable' || hasHeard || !isStale()) resolve(reply);
      else resolve(sendFresh(sending).then((fresh) => ({ ...fresh, isResent: true })));
    });
  });
}

async function sendFresh(sending: Sending): Promise<UpstreamReply> {
  const opened = await open(sending.pool(), sending.request);
  if ('kind' in opened) return opened;
  const reply = await new Promise<UpstreamReply>((resolve) => {
    exchange(opened, sending, resolve);
  });
  return { ...reply, connectMs: opened.handshakeMs };
}

/** Opens a new connection for the request within the provider's connect timeout, or returns why it failed. */
function open(
  pool: ConnectionPool,
  { provider, cancellation, onConnectTimeout }: UpstreamRequest,
): Promise<Connection | UpstreamReply> {
  if (cancellation.isCancelled) return Promise.resolve({ kind: 'aborted' });
  return new Promise((resolve) => {
    const { connectMs } = provider.timeouts;
    const stopTimer = Number.isFinite(connectMs)
      ? systemClock.setTimer(connectMs, onConnectTimeout)
      : () => undefined;
    const settle = (result: Connection | UpstreamReply): void => {
      stopTimer();
      cancellation.onCancel = undefined;
      resolve(result);
    };
    const forget = pool.open({
      take: settle,
      fail: (error) => settle({ kind: 'unreachable', reason: unreachableReason(error) }),
    });
    cancellation.onCancel = () => {
      forget();
      settle({ kind: 'aborted' });
    };
  });
}

/** @param settle gets the reply, and whether the provider had sent any byte of one */
function exchange(
  connection: Connection,
  { request, head }: Sending,
  settle: (reply: UpstreamReply, hasHeard: boolean) => void,
): void {
  const { cancellation, body } = request;
  const current: Exchange = new Exchange(connection, request, (reply) => settle(reply, current.hasHeard));
  if (cancellation.isCancelled) void current.cancel();
  else connection.send(current, head, body ?? []);
}

/** The end of a head: the length of the body, if there is one, and the empty line. */
function endOfHead(body: UpstreamRequest['body']): string {
  return body === undefined ? '\r\n' : `content-length: ${sizeOf(body)}\r\n\r\n`;
}
