import { mergeMetrics } from './exposition.ts';
import type { FamilyDump } from './metric-family.ts';

/**
 * The metrics of several processes as those of one. What a process had counted stays when it dies, so that no counter
 * ever falls; its gauges go with it, but for those that tell of something outside.
 */
export class MergedMetrics {
  readonly #latest = new Map<number, readonly FamilyDump[]>();
  #retired: readonly FamilyDump[] = [];

  /** What a process has counted so far. */
  note(process: number, dump: readonly FamilyDump[]): void {
    this.#latest.set(process, dump);
  }

  /** A process died: what it counted after it was last noted is lost. */
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
