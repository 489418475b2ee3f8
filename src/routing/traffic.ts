/** Weight of the newest measurement in the smoothed latency: the last ten or so answers count. */
const SMOOTHING = 0.2;

/** Latencies kept at most; the ones measured longest ago go first. */
const MOST_LATENCIES = 10_000;

/** How busy and how fast each route is: what `least_busy` and `lowest_latency` look at. */
export class TrafficLedger {
  readonly #inFlight = new Map<string, number>();
  readonly #latencyMs = new Map<string, number>();

  inFlight(id: string): number {
    return this.#inFlight.get(id) ?? 0;
  }

  /** Smoothed time to the first byte in milliseconds; undefined before the first one. */
  latencyMs(id: string): number | undefined {
    return this.#latencyMs.get(id);
  }

  begin(id: string): void {
    this.#inFlight.set(id, this.inFlight(id) + 1);
  }

  end(id: string): void {
    const left = this.inFlight(id) - 1;
    if (left > 0) this.#inFlight.set(id, left);
    else this.#inFlight.delete(id);
  }

  measured(id: string, firstByteMs: number): void {
    const before = this.#latencyMs.get(id);
    this.#latencyMs.delete(id);
    this.#latencyMs.set(id, before === undefined ? firstByteMs : before + SMOOTHING * (firstByteMs - before));
    if (this.#latencyMs.size > MOST_LATENCIES) this.#forgetOldest();
  }

  #forgetOldest(): void {
    const oldest = this.#latencyMs.keys().next();
    if (!oldest.done) this.#latencyMs.delete(oldest.value);
  }
}
