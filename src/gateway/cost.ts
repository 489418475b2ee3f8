import type { Usage } from '../protocols/protocol.ts';

/** What a request cost, and how that is known. */
export interface Cost {
  /** Whole nano-dollars (10⁻⁹ dollar); undefined: the model's price is not known. */
  readonly nano: number | undefined;
  /** `provider`: by the usage that it reported; `estimated`: by tokens that were counted here; `not-billed`: nothing was answered. */
  readonly basis: 'provider' | 'estimated' | 'not-billed';
  /** The prices that were used: the first 64 bits of a SHA-256, as hex. */
  readonly priceRef: string | undefined;
  /** These prices as text, of which `priceRef` is the hash. */
  readonly priceSheet: string | undefined;
}

/** The usage of one request that a provider bills. */
export interface BilledUse {
  readonly provider: string;
  /** As the provider calls it. */
  readonly model: string;
  readonly usage: Usage;
  readonly isEstimated: boolean;
}

/** Calculates costs. It is asynchronous only while the catalogue is being read. */
export interface CostMeter {
  readonly costOf: (use: BilledUse) => Cost | Promise<Cost>;
}
