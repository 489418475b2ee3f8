import { systemClock } from '../../lib/system-clock.ts';
import { Connection } from './connection.ts';
import type { Target } from './target.ts';

/** How many connections are held, and for how long. */
export interface PoolLimits {
  /** A connection that nobody has used for so long is closed; most providers have closed it before. */
  readonly idleMs: number;
  /** Kept for the next requests, at most. */
  readonly mostIdle: number;
  /** The system gives up connecting after two minutes; a handshake that is never answered would take for ever. */
  readonly openingMs: number;
  /** For so long no connection is used again to a provider that sent bytes which nobody had asked for. */
  readonly distrustMs: number;
  /** Connections go on opening when nobody waits for them any more: beyond this, nobody starts another. */
  readonly mostAbandoned: number;
}

const LIMITS: PoolLimits = {
  idleMs: 60_000,
  mostIdle: 1_000,
  openingMs: 120_000,
  distrustMs: 60_000,
  mostAbandoned: 256,
};

/** Bytes that come so soon after an answer belong to it. Later they may be a farewell, such as an idle connection's 408. */
const SOON_MS = 1_000;

interface Waiter {
  readonly take: (connection: Connection) => void;
  readonly fail: (error: unknown) => void;
}

const NEVER_OPENED = Object.assign(new Error('the connection did not open'), { code: 'ETIMEDOUT' });

/**
 * Connections to one target. The one that was used last is used first, so that those of a busy hour end after it.
 *
 * A connection whose answer is over is **resting** until the event loop has asked the system once more for what has come, and
 * only then **idle**. Bytes that had come behind the answer show by then, and end it before another request's answer
 * could begin with them.
 */
export class ConnectionPool {
  readonly #target: Target;
  readonly #onEmpty: () => void;
  readonly #limits: PoolLimits;
  readonly #idle: Connection[] = [];
  /** Resting since this turn of the event loop, and since the one before. */
  #resting: Connection[] = [];
  #rested: Connection[] = [];
  #isTurning = false;
  #distrustedUntilMs = 0;
  #stopDistrusting: (() => void) | undefined;
  readonly #waiters = new Set<Waiter>();
  #opening = 0;
  /** Open connections, idle or not. */
  #open = 0;
  #isClosed = false;
  #stopSweeping: (() => void) | undefined;

  constructor(target: Target, onEmpty: () => void, limits: Partial<PoolLimits> = {}) {
    this.#target = target;
    this.#onEmpty = onEmpty;
    this.#limits = { ...LIMITS, ...limits };
  }

  /** A connection that waits for its next request, if there is one. */
  takeIdle(): Connection | undefined {
    return this.#idle.pop();
  }

  /** Whether a connection will be idle in the next turn of the event loop; `turn` waits for that. */
  get isResting(): boolean {
    return this.#isTurning;
  }

  turn(): Promise<void> {
    return new Promise((resolve) => {
      setImmediate(() => setImmediate(resolve));
    });
  }

  /** Calls `take` or `fail` of the waiter once, unless it is forgotten before: with the first that opens. */
  open(waiter: Waiter): () => void {
    this.#waiters.add(waiter);
    if (this.#opening - this.#waiters.size < this.#limits.mostAbandoned) this.#connect();
    return () => this.#waiters.delete(waiter);
  }

  /** Lets go of what is idle now or will be. */
  close(): void {
    this.#isClosed = true;
    this.#stopDistrusting?.();
    this.#stopDistrusting = undefined;
    while (this.#idle.length > 0) this.#idle.pop()?.close();
  }

  #connect(): void {
    this.#opening += 1;
    const connection = new Connection(this.#target, {
      onOpen: () => {
        stopTimer();
        this.#opening -= 1;
        this.#open += 1;
        const waiter = this.#nextWaiter();
        if (waiter === undefined) this.#keep(connection);
        else waiter.take(connection);
      },
      onFailure: (error) => {
        stopTimer();
        this.#opening -= 1;
        this.#nextWaiter()?.fail(error);
        this.#checkEmpty();
      },
      onIdle: () => this.#rest(connection),
      onSurplus: () => this.#distrust(connection),
      onClose: () => this.#forget(connection),
    });
    const stopTimer = systemClock.setTimer(this.#limits.openingMs, () => connection.failed(NEVER_OPENED));
    connection.connect();
  }

  #nextWaiter(): Waiter | undefined {
    const [waiter] = this.#waiters;
    if (waiter !== undefined) this.#waiters.delete(waiter);
    return waiter;
  }

  #rest(connection: Connection): void {
    const nowMs = systemClock.nowMs();
    if (this.#isClosed || nowMs < this.#distrustedUntilMs) return connection.close();
    connection.idleSinceMs = nowMs;
    this.#resting.push(connection);
    if (this.#isTurning) return;
    this.#isTurning = true;
    setImmediate(this.#turn);
  }

  /** The first call comes before the loop looks for what has come, the second behind it. */
  readonly #turn = (): void => {
    const rested = this.#rested;
    this.#rested = this.#resting;
    this.#resting = [];
    this.#isTurning = this.#rested.length > 0;
    if (this.#isTurning) setImmediate(this.#turn);
    for (const connection of rested) if (connection.isOpen) this.#keep(connection);
  };

  /** A provider that says more than its answers is not to answer one request with what belongs to another. */
  #distrust({ idleSinceMs }: Connection): void {
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

  #keep(connection: Connection): void {
    if (this.#isClosed || this.#idle.length >= this.#limits.mostIdle) return connection.close();
    connection.idleSinceMs = systemClock.nowMs();
    this.#idle.push(connection);
    this.#stopSweeping ??= systemClock.setTimer(this.#limits.idleMs, this.#sweep);
  }

  #forget(connection: Connection): void {
    this.#open -= 1;
    const place = this.#idle.lastIndexOf(connection);
    if (place !== -1) this.#idle.splice(place, 1);
    this.#checkEmpty();
  }

  /** Those at the front have waited longest. */
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
    if (this.#open > 0 || this.#opening > 0 || this.#waiters.size > 0) return;
    // It has something to remember.
    if (this.#stopDistrusting !== undefined) return;
    this.#stopSweeping?.();
    this.#stopSweeping = undefined;
    this.#onEmpty();
  }
}
