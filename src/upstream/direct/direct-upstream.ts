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
    async send(request) {
      const { provider } = request;
      const text = requestUrl(request);
      // The provider has no such method.
      if (text === undefined) return { kind: 'unreachable', reason: 'protocol' };
      const address = parsed(text);
      const target = targetFor(provider, address.url);
      const head = headOf(request, address);
      const taken = takeIdle(poolOf(target));
      // Await only if necessary, since each await costs a microtask turn.
      const idle = taken instanceof Promise ? await taken : taken;
      if (idle === undefined) return sendFresh(poolOf(target), request, head);
      const sentAtMs = systemClock.nowMs();
      const { reply, hasHeard } = await exchange(idle, request, head);
      const isStale = reply.kind === 'unreachable' && !hasHeard;
      if (!isStale || systemClock.nowMs() - sentAtMs > staleWithinMs(request.method, idle.handshakeMs))
        return reply;
      // The pool may have been removed together with its last connection.
      return { ...(await sendFresh(poolOf(target), request, head)), isResent: true };
    },
    close() {
      for (const pool of pools.values()) pool.close();
    },
  };
}

/**
 * Returns a used connection. Waits for a resting one, which takes one turn of the event loop; a new connection takes
 * round trips.
 */
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
  if ('kind' in opened) return opened;
  const { reply } = await exchange(opened, request, head);
  return { ...reply, connectMs: opened.handshakeMs };
}

/** A parsed address. */
interface Address {
  readonly url: URL;
  readonly host: string;
  /** The path with its query. */
  readonly path: string;
}

/** The addresses of recent requests. Most requests share a few. */
const addresses = new Map<string, Address>();
const MOST_ADDRESSES = 1_000;
const LONGEST_ADDRESS = 256;

function parsed(text: string): Address {
  const known = addresses.get(text);
  if (known !== undefined) return known;
  const url = new URL(text);
  const address = { url, host: url.host, path: url.pathname + url.search };
  if (text.length > LONGEST_ADDRESS) return address;
  if (addresses.size >= MOST_ADDRESSES) addresses.clear();
  addresses.set(text, address);
  return address;
}

/** Each configuration creates new provider objects, and each provider has one target. */
const targets = new WeakMap<Provider, Target>();

function targetFor(provider: Provider, url: URL): Target {
  let target = targets.get(provider);
  if (target === undefined) {
    target = targetOf(url, provider);
    targets.set(provider, target);
  }
  return target;
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

interface Exchanged {
  readonly reply: UpstreamReply;
  /** Whether the provider had sent any byte of a reply. */
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

/** Builds the request line and header fields, up to and including the empty line. */
function headOf(request: UpstreamRequest, { host, path }: Address): string {
  const { method, body } = request;
  let head = `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: keep-alive\r\n`;
  const fields = upstreamFields(request);
  for (const name in fields) head += `${name}: ${fields[name] ?? ''}\r\n`;
  if (body !== undefined) head += `content-length: ${sizeOf(body)}\r\n`;
  return `${head}\r\n`;
}
