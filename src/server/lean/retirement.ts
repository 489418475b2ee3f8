/** Idle connections are closed if none of them was used for this long. */
const LEAST_UNUSED_MS = 250;
/** The longest that they stay open. */
const MOST_MS = 5_000;

/**
 * Tells when a server that no longer listens may close its idle connections. A load balancer with kept connections learns
 * from the answer to its next request on one that this one ends. Closing one while the balancer still uses the others could
 * lose a request on its way.
 */
export class Retirement {
  readonly #unusedMs: number;
  readonly #beganMs: number;
  #usedMs: number;
  #idle = 0;

  /** `nowMs`: when listening ended. `unusedMs`: the time without use, if it is more than a quarter of a second. */
  constructor(nowMs: number, unusedMs = 0) {
    this.#unusedMs = Math.max(LEAST_UNUSED_MS, unusedMs);
    this.#beganMs = nowMs;
    this.#usedMs = nowMs;
  }

  /** Whether no connection is idle, none was used of late, or it takes too long. `idle`: how many are. */
  isOver(idle: number, nowMs: number): boolean {
    // One more has got an answer whose head did not say yet that it ends.
    if (idle !== this.#idle) this.#usedMs = nowMs;
    this.#idle = idle;
    return idle === 0 || nowMs >= Math.min(this.#usedMs + this.#unusedMs, this.#beganMs + MOST_MS);
  }
}
