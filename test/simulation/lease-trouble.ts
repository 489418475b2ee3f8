import type { LeaseForm } from '../../src/limits/lease-report.ts';

export interface Trouble {
  readonly loss?: number;
  readonly repetition?: number;
  readonly disorder?: number;
  readonly cuts?: readonly { node: number; way: '<' | '>' | '<>'; fromMs: number; toMs: number }[];
  readonly storeDown?: { readonly fromMs: number; readonly toMs: number };
  readonly crashes?: readonly { node: number; atMs: number; backMs?: number }[];
  /** When the store loses what nodes told it. */
  readonly losses?: readonly number[];
  readonly clockStep?: { readonly atMs: number; readonly ms: number };
  /** When a new window begins. */
  readonly midnightMs?: number;
}

export interface World {
  readonly seed: number;
  readonly limit: number;
  /** Requests a second of each node. */
  readonly rates: readonly number[];
  readonly trouble: Trouble;
  readonly forgetMs?: number | undefined;
  /** Whether the claims of a forgotten node count as spent. */
  readonly isLostSpent?: boolean | undefined;
  /** The default is `window`. */
  readonly form?: LeaseForm | undefined;
  /** The time in which a bucket is full. */
  readonly fullMs?: number | undefined;
}

export interface Outcome {
  /** By how much use and claims passed the limit at the worst moment. */
  readonly over: number;
  readonly overspent: number;
  /** The requests that a node which hears the store refused, and one machine with a third of the bucket would have admitted. */
  readonly refused: number;
  readonly spent: number;
  readonly left: number;
  readonly lastServedMs: number;
  readonly forgotten: number;
  /** The use of nodes that never came back: in their last 250 ms, and by their requests under way. */
  readonly lost: number;
  /** The requests that were served in the new window while the store was down or nodes were cut off from it. */
  readonly servedAfterMidnight: number;
}
