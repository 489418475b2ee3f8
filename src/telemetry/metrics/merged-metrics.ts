import { mergeMetrics } from './exposition.ts';
import type { FamilyDump } from './metric-family.ts';

/**
 * The metrics of several processes as one. The counters of a dead process stay, so that no sum ever falls. Its gauges
 * go, except those about something outside.
 */
export class MergedMetrics {
  readonly #latest = new Map<number, readonly FamilyDump[]>();
  #retired: readonly FamilyDump[] = [];

  /** Stores the current metrics of a process. */
  note(process: number, dump: readonly FamilyDump[]): void {
    this.#latest.set(process, dump);
  }

  /** Drops a dead process. What it counted after the last `note` is lost. */
  reclaim(process: number): void {
    const last = this.#latest.get(process) ?? [];
    this.#latest.delete(process);
    this.#retired = mergeMetrics([
      this.#retired,
      last.filter(({ type, merge }) => type !== 'gauge' || merge === 'latest'),
    ]);
  }

  dump(): readonly FamilyDump[] {
    return mergeMetrics([...this.#latest.values(), this.#retired]);
  }
}
