import type { Upstream, UpstreamReply, UpstreamRequest } from '../../gateway/ports.ts';
import { rememberSmall } from '../../lib/remember-small.ts';
import { sizeOf } from '../../lib/splice.ts';
import { systemClock } from '../../lib/system-clock.ts';
import type { Connection } from './connection.ts';
import { ConnectionPool, type PoolLimits } from './connection-pool.ts';
import { Exchange, type Sender } from './exchange.ts';
import { staleWithinMs, unreachableReason } from '../failure.ts';
import { type Opening, openingOf } from './request-opening.ts';
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
      const { target } = opening;
      const pool = poolOf(target);
      const idle = pool.takeIdle();
      const sending = { request, opening, poolOf };
      if (idle !== undefined) return sendUsed(idle, sending);
      if (!pool.isResting) return sendFresh(sending);
      return sendRested(pool, sending);
    },
    close() {
      for (const pool of pools.values()) pool.close();
    },
  };
}

interface Sending {
  readonly request: UpstreamRequest;
  readonly opening: Opening;
  /** Looked up for each connection, since a pool may be removed together with its last one. */
  readonly poolOf: (target: Target) => ConnectionPool;
}

/** Waits for a resting connection, which takes one turn of the event loop; a new connection takes round trips. */
async function sendRested(pool: ConnectionPool, sending: Sending): Promise<UpstreamReply> {
  await pool.turn();
  const rested = pool.takeIdle();
  return rested === undefined ? sendFresh(sending) : sendUsed(rested, sending);
}

/** Sends on a connection that was used before. If the provider has already closed it, sends again on a new one. */
function sendUsed(connection: Connection, sending: Sending): Promise<UpstreamReply> {
  return new Promise((resolve) => {
    exchange(connection, sending.request, new UsedSender(connection, sending, resolve));
  });
}

class UsedSender implements Sender {
  readonly opening: Opening;
  readonly #connection: Connection;
  readonly #sending: Sending;
  readonly #resolve: (reply: UpstreamReply | Promise<UpstreamReply>) => void;
  readonly #sentAtMs = systemClock.nowMs();

  constructor(
    connection: Connection,
    sending: Sending,
    resolve: (reply: UpstreamReply | Promise<UpstreamReply>) => void,
  ) {
    this.#connection = connection;
    this.#sending = sending;
    this.#resolve = resolve;
    this.opening = sending.opening;
  }

  settled(reply: UpstreamReply, hasHeard: boolean): void {
    const isStale = reply.kind === 'unreachable' && !hasHeard && this.#isSoon();
    this.#resolve(isStale ? resent(this.#sending) : reply);
  }

  #isSoon(): boolean {
    const { method } = this.#sending.request;
    return systemClock.nowMs() - this.#sentAtMs <= staleWithinMs(method, this.#connection.handshakeMs);
  }
}

async function resent(sending: Sending): Promise<UpstreamReply> {
  return { ...(await sendFresh(sending)), isResent: true };
}

async function sendFresh({ request, opening, poolOf }: Sending): Promise<UpstreamReply> {
  const opened = await open(poolOf(opening.target), request);
  if ('kind' in opened) return opened;
  const reply = await new Promise<UpstreamReply>((settled) => {
    exchange(opened, request, { opening, settled });
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

function exchange(
  connection: Connection,
  request: UpstreamRequest,
  sender: Sender & { readonly opening: Opening },
): void {
  const { cancellation, body } = request;
  const current = new Exchange(connection, request, sender);
  if (cancellation.isCancelled) return void current.cancel();
  const { text } = sender.opening;
  if (body === undefined) connection.send(current, [text, '\r\n'], NO_BODY);
  else connection.send(current, [text, lengthLine(sizeOf(body))], body);
}

const NO_BODY: readonly Uint8Array[] = [];

const lengthLine = rememberSmall((bytes) => `content-length: ${bytes}\r\n\r\n`);
