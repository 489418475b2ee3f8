import { RecentResponseHead } from '../../http1/last-response-head.ts';
import { socketTurn } from '../../lib/socket-turn.ts';
import { systemClock } from '../../lib/system-clock.ts';
import { Connection, type ConnectionOwner } from './connection.ts';
import type { Target } from './target.ts';

/** Limits on the number and age of connections. */
export interface PoolLimits {
  /** Idle connections are closed after this time. Most providers close them sooner. */
  readonly idleMs: number;
  /** Maximum number of idle connections. */
  readonly mostIdle: number;
  /**
   * Maximum time to open a connection. The system gives up connecting after two minutes, but an unanswered TLS
   * handshake would hang forever.
   */
  readonly openingMs: number;
  /** How long connections are not reused after the provider sent unsolicited bytes. */
  readonly distrustMs: number;
  /** Abandoned attempts keep opening in the background. Above this number, a waiter starts no further one. */
  readonly mostAbandoned: number;
}

const LIMITS: PoolLimits = {
  idleMs: 60_000,
  mostIdle: 1_000,
  openingMs: 120_000,
  distrustMs: 60_000,
  mostAbandoned: 256,
};

/**
 * Bytes that arrive this soon after an answer belong to it. Later bytes may announce the end of an idle connection,
 * such as a 408.
 */
const SOON_MS = 1_000;

interface Waiter {
  readonly take: (connection: Connection) => void;
  readonly fail: (error: unknown) => void;
}

const NEVER_OPENED = Object.assign(new Error('the connection did not open'), { code: 'ETIMEDOUT' });

/**
 * The connections to one target. The most recently used one is reused first, so that surplus connections age out
 * after a busy period.
 *
 * After an answer, a connection is **resting** until the event loop has polled the socket once more, and then
 * **idle**. Bytes that arrived after the answer show up by then and close the connection before they could be
 * mistaken for the next answer.
 */
export class ConnectionPool implements ConnectionOwner {
  readonly #target: Target;
  readonly #onEmpty: () => void;
  readonly #limits: PoolLimits;
  readonly recentHead = new RecentResponseHead();
  readonly #idle: Connection[] = [];
  /** Connections that have rested since this turn of the event loop, and since the previous one. */
  #resting: Connection[] = [];
  #rested: Connection[] = [];
  #isTurning = false;
  #turned: Promise<void> | undefined;
  #onTurned: (() => void) | undefined;
  #distrustedUntilMs = 0;
  #stopDistrusting: (() => void) | undefined;
  readonly #waiters = new Set<Waiter>();
  /** The connections that are opening; each function stops the timer that limits it. */
  readonly #opening = new Map<Connection, () => void>();
  /** Number of open connections, idle or not. */
  #open = 0;
  #isClosed = false;
  #stopSweeping: (() => void) | undefined;

  constructor(target: Target, onEmpty: () => void, limits: Partial<PoolLimits> = {}) {
    this.#target = target;
    this.#onEmpty = onEmpty;
    this.#limits = { ...LIMITS, ...limits };
  }

  /** Takes an idle connection; undefined if there is none. */
  takeIdle(): Connection | undefined {
    return this.#idle.pop();
  }

  /** Whether a connection becomes idle soon, which `turn` awaits. */
  get isResting(): boolean {
    return this.#isTurning;
  }

