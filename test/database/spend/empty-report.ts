import type { SentReport } from '../../../src/spend/nodes/lease-store.ts';

/** A report of a node that has used, claims and needs nothing of a window of 1000. */
export const EMPTY_REPORT: Omit<SentReport, 'counter' | 'seq'> = {
  form: 'window',
  perMs: 0,
  fullInMs: 0,
  alone: 0,
  aloneLeft: 0,
  windowMs: 0,
  pending: 0,
  stored: 0,
  claim: 0,
  need: 0,
  want: 0,
  limit: 1000,
  takesRest: false,
  endMs: Infinity,
};
