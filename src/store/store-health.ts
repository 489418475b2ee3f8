/** An answer older than this is too old to tell a key that does not exist from one that is not known yet. */
const FRESH_MS = 2000;

/**
 * Whether the database can be asked. `good` becomes `suspect` when a connection breaks, which says little by itself, and
 * `lost` when a question fails; an answer makes either `good` again.
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

  /** Whether the last question was answered. */
  isAnswering(): boolean {
    return this.#state !== 'lost';
  }

  /** How long ago the last answer came, in milliseconds. */
  sinceAnswerMs(): number {
    return performance.now() - this.#answeredAtMs;
  }

  isStale(): boolean {
    return this.#state !== 'good' || performance.now() - this.#answeredAtMs > FRESH_MS;
  }
}
