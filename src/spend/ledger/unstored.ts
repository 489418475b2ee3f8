import type { CloseLine, Use } from '../journal/line.ts';

/** The use by requests of this machine that the database does not have yet, by counter. */
export class UnstoredUse {
  readonly #used = new Map<string, number>();
  readonly #onStored: (uses: readonly Use[]) => void;

  constructor(onStored: (uses: readonly Use[]) => void) {
    this.#onStored = onStored;
  }

  get(counter: string, windowMs: number): number {
    return this.#used.get(keyOf(counter, windowMs)) ?? 0;
  }

  note(uses: readonly Use[]): void {
    for (const [counter, windowMs, amount] of uses) this.#add(keyOf(counter, windowMs), amount);
  }

  /** The database has these. */
  markStored(closes: readonly CloseLine[]): void {
    for (const { uses } of closes) {
      for (const [counter, windowMs, amount] of uses) this.#add(keyOf(counter, windowMs), -amount);
      this.#onStored(uses);
    }
  }

  clear(): void {
    this.#used.clear();
  }

  #add(key: string, amount: number): void {
    const sum = (this.#used.get(key) ?? 0) + amount;
    if (sum > 0) this.#used.set(key, sum);
    else this.#used.delete(key);
  }
}

function keyOf(counter: string, windowMs: number): string {
  return `${windowMs} ${counter}`;
}
