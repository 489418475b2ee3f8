import type { Cancellation, UpstreamReply } from '../gateway/ports.ts';
import type { Connection } from './direct/connection.ts';
import { nodeModules } from '../lib/node-modules.ts';
import { ConnectionPool } from './direct/connection-pool.ts';
import { Exchange } from './direct/exchange.ts';
import type { Target } from './direct/target.ts';

/** Access to the network for requests to addresses that are not providers'. Tests replace it. */
export interface CheckedWorld {
  /** Resolves a name to its addresses. Rejects if it has none. */
  readonly resolve: (name: string) => Promise<readonly string[]>;
  /** Whether an address may be connected to. */
  readonly allows: (address: string) => boolean;
}

/** The addresses of a name, as the system resolves it. */
export async function resolveName(name: string): Promise<readonly string[]> {
  return (await nodeModules.dns().lookup(name, { all: true })).map(({ address }) => address);
}

/** A request on a connection of its own. */
export interface CheckedRequest {
  readonly url: URL;
  readonly method: 'GET' | 'POST';
  /** Header lines besides `host` and `connection`. */
  readonly fields: readonly string[];
  readonly body?: Uint8Array;
}

/** `forbidden`: the name has an address that may not be connected to. `unreachable`: no address answered. */
export type CheckedReply =
  | Extract<UpstreamReply, { kind: 'reply' }>
  | { readonly kind: 'forbidden' }
  | { readonly kind: 'unreachable' };

const MOST_ADDRESSES = 3;

/**
 * Sends a request over HTTP/1.1 to a checked address. It checks every address of the name, connects to a checked one, and
 * checks the connected address again, so that a second DNS answer cannot redirect it. It follows no redirect, and uses
 * neither proxy, cookies nor credentials. Never rejects; a cancelled request is `unreachable`.
 */
export async function exchangeChecked(
  request: CheckedRequest,
  { resolve, allows }: CheckedWorld,
  cancellation: Cancellation,
): Promise<CheckedReply> {
  const { url } = request;
  const found = await resolve(url.hostname.replace(/^\[|\]$/g, '')).catch(() => []);
  if (found.length === 0) return UNREACHABLE;
  if (!found.every(allows)) return { kind: 'forbidden' };
  // Prefer IPv4, since a machine without IPv6 may still resolve IPv6 addresses.
  const addresses = found.toSorted((one, other) => Number(one.includes(':')) - Number(other.includes(':')));
  for (const address of addresses.slice(0, MOST_ADDRESSES)) {
    if (cancellation.isCancelled) break;
    const pool = new ConnectionPool(targetOf(url, address, allows), () => undefined, { mostIdle: 0 });
    try {
      const connection = await open(pool, cancellation);
      if (connection !== undefined) return await exchange(connection, request, cancellation);
    } finally {
      pool.close();
    }
  }
  return UNREACHABLE;
}

const UNREACHABLE = { kind: 'unreachable' } as const;

/** Connects to the checked address instead of the name. The certificate must still match the name. */
function targetOf(
  { protocol, hostname, port }: URL,
  address: string,
  allows: CheckedWorld['allows'],
): Target {
  const isTls = protocol === 'https:';
  const place = {
    name: `${protocol} ${hostname} ${port} ${address}`,
    hostname: address,
    port: port === '' ? (isTls ? 443 : 80) : Number(port),
    forbids: (connected: string) => !allows(connected),
  };
  if (!isTls) return { ...place, tls: undefined };
  const isName = hostname !== address && !hostname.startsWith('[');
  const options = (): Bun.TLSOptions => ({
    rejectUnauthorized: true,
    ...(isName && { serverName: hostname }),
  });
  return { ...place, tls: { verifies: true, options } };
}

/** Returns undefined if the connection cannot be opened. */
function open(pool: ConnectionPool, cancellation: Cancellation): Promise<Connection | undefined> {
  return new Promise((resolve) => {
    const forget = pool.open({ take: resolve, fail: () => resolve(undefined) });
    cancellation.onCancel = () => {
      forget();
      resolve(undefined);
    };
    if (cancellation.isCancelled) cancellation.onCancel();
  });
}

async function exchange(
  connection: Connection,
  { url, method, fields, body }: CheckedRequest,
  cancellation: Cancellation,
): Promise<CheckedReply> {
  const reply = await new Promise<UpstreamReply>((resolve) => {
    const current = new Exchange(connection, { method, cancellation }, { settled: resolve });
    if (cancellation.isCancelled) return void current.cancel();
    const { pathname, search, host } = url;
    const lines = [
      `${method} ${pathname}${search} HTTP/1.1`,
      `host: ${host}`,
      ...fields,
      'connection: close',
    ];
    connection.send(current, [lines.join('\r\n'), '\r\n\r\n'], body === undefined ? [] : [body]);
  });
  return reply.kind === 'reply' ? reply : UNREACHABLE;
}
