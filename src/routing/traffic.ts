/** Weight of the newest measurement in the smoothed latency: the last ten or so answers count. */
const SMOOTHING = 0.2;

/**
 * A latency counts half after this time without a new measurement. Without that, a route whose one measurement was slow
 * would never be asked again, and so never be measured again.
 */
const HALF_LIFE_MS = 10_000;

interface Measurement {
  readonly latencyMs: number;
  readonly atMs: number;
}

/** Latencies kept at most; the ones measured longest ago go first. */
const MOST_LATENCIES = 10_000;

/** How busy and how fast each route is: what `least_busy` and `lowest_latency` look at. */
export class TrafficLedger {
  readonly #inFlight = new Map<string, number>();
  readonly #measurements = new Map<string, Measurement>();

  inFlight(id: string): number {
    return this.#inFlight.get(id) ?? 0;
  }

  /** Smoothed time to the first byte in milliseconds, fading with its age; undefined before the first one. */
  latencyMs(id: string, nowMs: number): number | undefined {
    const last = this.#measurements.get(id);
    return last && last.latencyMs * 2 ** ((last.atMs - nowMs) / HALF_LIFE_MS);
  }

  begin(id: string): void {
    this.#inFlight.set(id, this.inFlight(id) + 1);
  }

  end(id: string): void {
    const left = this.inFlight(id) - 1;
    if (left > 0) this.#inFlight.set(id, left);
    else this.#inFlight.delete(id);
  }

  measured(id: string, firstByteMs: number, nowMs: number): void {
    const before = this.latencyMs(id, nowMs) ?? firstByteMs;
    this.#measurements.delete(id);
    this.#measurements.set(id, { latencyMs: before + SMOOTHING * (firstByteMs - before), atMs: nowMs });
    if (this.#measurements.size > MOST_LATENCIES) this.#forgetOldest();
  }

  #forgetOldest(): void {
    const oldest = this.#measurements.keys().next();
    if (!oldest.done) this.#measurements.delete(oldest.value);
  }
}
