import { readFile } from 'node:fs/promises';
import type { SharedStateSettings } from '../config/spend-settings.ts';
import { parseRedisUrl } from '../lib/redis-url.ts';
import { sha256Hex } from '../lib/sha256.ts';
import type { RedisConnection } from '../redis/connection.ts';
import type { LeaseStore } from '../spend/nodes/lease-store.ts';
import { type Database, openDatabase } from '../store/database.ts';

/** A database that takes longer than this is gone. Requests do not wait for so long. */
const TIMEOUT_MS = 1000;

/** A store of leases that was opened, without a call to it. */
export interface OpenedStore {
  readonly store: LeaseStore;
  /** The database of the nodes and the ledger. */
  readonly database: Database;
  /** The connection to Redis, for what else it keeps; undefined with PostgreSQL. */
  readonly redis?: RedisConnection;
}

/** Opens the store of leases that a driver names. Returns a sentence if a setting cannot be used. */
export async function openLeaseStore(
  driver: 'postgres' | 'redis',
  settings: SharedStateSettings,
  databaseUrl: string,
): Promise<OpenedStore | string> {
  const database = openDatabase(databaseUrl, { timeoutMs: TIMEOUT_MS });
  if (driver === 'postgres') {
    const { LeaseTable } = await import('../spend/nodes/lease-table.ts');
    return { store: new LeaseTable(database), database };
  }
  const redis = await openRedis(settings);
  if (typeof redis === 'string') {
    await database.close();
    return redis;
  }
  const { RedisLeases } = await import('../redis/redis-leases.ts');
  const namespace = async (): Promise<string> => settings.namespace ?? installationOf(database);
  return { store: new RedisLeases({ redis, database, namespace }), database, redis };
}

/** Opens the connection to Redis. Returns a sentence if a setting cannot be used. */
export async function openRedis({
  url = '',
  caFile,
  deadlineMs,
}: SharedStateSettings): Promise<RedisConnection | string> {
  const address = parseRedisUrl(url);
  if (typeof address === 'string') return `shared_state.url ${address}`;
  let ca: string | undefined;
  try {
    ca = caFile === undefined ? undefined : await readFile(caFile, 'utf8');
  } catch (error) {
    return `shared_state.ca_file cannot be read: ${(error as Error).message}`;
  }
  const { RedisConnection } = await import('../redis/connection.ts');
  return new RedisConnection({ address, ca, deadlineMs });
}

/** A name that only the gateways on one database have: from when its first table was made. */
async function installationOf(database: Database): Promise<string> {
  const [row] = await database.read<{ name: string; at: string }[]>(
    (sql) => sql`select current_database()::text as name, applied_at::text as at
      from llm_proxy_migrations order by version limit 1`,
  );
  return sha256Hex(`${row?.name} ${row?.at}`).slice(0, 16);
}
