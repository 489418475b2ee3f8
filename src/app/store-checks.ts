import type { LeaseStore, StoreCheck } from '../spend/nodes/lease-store.ts';
import type { Log } from '../telemetry/log/log.ts';

export interface StoreChecksOptions {
  /** How long a request waits for the store. */
  readonly deadlineMs: number;
  /** The outcome of a check before the start; undefined: the store did not answer. */
  readonly checked: StoreCheck | undefined;
  readonly log: () => Log | undefined;
}

/** How often a store that does not answer is tried. */
const RETRY_MS = 5000;
/** The best of so many round trips counts. */
const ROUND_TRIPS = 3;
/** A store that needs a larger part of the deadline misses it often. */
const NEAR_DEADLINE = 0.5;

/** Tells the log once what an operator should change about the store of leases: its settings, and how far away it is. */
export class StoreChecks {
  readonly #store: LeaseStore;
  readonly #options: StoreChecksOptions;
  #timer: Timer | undefined;
  #isStopped = false;

  constructor(store: LeaseStore, options: StoreChecksOptions) {
    this.#store = store;
    this.#options = options;
  }

  /** Never rejects. */
  async start(): Promise<void> {
    const { checked, deadlineMs } = this.#options;
    try {
      const { refused, warning } = checked ?? (await this.#store.check());
      if (refused !== undefined) this.#warn(`shared_state.driver: redis needs ${refused}.`);
      if (warning !== undefined) this.#warn(warning);
      const ms = await this.#roundTripMs();
      if (ms > deadlineMs * NEAR_DEADLINE)
        this.#warn(
          `The store of shared limits answers in ${Math.round(ms)} ms, and requests wait for it for ${deadlineMs} ms at most. Run it nearer to the gateways, or raise shared_state.deadline_ms.`,
        );
    } catch {
      if (!this.#isStopped) this.#timer = setTimeout(() => void this.start(), RETRY_MS).unref();
    }
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  async #roundTripMs(): Promise<number> {
    let best = Infinity;
    for (let trip = 0; trip < ROUND_TRIPS; trip++) {
      const sentMs = performance.now();
      await this.#store.nowMs();
      best = Math.min(best, performance.now() - sentMs);
    }
    return best;
  }

  #warn(text: string): void {
    this.#options.log()?.say('warn', 'warning', { text });
  }
}
