import type { Attempt, Outcome } from '../../routing/outcome.ts';
import type { HistogramSeries, NumberSeries } from './metric-family.ts';
import type { MetricTable } from './metric-table.ts';

/** Counts attempts and requests in flight. Keeps the series of answered attempts, so that most need no look-up by labels. */
export class AttemptMetrics {
  readonly #table: MetricTable;
  /** By provider. */
  readonly #answered = new Map<string, AnsweredSeries>();
  /** By endpoint. */
  readonly #active = new Map<string, NumberSeries>();

  constructor(table: MetricTable) {
    this.#table = table;
  }

  started(endpoint: string): void {
    let series = this.#active.get(endpoint);
    if (series === undefined) this.#active.set(endpoint, (series = this.#table.active.series(endpoint)));
    series.value += 1;
  }

  ended({ route, outcome, startedAtMs, endedAtMs }: Attempt): void {
    const { provider } = route;
    if (outcome.kind === 'answered') {
      const series = this.#answeredBy(provider);
      series.attempts.value += 1;
      series.latency.observe((endedAtMs - startedAtMs) / 1000);
      return noteHealth(series.health, true, endedAtMs);
    }
    this.#table.attempts.series(provider, outcome.kind, detailOf(outcome)).value += 1;
    const isHealthy = healthAfter(outcome);
    if (isHealthy !== undefined) noteHealth(this.#table.health.series(provider), isHealthy, endedAtMs);
  }

  #answeredBy(provider: string): AnsweredSeries {
    let series = this.#answered.get(provider);
    if (series === undefined) {
      series = {
        attempts: this.#table.attempts.series(provider, 'answered', ''),
        latency: this.#table.latency.series(provider),
        health: this.#table.health.series(provider),
      };
      this.#answered.set(provider, series);
    }
    return series;
  }
}

interface AnsweredSeries {
  readonly attempts: NumberSeries;
  readonly latency: HistogramSeries;
  readonly health: NumberSeries;
}

/** Sets whether a provider is healthy, as of the latest time. */
export function noteHealth(series: NumberSeries, isHealthy: boolean, atMs: number): void {
  series.value = isHealthy ? 1 : 0;
  series.atMs = atMs;
}

/** Whether an outcome shows its provider to be healthy; undefined: it shows neither. */
function healthAfter(outcome: Outcome): boolean | undefined {
  switch (outcome.kind) {
    case 'answered':
    case 'rejected':
      return true;
    case 'failed':
      return outcome.fault === 'client';
    case 'rate-limited':
    case 'unreachable':
    case 'timed-out':
      return false;
    case 'unsuitable':
    case 'cancelled':
      return undefined;
  }
}

function detailOf(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'answered':
    case 'unsuitable':
    case 'cancelled':
      return '';
    case 'rejected':
    case 'rate-limited':
      return String(outcome.status);
    case 'failed':
      return outcome.defect ?? String(outcome.status);
    case 'unreachable':
      return outcome.reason;
    case 'timed-out':
      return outcome.phase;
  }
}
