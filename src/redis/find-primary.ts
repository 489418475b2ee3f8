import type { RedisAddress, RedisHost } from '../lib/redis-url.ts';
import { connectTo, type RedisAccess } from './client-link.ts';
import { RedisUnavailable } from './redis-unavailable.ts';

/**
 * Asks the sentinels which server is the primary, one after the other. They have no databases, and the user and password
 * are those of the servers, so they are asked without. Rejects with `RedisUnavailable`.
 */
export async function findPrimary(
  { hosts, sentinel = '' }: RedisAddress,
  access: RedisAccess,
): Promise<RedisHost> {
  let reason = 'no sentinel was asked';
  for (const host of hosts) {
    try {
      const primary = await askOne(host, sentinel, access);
      if (primary !== undefined) return primary;
      reason = `the sentinel ${host.host}:${host.port} knows no primary ${sentinel}`;
    } catch (error) {
      reason = (error as Error).message;
    }
  }
  throw new RedisUnavailable(reason);
}

async function askOne(host: RedisHost, name: string, access: RedisAccess): Promise<RedisHost | undefined> {
  const own = { ...access, user: undefined, password: undefined, database: 0, serverName: host.host };
  const client = await connectTo(host, own);
  try {
    return hostIn(await client.send('SENTINEL', ['get-master-addr-by-name', name]));
  } finally {
    client.close();
  }
}

function hostIn(answer: unknown): RedisHost | undefined {
  if (!Array.isArray(answer)) return undefined;
  const [host, port]: unknown[] = answer;
  return typeof host === 'string' && Number(port) > 0
    ? { host: bracketed(host), port: Number(port) }
    : undefined;
}

/** An address of IPv6, as a URL has it. */
export function bracketed(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}
