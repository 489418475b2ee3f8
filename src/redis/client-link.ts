import { RedisClient } from 'bun';
import type { RedisAddress, RedisHost } from '../lib/redis-url.ts';
import { RedisUnavailable } from './redis-unavailable.ts';

/** Longer than a connection takes, and shorter than one waits for a dead machine. */
export const CONNECT_MS = 1000;

/** How a connection proves who both sides are. */
export interface RedisAccess extends Pick<RedisAddress, 'isTls' | 'user' | 'password' | 'database'> {
  /** Authorities that may sign the server's certificate, as PEM; undefined: those of the system. */
  readonly ca: string | undefined;
  /** The name in the certificate. Redis announces other servers of a cluster by their addresses. */
  readonly serverName: string;
}

/**
 * Connects to one server. The runtime's own queue and reconnection stay off: its queue would run commands seconds late, when
 * nobody waits for them any more. Rejects with `RedisUnavailable`.
 */
export async function connectTo(host: RedisHost, access: RedisAccess): Promise<RedisClient> {
  const { isTls, ca, serverName } = access;
  const client = new RedisClient(urlOf(host, access), {
    enableOfflineQueue: false,
    autoReconnect: false,
    maxRetries: 0,
    idleTimeout: 0,
    connectionTimeout: CONNECT_MS,
    ...(isTls && { tls: { serverName, ...(ca !== undefined && { ca }) } }),
  });
  const late = Promise.withResolvers<never>();
  // The runtime's own limit has been missing in some versions.
  const timer = setTimeout(() => late.reject(new Error(`no connection in ${CONNECT_MS} ms`)), CONNECT_MS);
  try {
    await Promise.race([client.connect(), late.promise]);
    // Shows in CLIENT LIST who this is. A user without the right to name itself works as well.
    client.send('CLIENT', ['SETNAME', 'llm-proxy']).catch(() => undefined);
    return client;
  } catch (error) {
    client.close();
    const { message } = error as Error;
    throw new RedisUnavailable(
      `${host.host}:${host.port} cannot be connected to (${message}); it is not there, or user and password are wrong`,
    );
  } finally {
    clearTimeout(timer);
  }
}

function urlOf({ host, port }: RedisHost, { isTls, user, password, database }: RedisAccess): string {
  const secret =
    password === undefined ? '' : `${encodeURIComponent(user ?? '')}:${encodeURIComponent(password)}@`;
  return `${isTls ? 'rediss' : 'redis'}://${secret}${host}:${port}/${database}`;
}
