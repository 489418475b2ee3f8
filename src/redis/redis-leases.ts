import type { EnteredWindow } from '../spend/ledger/read-ledger.ts';
import type { Acquired, LeaseCall, LeaseStore, NodeRow, StoreCheck } from '../spend/nodes/lease-store.ts';
import { beginLife, endLife, registeredNodes } from '../spend/nodes/node-registry.ts';
import { dropNoted, LAST_LIFE, lostOf, pruneWindows } from '../spend/nodes/lost-claims.ts';
import type { Database } from '../store/database.ts';
import { acquireFrom, type Heard, newEra, serverNowMs } from './acquire.ts';
import type { RedisConnection } from './connection.ts';
import { LeaseKeys } from './lease-keys.ts';
import { LedgerBase } from './ledger-base.ts';
import { LostClaims } from './lost-claims.ts';
import { FREE, NOTE_NODE, VOUCH } from './node-scripts.ts';
import { checkServer } from './server-check.ts';

export interface RedisLeasesOptions {
  readonly redis: RedisConnection;
  /** Knows the nodes, and has the ledger. */
  readonly database: Database;
  /** Returns a name that distinguishes this installation from others on the same Redis. */
  readonly namespace: () => Promise<string>;
}

/** Counters in one call of a script, so that none runs for long. */
const MOST_KEYS = 200;

/**
 * The leases in Redis or Valkey, which only coordinates: the database has the nodes and the ledger. Whatever Redis loses, it
 * learns again from these and from the nodes, and grants nothing until it knows all.
 */
export class RedisLeases implements LeaseStore {
  readonly #options: RedisLeasesOptions;
  #opening: Promise<Opened> | undefined;
  /** A life that the database knows and Redis does not. */
  #begun: { readonly node: string; readonly life: number } | undefined;

  constructor(options: RedisLeasesOptions) {
    this.#options = options;
  }

