import type { RedisClient } from 'bun';
import { whenLate } from '../lib/late.ts';
import type { RedisAddress, RedisHost } from '../lib/redis-url.ts';
import { connectTo, type RedisAccess } from './client-link.ts';
import { bracketed, findPrimary } from './find-primary.ts';
import { RedisUnavailable } from './redis-unavailable.ts';
import type { Script } from './script.ts';

export interface RedisOptions {
  readonly address: RedisAddress;
  /** Authorities that may sign the server's certificate, as PEM; undefined: those of the system. */
  readonly ca?: string | undefined;
  /** How long a command waits for its answer. */
  readonly deadlineMs: number;
}

/** After so many deadlines in a row the connection is given up: the runtime has no limit of its own for a command. */
const MOST_DEADLINES = 3;
/** How long no command is tried after a failure, so that a server that is gone costs requests no time. */
const PAUSE_MS = 500;
/** The same if the server refused at once, as it does while it starts. */
const SHORT_PAUSE_MS = 100;
/** More than this many at once would only wait for each other. */
const MOST_UNDER_WAY = 64;
/** Errors that another server may not have, by their first word: failed over, loading, or without enough servers. */
const ELSEWHERE = /^(?:READONLY|LOADING|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|NOREPLICAS|MISCONF)\b/;

/**
 * The one connection of this process to Redis or Valkey. Every call is answered or rejected with `RedisUnavailable` within
 * the deadline, whatever the server does, and whether or not it ran the command. It follows a cluster, whose keys have to
 * be in one slot, and sentinels. Other errors of the server are bugs, and are passed on.
 */
export class RedisConnection {
  readonly #options: RedisOptions;
  readonly #access: RedisAccess;
  #client: RedisClient | undefined;
  #connecting: Promise<RedisClient> | undefined;
  /** Where the cluster says that our slot is. */
  #moved: RedisHost | undefined;
  /** The host that is tried next. */
  #next = 0;
  #deadlines = 0;
  /** When the last deadline was counted. */
  #lateMs = -Infinity;
  #pausedUntilMs = 0;
  #reason = 'it was not asked yet';
  #underWay = 0;
  #isClosed = false;

  constructor(options: RedisOptions) {
    this.#options = options;
    const { address, ca } = options;
    this.#access = { ...address, ca, serverName: address.hosts[0]?.host ?? '' };
  }

  /** Sends a command. */
  send(command: string, args: readonly string[]): Promise<unknown> {
    return this.use((client) => client.send(command, [...args]) as Promise<unknown>);
  }

  /** Runs a script, and loads it if the server does not know it. */
  run(
    { sha, text }: Script,
    keys: readonly string[],
    args: readonly string[],
    deadlineMs?: number,
  ): Promise<unknown> {
    const rest = [String(keys.length), ...keys, ...args];
    return this.use(async (client): Promise<unknown> => {
      try {
        return await (client.send('EVALSHA', [sha, ...rest]) as Promise<unknown>);
      } catch (error) {
        if (!messageOf(error).startsWith('NOSCRIPT')) throw error;
        return client.send('EVAL', [text, ...rest]) as Promise<unknown>;
      }
    }, deadlineMs);
  }

