import type { Generator } from '../load/start-generator.ts';

/** What every measurement has at hand. */
export interface Bench {
  readonly generator: Generator;
  readonly upstreamPort: number;
  /** For files of its own; removed at the end. */
  readonly folder: string;
  /** How long one measurement takes. */
  readonly seconds: number;
}
