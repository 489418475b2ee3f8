import type { Acquired, LeaseCall, LeaseStore, NodeRow, StoreCheck } from '../spend/nodes/lease-store.ts';
import { acquireFrom, newEra, serverNowMs } from './acquire.ts';
import type { RedisConnection } from './connection.ts';
import { LeaseKeys } from './lease-keys.ts';
import { FREE, NOTE_NODE, PRUNE_NODES, VOUCH } from './node-scripts.ts';
import { checkServer } from './server-check.ts';

export interface RedisRatesOptions {
  readonly redis: RedisConnection;
  /** Distinguishes installations on the same Redis. */
  readonly namespace: string;
}

/** A Redis that has lost everything listens to the gateways for this long before it grants leases. No list of them exists. */
const LEARN_MS = 1000;
/** Gateways without a database have a new id at each start. */
const KEPT_MS = 86_400_000;
/** Each process is a node of its own, so it has one life. */
const LIFE = 1;

/**
 * The leases of limits under a day and of slots in Redis or Valkey, for gateways without a database. There is no ledger behind
 * it and no registry, so it has no leases of windows.
 */
export class RedisRates implements LeaseStore {
  readonly #redis: RedisConnection;
  readonly #keys: LeaseKeys;
  /** The era in which Redis learns, and since when this node knows. */
  #learning: { readonly era: string; readonly sinceMs: number } | undefined;

  constructor({ redis, namespace }: RedisRatesOptions) {
    this.#redis = redis;
    this.#keys = new LeaseKeys(`${namespace}:rates`);
  }

  async check(): Promise<StoreCheck> {
    return checkServer(String(await this.#redis.send('INFO', [])));
  }

  async register(node: string): Promise<number> {
    await this.#note(node, 'begin');
    return LIFE;
  }

  async acquire(call: LeaseCall): Promise<Acquired> {
    const heard = await acquireFrom(this.#redis, this.#keys, call);
    return heard.kind === 'answered' ? { kind: 'answered', answers: heard.answers } : heard;
  }

  /** Any node that has waited long enough for the others begins to grant. */
  async vouch(node: string, life: number, era: string): Promise<void> {
    const nowMs = performance.now();
    if (this.#learning?.era !== era) this.#learning = { era, sinceMs: nowMs };
    if (nowMs - this.#learning.sinceMs < LEARN_MS) return;
    const { epoch, nodes, told } = this.#keys;
    await this.#redis.run(VOUCH, [epoch, nodes, told], [newEra(), era, node, String(life)]);
  }

  /** Nothing of a ledger is counted here. */
  async enter(): Promise<void> {}

  async nodes(): Promise<NodeRow[]> {
    const found = (await this.#redis.send('HGETALL', [this.#keys.nodes])) as Record<string, string> | null;
    return Object.entries(found ?? {}).map(([node, row]) => {
      const [life = 0, beats = 0, heartbeatMs = 0, gone = 0] = row.split(' ').map(Number);
      return {
        node,
        life,
        beats,
        startedMs: heartbeatMs,
        heartbeatMs,
        version: '',
        isGone: gone === 1,
        host: '',
      };
    });
  }

  nowMs(): Promise<number> {
    return serverNowMs(this.#redis);
  }

  async forget(node: string, beats: number): Promise<void> {
    if (await this.#note(node, String(beats))) await this.#free(node);
  }

  async release(node: string): Promise<void> {
    await this.#note(node, 'leave');
    await this.#free(node);
  }

  /** There are no earlier lives. */
  async clear(): Promise<void> {}

  async leave(node: string): Promise<void> {
    await this.release(node);
  }

  async prune(): Promise<void> {
    await this.#redis.run(PRUNE_NODES, [this.#keys.epoch, this.#keys.nodes], [newEra(), String(KEPT_MS)]);
  }

  async close(): Promise<void> {
    this.#redis.close();
  }

  async #note(node: string, how: string): Promise<boolean> {
    const { epoch, nodes, alone } = this.#keys;
    const args = [newEra(), node, String(LIFE), how];
    return (await this.#redis.run(NOTE_NODE, [epoch, nodes, alone], args)) === 1;
  }

  async #free(node: string): Promise<void> {
    const own = this.#keys.claimsOf(node);
    const claimed = (await this.#redis.send('SMEMBERS', [own])) as string[];
    if (claimed.length === 0) return;
    const keys = [this.#keys.epoch, this.#keys.nodes, own, ...claimed];
    await this.#redis.run(FREE, keys, [newEra(), node, String(LIFE + 1), '']);
  }
}
