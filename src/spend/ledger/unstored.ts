import type { CloseLine, Use } from '../journal/line.ts';
import type { StoredWindow } from './read-ledger.ts';
import { WindowMemory } from './window-memory.ts';

/** The use by requests of this machine, by counter: what the database has of it, and what it does not have yet. */
export class UnstoredUse {
  readonly #used = new Map<string, number>();
  #stored = new WindowMemory();
  readonly #onStored: (uses: readonly Use[]) => void;

  constructor(onStored: (uses: readonly Use[]) => void) {
    this.#onStored = onStored;
  }

  get(counter: string, windowMs: number): number {
    return this.#used.get(keyOf(counter, windowMs)) ?? 0;
  }

  /** The use that the database has. */
  storedOf(counter: string, windowMs: number): number {
    return this.#stored.get(counter, windowMs);
  }

  note(uses: readonly Use[]): void {
    for (const [counter, windowMs, amount] of uses) this.#add(keyOf(counter, windowMs), amount);
  }

  /** The database has these. `sign` -1: it had them, and has lost them. */
  markStored(closes: readonly CloseLine[], sign: 1 | -1 = 1): void {
    for (const { uses } of closes) {
      const moved = uses.map(([counter, windowMs, amount]): Use => [counter, windowMs, sign * amount]);
      for (const [counter, windowMs, amount] of moved) {
        this.#add(keyOf(counter, windowMs), -amount);
        this.#stored.add(counter, windowMs, amount);
      }
      this.#onStored(moved);
    }
  }

  /** Replaces all by what the database has. */
  begin(windows: readonly StoredWindow[]): void {
    this.#used.clear();
    this.#stored = new WindowMemory();
    for (const { counter, windowMs, own } of windows) if (own !== 0) this.#stored.add(counter, windowMs, own);
  }

  /** Forgets windows that ended. `totals` are the starts of those that never end. */
  prune(nowMs: number, totals: readonly number[]): void {
    this.#stored.prune(nowMs, totals);
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