  /** Resolves when resting connections have become idle. All who wait at the same time share one promise. */
  turn(): Promise<void> {
    this.#turned ??= new Promise((resolve) => {
      this.#onTurned = resolve;
    });
    return this.#turned;
  }

  /**
   * Resolves the waiter (`take`) with the first connection that opens, or rejects it (`fail`). The returned function
   * cancels the waiter, which is then never called.
   */
  open(waiter: Waiter): () => void {
    this.#waiters.add(waiter);
    if (this.#opening.size - this.#waiters.size < this.#limits.mostAbandoned) this.#connect();
    return () => this.#waiters.delete(waiter);
  }

  /** Closes idle and resting connections, and the others when they become idle. */
  close(): void {
    this.#isClosed = true;
    this.#stopDistrusting?.();
    this.#stopDistrusting = undefined;
    while (this.#idle.length > 0) this.#idle.pop()?.close();
  }

  #connect(): void {
    const connection = new Connection(this.#target, this);
    const stopTimer = systemClock.setTimer(this.#limits.openingMs, () => connection.failed(NEVER_OPENED));
    this.#opening.set(connection, stopTimer);
    connection.connect();
  }

  opened(connection: Connection): void {
    this.#hasOpened(connection);
    this.#open += 1;
    const waiter = this.#nextWaiter();
    if (waiter === undefined) this.#keep(connection, systemClock.nowMs());
    else waiter.take(connection);
  }

  failed(connection: Connection, error: unknown): void {
    this.#hasOpened(connection);
    this.#nextWaiter()?.fail(error);
    this.#checkEmpty();
  }

  #hasOpened(connection: Connection): void {
    this.#opening.get(connection)?.();
    this.#opening.delete(connection);
  }

  #nextWaiter(): Waiter | undefined {
    const [waiter] = this.#waiters;
    if (waiter !== undefined) this.#waiters.delete(waiter);
    return waiter;
  }

  rests(connection: Connection): void {
    if (this.#isClosed || this.#isDistrusted()) return connection.close();
    connection.idleSinceMs = 0;
    this.#resting.push(connection);
    if (this.#isTurning) return;
    this.#isTurning = true;
    setImmediate(this.#turn);
  }

  /** Runs twice: before the event loop polls for bytes, and after. */
  readonly #turn = (): void => {
    socketTurn.take();
    const rested = this.#rested;
    this.#rested = this.#resting;
    this.#resting = [];
    this.#isTurning = this.#rested.length > 0;
    if (this.#isTurning) setImmediate(this.#turn);
    if (rested.length === 0) return;
    const nowMs = systemClock.nowMs();
    for (const connection of rested) if (connection.isOpen) this.#keep(connection, nowMs);
    const onTurned = this.#onTurned;
    this.#turned = undefined;
    this.#onTurned = undefined;
    onTurned?.();
  };

  #isDistrusted(): boolean {
    return this.#stopDistrusting !== undefined && systemClock.nowMs() < this.#distrustedUntilMs;
  }

  /**
   * Stops reusing connections for a while after unsolicited bytes, so that they cannot become the answer to another
   * request.
   */
  hasSurplus({ idleSinceMs }: Connection): void {
    const nowMs = systemClock.nowMs();
    if (this.#isClosed) return;
    if (idleSinceMs !== 0 && nowMs - idleSinceMs > SOON_MS) return;
    this.#distrustedUntilMs = nowMs + this.#limits.distrustMs;
    this.#stopDistrusting?.();
    this.#stopDistrusting = systemClock.setTimer(this.#limits.distrustMs, () => {
      this.#stopDistrusting = undefined;
      this.#checkEmpty();
    });
    for (const connection of [...this.#idle.splice(0), ...this.#resting, ...this.#rested]) connection.close();
  }

  #keep(connection: Connection, nowMs: number): void {
    if (this.#isClosed || this.#idle.length >= this.#limits.mostIdle) return connection.close();
    connection.idleSinceMs = nowMs;
    this.#idle.push(connection);
    this.#stopSweeping ??= systemClock.setTimer(this.#limits.idleMs, this.#sweep);
  }

  closed(connection: Connection): void {
    this.#open -= 1;
    const place = this.#idle.lastIndexOf(connection);
    if (place !== -1) this.#idle.splice(place, 1);
    this.#checkEmpty();
  }

  /** Closes connections that were idle too long. The oldest are at the front. */
  readonly #sweep = (): void => {
    const nowMs = systemClock.nowMs();
    const { idleMs } = this.#limits;
    let oldest = this.#idle[0];
    while (oldest !== undefined && nowMs - oldest.idleSinceMs >= idleMs) {
      this.#idle.shift();
      oldest.close();
      oldest = this.#idle[0];
    }
    const restMs = oldest === undefined ? 0 : Math.ceil(oldest.idleSinceMs + idleMs - nowMs);
    this.#stopSweeping = oldest === undefined ? undefined : systemClock.setTimer(restMs, this.#sweep);
  };

  #checkEmpty(): void {
    if (this.#open > 0 || this.#opening.size > 0 || this.#waiters.size > 0) return;
    // A pool that distrusts its provider must be kept, since it has to remember that.
    if (this.#stopDistrusting !== undefined) return;
    this.#stopSweeping?.();
    this.#stopSweeping = undefined;
    this.#onEmpty();
  }
}
