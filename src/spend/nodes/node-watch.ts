import type { LeaseStore } from './lease-store.ts';

/** A node is live for this long after a sign of life. */
export const LIVE_MS = 5000;

export interface NodeWatchOptions {
  /** The silence after which a node is forgotten. */
  readonly forgetMs: number;
  /** Whether its claims count as spent then, instead of being free. */
  readonly isLostSpent: boolean;
}

/**
 * Forgets nodes that give no sign of life for long enough. It goes by its own monotonic clock, and only counts time in which
 * the store answered, so that neither a clock that was set nor a store that was away forgets everybody.
 */
export class NodeWatch {
  readonly #store: Pick<LeaseStore, 'nodes' | 'forget'>;
  readonly #own: string;
  readonly #options: NodeWatchOptions;
  readonly #seen = new Map<string, { readonly beats: number; readonly sinceMs: number }>();

  #live = 1;
  #hasLooked = false;

  constructor(store: Pick<LeaseStore, 'nodes' | 'forget'>, own: string, options: NodeWatchOptions) {
    this.#store = store;
    this.#own = own;
    this.#options = options;
  }

  /** Nodes with a sign of life within five seconds of the newest one. */
  get live(): number {
    return this.#live;
  }

  /** The number of nodes that may share a limit. One that never saw others supposes that there is another one. */
  get known(): number {
    return this.#hasLooked ? this.#live : 2;
  }

  /** The store was away: silence until now means nothing. */
  reset(): void {
    this.#seen.clear();
  }

  async look(nowMs: number): Promise<void> {
    const { forgetMs, isLostSpent } = this.#options;
    const nodes = await this.#store.nodes();
    this.#hasLooked = true;
    const newestMs = Math.max(...nodes.map(({ heartbeatMs }) => heartbeatMs));
    this.#live = nodes.filter(
      ({ isGone, heartbeatMs }) => !isGone && heartbeatMs > newestMs - LIVE_MS,
    ).length;
    for (const { node, beats, isGone } of nodes) {
      if (node === this.#own || isGone) continue;
      const seen = this.#seen.get(node);
      if (seen?.beats !== beats) this.#seen.set(node, { beats, sinceMs: nowMs });
      else if (nowMs - seen.sinceMs > forgetMs) await this.#store.forget(node, beats, isLostSpent);
    }
  }
}