  /** Uses the connection for one call. Nobody may wait for one with a longer deadline. */
  async use<T>(call: (client: RedisClient) => Promise<T>, deadlineMs = this.#options.deadlineMs): Promise<T> {
    if (this.#isClosed) throw new RedisUnavailable('the connection is closed');
    if (this.#underWay >= MOST_UNDER_WAY) throw new RedisUnavailable('too many calls are under way');
    if (performance.now() < this.#pausedUntilMs) throw new RedisUnavailable(this.#reason);
    this.#underWay += 1;
    try {
      return await this.#inTime(this.#call(call), deadlineMs);
    } finally {
      this.#underWay -= 1;
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#drop();
  }

  async #call<T>(call: (client: RedisClient) => Promise<T>): Promise<T> {
    for (let triesLeft = 1; ; triesLeft--) {
      const client = await this.#connected();
      try {
        const answer = await call(client);
        if (client === this.#client) this.#deadlines = 0;
        return answer;
      } catch (error) {
        if (!this.#follows(error, client) || triesLeft === 0) throw this.#failureOf(error, client);
      }
    }
  }

  /** Whether the cluster says where the slot is. */
  #follows(error: unknown, client: RedisClient): boolean {
    const [word, , place = ''] = messageOf(error).split(' ');
    if (word !== 'MOVED') return false;
    const at = place.lastIndexOf(':');
    const [known] = this.#options.address.hosts;
    const host = place.slice(0, at) || known?.host || '';
    this.#moved = { host: bracketed(host), port: Number(place.slice(at + 1)) };
    this.#drop(client);
    return true;
  }

  #failureOf(error: unknown, client: RedisClient): unknown {
    const message = messageOf(error);
    if (codeOf(error) === 'ERR_REDIS_SERVER_ERROR') {
      if (!ELSEWHERE.test(message)) return error;
      if (client === this.#client) this.#lookElsewhere(message);
    }
    this.#drop(client);
    return new RedisUnavailable(message);
  }

  #connected(): Promise<RedisClient> {
    if (this.#client?.connected === true) return Promise.resolve(this.#client);
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  async #connect(): Promise<RedisClient> {
    try {
      const host = this.#moved ?? (await this.#hostToTry());
      const client = await connectTo(host, this.#access);
      await this.#probe(client);
      if (this.#isClosed) client.close();
      this.#client = client;
      this.#deadlines = 0;
      return client;
    } catch (error) {
      this.#lookElsewhere(messageOf(error));
      throw error;
    }
  }

  /** The next call tries another server, if there is one, after a pause. */
  #lookElsewhere(reason: string): void {
    if (this.#moved === undefined) this.#next += 1;
    this.#moved = undefined;
    this.#pause(reason, SHORT_PAUSE_MS);
  }

  async #hostToTry(): Promise<RedisHost> {
    const { address } = this.#options;
    if (address.sentinel !== undefined) return findPrimary(address, this.#access);
    const host = address.hosts[this.#next % address.hosts.length];
    if (host === undefined) throw new RedisUnavailable('no server is named');
    return host;
  }

  /** A server that hangs accepts connections, too. */
  async #probe(client: RedisClient): Promise<void> {
    const late = Promise.withResolvers<never>();
    const { deadlineMs } = this.#options;
    const cancel = whenLate(deadlineMs, () =>
      late.reject(new RedisUnavailable(`no answer in ${deadlineMs} ms`)),
    );
    try {
      await Promise.race([client.send('PING', []), late.promise]);
    } catch (error) {
      client.close();
      throw new RedisUnavailable(messageOf(error));
    } finally {
      cancel();
    }
  }

  async #inTime<T>(answer: Promise<T>, deadlineMs: number): Promise<T> {
    const late = Promise.withResolvers<never>();
    const sentMs = performance.now();
    const cancel = whenLate(deadlineMs, () => {
      late.reject(new RedisUnavailable(`no answer in ${deadlineMs} ms`));
      this.#late(sentMs);
    });
    try {
      return await Promise.race([answer, late.promise]);
    } finally {
      cancel();
    }
  }

  /** Closing the connection ends the commands that hang in it. Those that were sent together are late together, which counts once. */
  #late(sentMs: number): void {
    if (sentMs < this.#lateMs) return;
    this.#lateMs = performance.now();
    this.#deadlines += 1;
    if (this.#deadlines < MOST_DEADLINES) return;
    this.#drop();
    this.#pause(`${MOST_DEADLINES} commands in a row had no answer`, PAUSE_MS);
  }

  #pause(reason: string, ms: number): void {
    this.#reason = reason;
    this.#pausedUntilMs = performance.now() + ms;
  }

  /** Closes the connection, unless another one has replaced it. */
  #drop(client = this.#client): void {
    if (client === this.#client) this.#client = undefined;
    this.#deadlines = 0;
    client?.close();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
