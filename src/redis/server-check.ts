import type { StoreCheck } from '../spend/nodes/lease-store.ts';

/** The first version whose scripts and commands do all that leases need. Valkey is named as the Redis that it replaces. */
const OLDEST = [6, 2] as const;
/** The only policy that never deletes a counter that is in use. */
const POLICY = 'noeviction';

/** Finds what keeps a server from holding leases, in its answer to `INFO`. */
export function checkServer(info: string): StoreCheck {
  const [, version = ''] = /^redis_version:(\S+)/m.exec(info) ?? [];
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]))
    return { refused: `Redis ${OLDEST.join('.')} or later, or Valkey (this one is ${version || 'unknown'})` };
  const [, policy = POLICY] = /^maxmemory_policy:(\S+)/m.exec(info) ?? [];
  if (policy === POLICY) return {};
  return {
    warning: `Redis has maxmemory-policy ${policy}: if its memory is full, it deletes counters of limits that are in use, and limits may be exceeded. Set maxmemory-policy ${POLICY} in its configuration, or run CONFIG SET maxmemory-policy ${POLICY}.`,
  };
}
