import { parseRedisUrl } from '../../../src/lib/redis-url.ts';
import { RedisConnection } from '../../../src/redis/connection.ts';
import { RedisLeases } from '../../../src/redis/redis-leases.ts';
import type { LeaseStore } from '../../../src/spend/nodes/lease-store.ts';
import type { Database } from '../../../src/store/database.ts';
import type { TestRedis } from '../../e2e/redis-server.ts';

/** A store whose server knows all that there is: nothing. */
export async function openedStore(server: TestRedis, name: string, database: Database): Promise<LeaseStore> {
  await database.write((sql) => sql`update nodes set gone = 1`);
  const store = openLeases(server.url, database);
  const node = `${name}-first`;
  const life = await store.register(node, '1');
  const opened = await store.acquire({ node, life, isTick: true, reports: [] });
  if (opened.kind === 'unknown') await store.vouch(node, life, opened.era);
  await store.leave(node, life);
  return store;
}

export function openLeases(url: string, database: Database): LeaseStore {
  const address = parseRedisUrl(url);
  if (typeof address === 'string') throw new Error(address);
  const redis = new RedisConnection({ address, deadlineMs: 5000 });
  return new RedisLeases({ redis, database, namespace: async () => 'test' });
}
