import { hostname } from 'node:os';
import { NOW } from '../../store/database-clock.ts';
import type { Database } from '../../store/database.ts';
import type { NodeRow } from './lease-store.ts';

/** Begins a life of a node, which may not hear the answer. Returns its number. Throws `StoreUnavailable`. */
export async function beginLife(database: Database, node: string, version: string): Promise<number> {
  const [row] = await database.write<{ life: number | string }[]>(
    (sql) => sql`insert into nodes
        (node, life, beats, started_ms, heartbeat_ms, alone_ms, version, gone, host)
      values (${node}, 1, 0, ${NOW(sql)}, ${NOW(sql)}, ${NOW(sql)}, ${version}, 0, ${hostname()})
      on conflict (node) do update set life = nodes.life + 1, beats = nodes.beats + 1, gone = 0,
        started_ms = excluded.started_ms, heartbeat_ms = excluded.heartbeat_ms, alone_ms = excluded.alone_ms, version = excluded.version,
        host = excluded.host
      returning life`,
  );
  return Number(row?.life);
}

/** Every node that has ever registered, in the order of their ids. */
export async function registeredNodes(database: Database): Promise<NodeRow[]> {
  const rows = await database.read<Record<string, unknown>[]>(
    (sql) =>
      sql`select node, life, beats, started_ms, heartbeat_ms, version, gone, host from nodes order by node`,
  );
  return rows.map((row) => ({
    node: String(row['node']),
    life: Number(row['life']),
    beats: Number(row['beats']),
    startedMs: Number(row['started_ms']),
    heartbeatMs: Number(row['heartbeat_ms']),
    version: String(row['version']),
    isGone: Number(row['gone']) !== 0,
    host: String(row['host']),
  }));
}

/** Notes that a life of a node has ended, and claims nothing. */
export async function endLife(database: Database, node: string, life: number): Promise<void> {
  await database.write((sql) => sql`update nodes set gone = 1 where node = ${node} and life = ${life}`);
}

/** Milliseconds since 1970. */
export async function databaseNowMs(database: Database): Promise<number> {
  const [row] = await database.read<{ now: number | string }[]>((sql) => sql`select ${NOW(sql)} as now`);
  return Number(row?.now);
}
