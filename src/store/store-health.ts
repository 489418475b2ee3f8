/** An older answer cannot tell a key that does not exist from one that is not known yet. */
const FRESH_MS = 2000;

/**
 * Whether the database is available. `good` becomes `suspect` when a connection breaks, which says little by itself,
 * and `lost` when a query fails. An answer makes either `good` again.
 */
export class StoreHealth {
  #state: 'good' | 'suspect' | 'lost' = 'good';
  #answeredAtMs = performance.now();

  /** Returns whether the database had been lost. */
  answered(): boolean {
    const wasLost = this.#state === 'lost';
    this.#state = 'good';
    this.#answeredAtMs = performance.now();
    return wasLost;
  }

  /** Returns whether this is news. */
  suspect(): boolean {
    if (this.#state !== 'good') return false;
    this.#state = 'suspect';
    return true;
  }

  /** Returns whether this is news. */
  failed(): boolean {
    const isNews = this.#state !== 'lost';
    this.#state = 'lost';
    return isNews;
  }

  /** Whether the last query was answered. */
  isAnswering(): boolean {
    return this.#state !== 'lost';
  }

  /** Milliseconds since the last answer. */
  sinceAnswerMs(): number {
    return performance.now() - this.#answeredAtMs;
  }

  isStale(): boolean {
    return this.#state !== 'good' || performance.now() - this.#answeredAtMs > FRESH_MS;
  }
}