  async check(): Promise<StoreCheck> {
    return checkServer(String(await this.#options.redis.send('INFO', [])));
  }

  async register(node: string, version: string): Promise<number> {
    this.#begun ??= { node, life: await beginLife(this.#options.database, node, version) };
    const { life } = this.#begun;
    await this.#note(node, life, 'begin');
    this.#begun = undefined;
    return life;
  }

  async acquire(call: LeaseCall): Promise<Acquired> {
    const { base } = await this.#open();
    await base.enterWaiting();
    const first = await this.#acquire(call);
    if (first.kind !== 'answered') return first.kind === 'unknown' ? this.#unlessGone(call, first) : first;
    if (first.baseless.length === 0) return first;
    await base.bring(first.baseless, first.sinceMs);
    const second = await this.#acquire({ ...call, isTick: false, reports: first.baseless });
    if (second.kind !== 'answered') return second;
    return { kind: 'answered', answers: [...first.answers, ...second.answers] };
  }

  async vouch(node: string, life: number, era: string): Promise<void> {
    const { redis, database } = this.#options;
    const { epoch, nodes, told } = (await this.#open()).keys;
    const registered = (await registeredNodes(database)).filter(({ isGone }) => !isGone);
    const all = registered.flatMap((one) => [one.node, String(one.life)]);
    await redis.run(VOUCH, [epoch, nodes, told], [newEra(), era, node, String(life), ...all]);
  }

  async enter(entries: readonly EnteredWindow[]): Promise<void> {
    await (await this.#open()).base.enter(entries);
  }

  async nodes(): Promise<NodeRow[]> {
    const { redis, database } = this.#options;
    const { keys } = await this.#open();
    const [rows, heard] = await Promise.all([registeredNodes(database), redis.send('HGETALL', [keys.nodes])]);
    const inRedis = new Map(Object.entries((heard ?? {}) as Record<string, string>));
    return rows.map((row) => this.#seen(row, inRedis.get(row.node)));
  }

  nowMs(): Promise<number> {
    return serverNowMs(this.#options.redis);
  }

  async forget(node: string, beats: number, isSpent: boolean): Promise<void> {
    const { database } = this.#options;
    const row = (await registeredNodes(database)).find((one) => one.node === node);
    if (row === undefined || row.isGone) return;
    const { lost } = await this.#open();
    if (isSpent) await lost.note(node, row.life);
    if (await this.#note(node, row.life, String(beats))) {
      await this.#free(node, row.life + 1, isSpent ? lostOf(node, row.life) : '');
      await endLife(database, node, row.life);
    } else if (isSpent) await this.#dropNoted(row);
  }

  /** A life that goes on is not lost. One that is over may have been forgotten by another node. */
  async #dropNoted({ node, life }: NodeRow): Promise<void> {
    const { database } = this.#options;
    const row = (await registeredNodes(database)).find((one) => one.node === node);
    if (row?.life === life && !row.isGone) await database.write((sql) => dropNoted(sql, node, life));
  }

  async release(node: string): Promise<void> {
    const { database } = this.#options;
    const row = (await registeredNodes(database)).find((one) => one.node === node);
    if (row === undefined) return;
    await this.#note(node, row.life, 'leave');
    await this.#free(node, row.life + 1);
    await (await this.#open()).lost.free(node, LAST_LIFE);
    await endLife(database, node, row.life);
  }

  async clear(node: string, life: number): Promise<void> {
    await this.#free(node, life);
    await (await this.#open()).lost.free(node, life);
  }

  async leave(node: string, life: number): Promise<void> {
    // Either may be away. Another node completes what only one of them knows (`#seen`).
    const left = this.#note(node, life, 'leave').then(() => this.#free(node, life + 1));
    await Promise.allSettled([left, endLife(this.#options.database, node, life)]);
  }

  /** Keys end by themselves. The claims of lost nodes are in the database, too. */
  async prune(): Promise<void> {
    await this.#options.database.write(pruneWindows);
  }

  async close(): Promise<void> {
    this.#options.redis.close();
    await this.#options.database.close();
  }

  async #prepare(): Promise<Opened> {
    const keys = new LeaseKeys(await this.#options.namespace());
    const options = { ...this.#options, keys };
    return { keys, base: new LedgerBase(options), lost: new LostClaims(options) };
  }

  #open(): Promise<Opened> {
    this.#opening ??= this.#prepare().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  async #acquire(call: LeaseCall): Promise<Heard> {
    return acquireFrom(this.#options.redis, (await this.#open()).keys, call);
  }

  /** Redis has forgotten whether this node was forgotten. The database has not. */
  async #unlessGone({ node, life }: LeaseCall, unknown: Acquired): Promise<Acquired> {
    const row = (await registeredNodes(this.#options.database)).find((one) => one.node === node);
    return row === undefined || row.isGone || row.life !== life ? { kind: 'forgotten' } : unknown;
  }

  /** A node as both know it. If only one of them knows that it is gone, the other is told. */
  #seen(row: NodeRow, inRedis: string | undefined): NodeRow {
    const [life = 0, beats = 0, heartbeatMs = row.heartbeatMs, gone = 0] =
      inRedis?.split(' ').map(Number) ?? [];
    const isGoneInRedis = gone === 1 && life >= row.life;
    if (isGoneInRedis && !row.isGone)
      endLife(this.#options.database, row.node, row.life).catch(() => undefined);
    if (row.isGone && inRedis !== undefined && gone === 0 && life <= row.life)
      this.leave(row.node, row.life).catch(() => undefined);
    return { ...row, beats, heartbeatMs, isGone: row.isGone || isGoneInRedis };
  }

  async #note(node: string, life: number, how: string): Promise<boolean> {
    const { epoch, nodes, alone } = (await this.#open()).keys;
    const args = [newEra(), node, String(life), how];
    return (await this.#options.redis.run(NOTE_NODE, [epoch, nodes, alone], args)) === 1;
  }

  /**
   * Frees what the lives of a node before `life` have claimed. First it brings what they have used: they may have told
   * less, and only their claims covered the rest. `lost`: the name under which the claims count as spent.
   */
  async #free(node: string, life: number, lost = ''): Promise<void> {
    const { redis } = this.#options;
    const { keys: all, base } = await this.#open();
    const { epoch, nodes } = all;
    const own = all.claimsOf(node);
    const claimed = (await redis.send('SMEMBERS', [own])) as string[];
    for (let at = 0; at < claimed.length; at += MOST_KEYS) {
      const some = claimed.slice(at, at + MOST_KEYS);
      await base.renew(some.map((key) => all.counterOf(key)));
      const keys = [epoch, nodes, own, ...some];
      await redis.run(FREE, keys, [newEra(), node, String(life), lost]);
    }
  }
}

interface Opened {
  readonly keys: LeaseKeys;
  readonly base: LedgerBase;
  readonly lost: LostClaims;
}
