import type { Cut } from '../../../test/e2e/dropping-proxy.ts';
import type { TestPostgres } from '../../../test/e2e/db-postgres.ts';
import type { TestRedis } from '../../../test/e2e/redis-server.ts';
import type { Network } from './network.ts';

export interface Stage {
  /** The store of leases, if it is Redis or Valkey. */
  readonly redis: TestRedis | undefined;
  /** Takes over in a failover of Redis; undefined without one. */
  readonly replica: TestRedis | undefined;
  readonly postgres: TestPostgres;
  readonly network: Network;
  /** Leads new connections to another port of this machine. */
  readonly leadTo: (port: number) => void;
  /** Is told when the store of leases goes, and when it is back. */
  readonly changed: (isUp: boolean) => void;
}

export type TroubleName = 'none' | 'store' | 'partition' | 'failover';

/** The harm that each round of five seconds does to three gateways or their store. */
export const TROUBLES: Readonly<
  Record<Exclude<TroubleName, 'none'>, (stage: Stage, round: number) => Promise<void>>
> = {
  store,
  partition,
  failover: (stage, round) => (stage.redis === undefined ? restore(stage) : promote(stage, round)),
};

const CUTS: readonly Cut[] = ['to the server', 'to the client', 'both ways'];
const LOST_MS = 1000;

/** Every gateway in turn, in one direction, the other, and both. */
async function partition({ network }: Stage, round: number): Promise<void> {
  const machine = round % 3;
  network.cut(machine, CUTS[Math.floor(round / 3) % 3] ?? 'both ways');
  await Bun.sleep(2000);
  network.heal(machine);
}

/** It is killed and started again after a second, stopped for 1.5 s, flushed (Redis), and restarted. */
async function store({ redis, postgres, changed }: Stage, round: number): Promise<void> {
  const server = redis ?? postgres;
  const turn = round % 4;
  changed(false);
  if (turn === 2 && redis !== undefined) await redis.command('FLUSHALL');
  else if (turn === 1 || (turn === 3 && redis === undefined)) {
    server.freeze();
    await Bun.sleep(1500);
    server.thaw();
  } else {
    await server.crash();
    await Bun.sleep(turn === 0 ? 1000 : 0);
    await server.restart();
  }
  changed(true);
}

/** The replica hears nothing any more, and a second later it takes the place of the primary, which becomes its replica. */
async function promote({ redis, replica, leadTo }: Stage, round: number): Promise<void> {
  if (redis === undefined || replica === undefined) return;
  const [primary, next] = round % 2 === 0 ? [redis, replica] : [replica, redis];
  await next.command('REPLICAOF', 'NO', 'ONE');
  await Bun.sleep(LOST_MS);
  leadTo(next.port);
  await primary.crash();
  await primary.restart();
  await follow(primary, next);
}

/** Makes a server the replica of another one, and waits until it has everything. */
export async function follow(replica: TestRedis, primary: TestRedis): Promise<void> {
  await replica.command('REPLICAOF', '127.0.0.1', String(primary.port));
  while (!(await replica.command('INFO', 'replication')).includes('master_link_status:up'))
    await Bun.sleep(20);
}

/** The database is as it was a second ago, as a replica is that lags behind. */
async function restore({ postgres }: Stage): Promise<void> {
  const back = await postgres.copy();
  await Bun.sleep(LOST_MS);
  await postgres.crash();
  await back();
  await postgres.restart();
}
