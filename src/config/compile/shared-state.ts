import { parseRedisUrl } from '../../lib/redis-url.ts';
import type { Finding } from '../read/problems.ts';
import type { SharedStateSettings } from '../spend-settings.ts';

/** Finds settings of `shared_state` that do not fit together. The URL may hold a password, so no message quotes it. */
export function findSharedStateFaults({ driver, url, isExact }: SharedStateSettings): Finding[] {
  const faults: Finding[] = [];
  const address = url === undefined ? undefined : parseRedisUrl(url);
  if (typeof address === 'string') faults.push({ path: ['shared_state', 'url'], message: address });
  if (driver === 'redis' && url === undefined)
    faults.push({ path: ['shared_state'], message: 'needs url, the address of Redis, with driver: redis' });
  if (driver !== 'redis' && isExact)
    faults.push({ path: ['shared_state', 'exact'], message: 'needs driver: redis' });
  return faults;
}
