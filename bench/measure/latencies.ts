/** Times of many events in steps of a microsecond. A time over one second counts as one second. */
export class Latencies {
  readonly #counts = new Uint32Array(1_000_001);
  #total = 0;

  add(micros: number): void {
    const step = micros < 0 ? 0 : micros > 1_000_000 ? 1_000_000 : micros;
    this.#counts[step | 0]! += 1;
    this.#total++;
  }

  clear(): void {
    this.#counts.fill(0);
    this.#total = 0;
  }

  /** Microseconds that this share of the events did not exceed, as with 0.99. */
  quantile(share: number): number {
    const wanted = Math.ceil(this.#total * share);
    let seen = 0;
    for (let micros = 0; micros < this.#counts.length; micros++) {
      seen += this.#counts[micros]!;
      if (seen >= wanted && seen > 0) return micros;
    }
    return Number.NaN;
  }

  summary(): LatencySummary {
    return {
      count: this.#total,
      p50: this.quantile(0.5),
      p99: this.quantile(0.99),
      p999: this.quantile(0.999),
    };
  }
}

/** Microseconds. */
export interface LatencySummary {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}
