import type { LeaseStore, StoreCheck } from '../spend/nodes/lease-store.ts';
import type { Log } from '../telemetry/log/log.ts';

export interface StoreChecksOptions {
  /** How long a request waits for the store. */
  readonly deadlineMs: number;
  /** The outcome of a check before the start; undefined: the store did not answer. */
  readonly checked: StoreCheck | undefined;
  readonly log: () => Log | undefined;
  /** The clock of this machine, in milliseconds since 1970. The default is the real one. */
  readonly epochMs?: () => number;
}

/** How often a store that does not answer is tried. */
const RETRY_MS = 5000;
/** The best of so many round trips counts. */
const ROUND_TRIPS = 3;
/** A store that needs a larger part of the deadline misses it often. */
const NEAR_DEADLINE = 0.5;
/** Clocks that are kept by NTP differ by less. */
const MOST_CLOCK_MS = 5000;

/** Tells the log once what an operator should change about the store of leases: its settings, how far away it is, and its clock. */
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
      const { ms, aheadMs } = await this.#roundTrip();
      if (ms > deadlineMs * NEAR_DEADLINE)
        this.#warn(
          `The store of shared limits answers in ${Math.round(ms)} ms, and requests wait for it for ${deadlineMs} ms at most. Run it nearer to the gateways, or raise shared_state.deadline_ms.`,
        );
      if (Math.abs(aheadMs) > MOST_CLOCK_MS)
        this.#warn(
          `The clock of this machine is ${Math.round(Math.abs(aheadMs) / 1000)} s ${aheadMs > 0 ? 'ahead of' : 'behind'} that of the store of shared limits, so the days, weeks and months of limits begin ${aheadMs > 0 ? 'earlier' : 'later'} here than on other gateways.`,
        );
    } catch {
      if (!this.#isStopped) this.#timer = setTimeout(() => void this.start(), RETRY_MS).unref();
    }
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  /** The shortest round trip, and by how much this machine's clock was ahead then. */
  async #roundTrip(): Promise<{ readonly ms: number; readonly aheadMs: number }> {
    const { epochMs = Date.now } = this.#options;
    let best = { ms: Infinity, aheadMs: 0 };
    for (let trip = 0; trip < ROUND_TRIPS; trip++) {
      const sentMs = performance.now();
      const storeMs = await this.#store.nowMs();
      const ms = performance.now() - sentMs;
      if (ms < best.ms) best = { ms, aheadMs: epochMs() - storeMs };
    }
    return best;
  }

  #warn(text: string): void {
    this.#options.log()?.say('warn', 'warning', { text });
  }
}
