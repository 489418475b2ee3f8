import type { LeaseTable } from './lease-table.ts';

/**
 * Forgets nodes that give no sign of life for long enough. It goes by its own monotonic clock, and only counts time in which
 * the store answered, so that neither a clock that was set nor a store that was away forgets everybody.
 */
export class NodeWatch {
  readonly #table: LeaseTable;
  readonly #own: string;
  readonly #forgetMs: number;
  readonly #seen = new Map<string, { readonly beats: number; readonly sinceMs: number }>();

  constructor(table: LeaseTable, own: string, forgetMs: number) {
    this.#table = table;
    this.#own = own;
    this.#forgetMs = forgetMs;
  }

  /** The store was away: silence until now means nothing. */
  reset(): void {
    this.#seen.clear();
  }

  async look(nowMs: number): Promise<void> {
    for (const { node, beats, isGone } of await this.#table.nodes()) {
      if (node === this.#own || isGone) continue;
      const seen = this.#seen.get(node);
      if (seen?.beats !== beats) this.#seen.set(node, { beats, sinceMs: nowMs });
      else if (nowMs - seen.sinceMs > this.#forgetMs) await this.#table.forget(node, beats);
    }
  }
}
