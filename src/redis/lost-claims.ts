import { countersOfLost, freeLost, type LostClaim, noteLost } from '../spend/nodes/lost-claims.ts';
import type { Database } from '../store/database.ts';
import { newEra } from './acquire.ts';
import type { RedisConnection } from './connection.ts';
import type { LeaseKeys } from './lease-keys.ts';
import { FREE_LOST } from './node-scripts.ts';

export interface LostClaimsOptions {
  readonly redis: RedisConnection;
  readonly database: Database;
  readonly keys: LeaseKeys;
}

/** Counters in one call of a script. */
const MOST_KEYS = 200;

/**
 * The claims of lost nodes that count as spent. Redis may lose them, and those nodes do not tell them again, so the database
 * has them, too.
 */
export class LostClaims {
  readonly #options: LostClaimsOptions;

  constructor(options: LostClaimsOptions) {
    this.#options = options;
  }

  /** Notes in the database what a life of a node claims. It is about to count as spent. */
  async note(node: string, life: number): Promise<void> {
    const { redis, database, keys } = this.#options;
    const claimed = (await redis.send('SMEMBERS', [keys.claimsOf(node)])) as string[];
    const claims: LostClaim[] = [];
    for (const key of claimed) {
      const [claim, form] = (await redis.send('HMGET', [key, `h:${node}`, 'f'])) as (string | null)[];
      // Slots are free anyway.
      if (claim === null || claim === undefined || form === 's') continue;
      const lastsMs = Math.max(0, Number(await redis.send('PTTL', [key])));
      claims.push({ ...keys.counterOf(key), claim: Number(claim), lastsMs });
    }
    if (claims.length > 0) await database.write((sql) => noteLost(sql, { node, life }, claims));
  }

  /** Frees what counts as spent for the lives of a node before this one. */
  async free(node: string, life: number): Promise<void> {
    const { redis, database, keys: all } = this.#options;
    const lost = await database.read((sql) => countersOfLost(sql, node, life));
    if (lost.length === 0) return;
    for (let at = 0; at < lost.length; at += MOST_KEYS) {
      const some = lost.slice(at, at + MOST_KEYS);
      const keys = some.map(({ counter, windowMs }) => all.counter(counter, windowMs));
      const names = some.map(({ name }) => name);
      await redis.run(FREE_LOST, [all.epoch, all.nodes, ...keys], [newEra(), ...names]);
    }
    await database.write((sql) => freeLost(sql, node, life));
  }
}
