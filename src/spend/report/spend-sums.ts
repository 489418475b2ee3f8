import type { QuarterSum } from '../ledger/quarter.ts';

/** The use and cost of a group of requests. Costs are whole nano-dollars of any size, so that sums stay exact. */
export interface SpendSums {
  /** All that ended, including refused and failed ones. */
  readonly requests: number;
  /** Refused by the gateway. */
  readonly refused: number;
  /** Refused, failed, broken off, or lost with the process that served them. */
  readonly failures: number;
  readonly inputTokens: number;
  readonly cachedTokens: number;
  readonly cacheWriteTokens: number;
  readonly outputTokens: number;
  readonly reasoningTokens: number;
  readonly cost: bigint;
  /** Requests that used something whose price is not known. Their cost is in no sum. */
  readonly unpriced: number;
  /** The part of `cost` from tokens that the gateway counted. */
  readonly estimatedCost: bigint;
  /** The part of `cost` from requests that ended with their process, and were charged what they had reserved. */
  readonly lostCost: bigint;
  /** The savings from the response cache. */
  readonly saved: bigint;
}

/** One row of a result. PostgreSQL returns sums as text; those of money are text in SQLite, too. */
export type SumRow = Readonly<Record<QuarterSum, number | string | null>>;

export const NO_SPEND: SpendSums = {
  requests: 0,
  refused: 0,
  failures: 0,
  inputTokens: 0,
  cachedTokens: 0,
  cacheWriteTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
  cost: 0n,
  unpriced: 0,
  estimatedCost: 0n,
  lostCost: 0n,
  saved: 0n,
};

export function sumsOf(row: SumRow): SpendSums {
  return {
    requests: Number(row.requests),
    refused: Number(row.refused),
    failures: Number(row.failures),
    inputTokens: Number(row.input_tokens),
    cachedTokens: Number(row.cached_tokens),
    cacheWriteTokens: Number(row.cache_write_tokens),
    outputTokens: Number(row.output_tokens),
    reasoningTokens: Number(row.reasoning_tokens),
    cost: BigInt(row.cost ?? 0),
    unpriced: Number(row.unpriced),
    estimatedCost: BigInt(row.estimated_cost ?? 0),
    lostCost: BigInt(row.lost_cost ?? 0),
    saved: BigInt(row.saved ?? 0),
  };
}

export function addSums(one: SpendSums, other: SpendSums): SpendSums {
  return {
    requests: one.requests + other.requests,
    refused: one.refused + other.refused,
    failures: one.failures + other.failures,
    inputTokens: one.inputTokens + other.inputTokens,
    cachedTokens: one.cachedTokens + other.cachedTokens,
    cacheWriteTokens: one.cacheWriteTokens + other.cacheWriteTokens,
    outputTokens: one.outputTokens + other.outputTokens,
    reasoningTokens: one.reasoningTokens + other.reasoningTokens,
    cost: one.cost + other.cost,
    unpriced: one.unpriced + other.unpriced,
    estimatedCost: one.estimatedCost + other.estimatedCost,
    lostCost: one.lostCost + other.lostCost,
    saved: one.saved + other.saved,
  };
}
