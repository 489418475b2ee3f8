import type { RequestSize } from '../limits/hold.ts';
import type { Usage } from '../protocols/protocol.ts';

/** The cost of a request, and how it was determined. */
export interface Cost {
  /** Whole nano-dollars (10⁻⁹ dollar); undefined if the model's price is unknown. */
  readonly nano: number | undefined;
  /**
   * `provider`: from reported usage. `estimated`: from tokens counted by the gateway. `not-billed`: there was no
   * answer. `cache`: it came from the response cache, so no provider bills it.
   */
  readonly basis: 'provider' | 'estimated' | 'not-billed' | 'cache';
  /** Identifies the prices that were applied: the first 64 bits of a SHA-256 in hex. */
  readonly priceRef: string | undefined;
  /** The applied prices as text; `priceRef` is its hash. */
  readonly priceSheet: string | undefined;
  /** Nano-dollars that the response cache saved; undefined if none or unknown. */
  readonly savedNano?: number | undefined;
  /** Nano-dollars that the provider itself reported, if its settings say to record them. */
  readonly providerNano?: number | undefined;
  /** The attempts behind the cost, in their order, if others than that of the answer were billed. */
  readonly attempts?: readonly AttemptCost[] | undefined;
}

/** The cost of one attempt of a request. */
export interface AttemptCost {
  readonly provider: string;
  /** The provider's name for the model. */
  readonly model: string;
  readonly nano: number | undefined;
  readonly basis: Cost['basis'];
  readonly priceRef: string | undefined;
  readonly inputTokens: number | undefined;
  readonly outputTokens: number | undefined;
}

/** The usage of one request that a provider bills. */
export interface BilledUse {
  readonly provider: string;
  /** The provider's name for the model. */
  readonly model: string;
  readonly usage: Usage;
  readonly isEstimated: boolean;
  /** Whether the request is under a budget, for which models without a known price may have one. */
  readonly hasBudget?: boolean;
  /** The number of requests that the usage is the sum of. Defaults to 1. */
  readonly requests?: number;
}

/** The expected use of a request that is about to be sent. */
export interface ExpectedUse {
  readonly provider: string;
  /** The provider's name for the model. */
  readonly model: string;
  /** `tier`: the service tier that the request asks for. */
  readonly size: RequestSize & { readonly tier: string | undefined };
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** As in `BilledUse`. */
  readonly hasBudget: boolean;
}

/** The most that a use may cost, in whole nano-dollars. */
export interface CostEstimate {
  readonly nano: number;
  /** The part for the output. */
  readonly outputNano: number;
}

/** Estimates costs at the prices of the current configuration. */
export interface CostEstimator {
  /** undefined: the price of the model is unknown. */
  readonly estimate: (use: ExpectedUse) => CostEstimate | undefined;
}

/** Calculates costs. Returns a promise only while the price catalogue is being loaded. */
export interface CostMeter {
  readonly estimator: () => CostEstimator | Promise<CostEstimator>;
  readonly costOf: (use: BilledUse) => Cost | Promise<Cost>;
}
