import type { LeaseStore } from './lease-store.ts';
import { NodeWatch } from './node-watch.ts';

export interface NodeBeatOptions {
  readonly store: LeaseStore;
  readonly node: string;
  readonly version: string;
  /** Told once how many gateways there are, when there are several. */
  readonly onSeveral: (nodes: number) => void;
}

const BEAT_MS = 2000;
/** After this silence nobody counts a node any more, so there is nothing to free. */
const NEVER_MS = Infinity;

/**
 * Signs of life of a gateway that shares no limits, so that somebody notices if there are several of them: each counts for
 * itself.
 */
export class NodeBeat {
  readonly #options: NodeBeatOptions;
  readonly #watch: NodeWatch;
  #life: number | undefined;
  #timer: Timer | undefined;
  #isBeating = false;
  #hasTold = false;

  constructor(options: NodeBeatOptions) {
    this.#options = options;
    this.#watch = new NodeWatch(options.store, options.node, { forgetMs: NEVER_MS, isLostSpent: false });
  }

  /** The number of live gateways on this database. */
  get nodes(): number {
    return this.#watch.live;
  }

  start(): void {
    void this.#beat();
    this.#timer = setInterval(() => void this.#beat(), BEAT_MS);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    const { store, node } = this.#options;
    if (this.#life !== undefined) await store.leave(node, this.#life).catch(() => undefined);
    await store.close();
  }

  /** A beat that fails is missed: others see a silent gateway, as it is. */
  async #beat(): Promise<void> {
    if (this.#isBeating) return;
    this.#isBeating = true;
    try {
      await this.#look();
    } catch {
      // The database is away.
    } finally {
      this.#isBeating = false;
    }
  }

  async #look(): Promise<void> {
    const { store, node, version, onSeveral } = this.#options;
    this.#life ??= await store.register(node, version);
    const { kind } = await store.acquire({ node, life: this.#life, isTick: true, reports: [] });
    if (kind === 'forgotten') this.#life = undefined;
    await this.#watch.look(performance.now());
    if (this.#watch.live < 2 || this.#hasTold) return;
    this.#hasTold = true;
    onSeveral(this.#watch.live);
  }
}
