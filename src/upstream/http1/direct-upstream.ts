import type { Provider } from '../../config/snapshot.ts';
import type { Upstream, UpstreamReply, UpstreamRequest } from '../../gateway/ports.ts';
import { sizeOf } from '../../lib/splice.ts';
import { systemClock } from '../../lib/system-clock.ts';
import type { Connection } from './connection.ts';
import { ConnectionPool, type PoolLimits } from './connection-pool.ts';
import { Exchange } from './exchange.ts';
import { staleWithinMs, unreachableReason } from '../failure.ts';
import { upstreamFields } from '../headers.ts';
import { type Target, targetOf } from './target.ts';
import { requestUrl } from '../request-url.ts';

/** An upstream that keeps connections for the next requests. */
export interface OpenUpstream extends Upstream {
  /** Closes those that no request uses, and each of the others when its request is over. */
  readonly close: () => void;
}

/**
 * Speaks HTTP/1.1 to providers over connections of its own. The runtime's `fetch` does it in another thread, which
 * costs a request a third more, and does not say when it is connected or whether a connection was used before.
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
    async send(request) {
      const { provider } = request;
      const address = requestUrl(request);
      // Its provider has no such method, so that there is nobody to ask.
      if (address === undefined) return { kind: 'unreachable', reason: 'protocol' };
      const url = new URL(address);
      const target = targetFor(provider, url);
      const head = headOf(request, url);
      const taken = takeIdle(poolOf(target));
      // Nothing is waited for where nothing has to be: each wait costs a turn of the microtasks.
      const idle = taken instanceof Promise ? await taken : taken;
      if (idle === undefined) return sendFresh(poolOf(target), request, head);
      const sentAtMs = systemClock.nowMs();
      const { reply, hasHeard } = await exchange(idle, request, head);
      const isStale = reply.kind === 'unreachable' && !hasHeard;
      if (!isStale || systemClock.nowMs() - sentAtMs > staleWithinMs(request.method, idle.handshakeMs))
        return reply;
      // The pool may have gone with the last of its connections.
      return { ...(await sendFresh(poolOf(target), request, head)), isResent: true };
    },
    close() {
      for (const pool of pools.values()) pool.close();
    },
  };
}

/** A connection that was used before. One that rests is waited for: that is a moment, and a new one is round trips. */
function takeIdle(pool: ConnectionPool): Connection | undefined | Promise<Connection | undefined> {
  const idle = pool.takeIdle();
  return idle !== undefined || !pool.isResting ? idle : pool.turn().then(() => pool.takeIdle());
}

async function sendFresh(
  pool: ConnectionPool,
  request: UpstreamRequest,
  head: string,
): Promise<UpstreamReply> {
  const opened = await open(pool, request);
  return 'kind' in opened ? opened : (await exchange(opened, request, head)).reply;
}

/** Providers are made anew with each configuration, and each asks for one target. */
const targets = new WeakMap<Provider, Target>();

function targetFor(provider: Provider, url: URL): Target {
  let target = targets.get(provider);
  if (target === undefined) {
    target = targetOf(url, provider);
    targets.set(provider, target);
  }
  return target;
}

/** A connection of its own for the request, within the provider's limit of time; or why there is none. */
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

interface Exchanged {
  readonly reply: UpstreamReply;
  /** Whether the provider had said anything at all. */
  readonly hasHeard: boolean;
}

function exchange(connection: Connection, request: UpstreamRequest, head: string): Promise<Exchanged> {
  return new Promise((resolve) => {
    const { cancellation, body } = request;
    const current: Exchange = new Exchange(connection, request, (reply) =>
      resolve({ reply, hasHeard: current.hasHeard }),
    );
    if (cancellation.isCancelled) void current.cancel();
    else connection.send(current, head, body ?? []);
  });
}

/** The request line and the header, up to the empty line. */
function headOf(request: UpstreamRequest, { host, pathname, search }: URL): string {
  const { method, body } = request;
  let head = `${method} ${pathname}${search} HTTP/1.1\r\nhost: ${host}\r\nconnection: keep-alive\r\n`;
  const fields = upstreamFields(request);
  for (const name in fields) head += `${name}: ${fields[name] ?? ''}\r\n`;
  if (body !== undefined) head += `content-length: ${sizeOf(body)}\r\n`;
  return `${head}\r\n`;
}
