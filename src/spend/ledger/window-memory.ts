/** The known use of each counter in each window, in the counter's unit. */
export class WindowMemory {
  readonly #used = new Map<string, number>();
  /** The part of it that comes from entries: the rows of the node ''. */
  readonly #entered = new Map<string, number>();

  has(counter: string, windowMs: number): boolean {
    return this.#used.has(keyOf(counter, windowMs));
  }

  get(counter: string, windowMs: number): number {
    return this.#used.get(keyOf(counter, windowMs)) ?? 0;
  }

  add(counter: string, windowMs: number, amount: number): void {
    const key = keyOf(counter, windowMs);
    this.#used.set(key, (this.#used.get(key) ?? 0) + amount);
  }

  /** Sets the sum of a counter's entries; returns the change of its use. */
  enter(counter: string, windowMs: number, sum: number): number {
    const key = keyOf(counter, windowMs);
    const moved = sum - (this.#entered.get(key) ?? 0);
    this.#entered.set(key, sum);
    this.#used.set(key, (this.#used.get(key) ?? 0) + moved);
    return moved;
  }

  /** Every counter with its use. */
  *all(): Generator<readonly [counter: string, windowMs: number, used: number]> {
    for (const [key, used] of this.#used) {
      const at = key.indexOf(' ');
      yield [key.slice(at + 1), Number(key.slice(0, at)), used];
    }
  }

  /** Forgets windows that ended. `totals` are the starts of those that never end. */
  prune(nowMs: number, totals: readonly number[]): void {
    const kept = new Set([0, ...totals]);
    for (const [counter, windowMs] of this.all()) {
      if (kept.has(windowMs) || windowMs >= nowMs - longestOf(counter)) continue;
      this.#used.delete(keyOf(counter, windowMs));
      this.#entered.delete(keyOf(counter, windowMs));
    }
  }
}

const DAY_MS = 86_400_000;
/** A month, and a moment for requests that began in it. */
export const MONTH_MS = 33 * DAY_MS;
/** A day of 25 hours, and the same. */
export const SHORT_MS = 3 * DAY_MS;
/** In the names of limits of a day that the configuration does not name otherwise. */
export const DAILY = '/day';

function longestOf(counter: string): number {
  return counter.includes(DAILY) ? SHORT_MS : MONTH_MS;
}

function keyOf(counter: string, windowMs: number): string {
  return `${windowMs} ${counter}`;
}
