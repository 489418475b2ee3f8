import { parseRedisUrl } from '../../lib/redis-url.ts';
import type { Finding } from '../read/problems.ts';
import type { Settings } from '../read/settings.ts';

/** Finds settings of `shared_state` that do not fit together. The URL may hold a password, so no message quotes it. */
export function findSharedStateFaults({
  sharedState: { driver, url, isExact },
  cache,
}: Pick<Settings, 'sharedState' | 'cache'>): Finding[] {
  const faults: Finding[] = [];
  const address = url === undefined ? undefined : parseRedisUrl(url);
  if (typeof address === 'string') faults.push({ path: ['shared_state', 'url'], message: address });
  if (driver === 'redis' && url === undefined)
    faults.push({ path: ['shared_state'], message: 'needs url, the address of Redis, with driver: redis' });
  if (driver !== 'redis' && isExact)
    faults.push({ path: ['shared_state', 'exact'], message: 'needs driver: redis' });
  if (cache.isShared && url === undefined)
    faults.push({ path: ['cache', 'store'], message: 'needs shared_state.url, the address of Redis' });
  return faults;
}
