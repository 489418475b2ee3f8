/** What is known to be used of each counter in each window, in the counter's unit. */
export class WindowMemory {
  readonly #used = new Map<string, number>();
  /** The part of it that entries have moved: the rows of the node ''. */
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

  /** Sets the sum of a counter's entries; returns by how much that moves its use. */
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

  /** Forgets windows that began before that time, except the first one, which never ends. */
  prune(beforeMs: number): void {
    for (const key of this.#used.keys()) {
      const windowMs = Number(key.slice(0, key.indexOf(' ')));
      if (windowMs === 0 || windowMs >= beforeMs) continue;
      this.#used.delete(key);
      this.#entered.delete(key);
    }
  }
}

function keyOf(counter: string, windowMs: number): string {
  return `${windowMs} ${counter}`;
}
