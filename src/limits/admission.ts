import type { CounterAmount } from './counter-amount.ts';

/** The right of one request to be served, with its reservations. */
export interface Admission {
  /** Header fields that tell the client how much of its limits is left. */
  readonly headers: Readonly<Record<string, string>>;
  /**
   * Replaces the reservation by the actual use after the last byte. Only the first call counts. Returns what the
   * request used of limits with windows; undefined: it has none, or was settled before.
   */
  readonly settle: (actual: Actual) => readonly CounterAmount[] | undefined;
  /** Whether the request is under a limit on money that refuses. */
  readonly hasBudget?: boolean;
  /** Counts bytes of a streamed answer, whose reservation grows if it is longer than expected. */
  readonly grow?: (outputBytes: number) => void;
}

/** The actual use of a request. Tokens are undefined if they were neither reported nor estimated. */
export interface Actual {
  /** Whether a provider was asked at all. Otherwise nothing is charged. */
  readonly wasServed: boolean;
  /** Whether no provider answered. */
  readonly isFailed?: boolean;
  readonly inputTokens: number | undefined;
  /** The part of the input that the provider read from its cache. */
  readonly cachedTokens?: number | undefined;
  readonly outputTokens: number | undefined;
  /** Whether the gateway estimated the tokens. Estimates teach nothing about later requests. */
  readonly isEstimated?: boolean;
  /** Nano-dollars; undefined if there is no cost, or the price is unknown. */
  readonly costNano?: number | undefined;
}

/** The use of a request that never reached a provider. */
export const NOT_SERVED: Actual = { wasServed: false, inputTokens: 0, outputTokens: 0 };

/** An admission without reservations and headers. */
export const FREE_ADMISSION: Admission = { headers: {}, settle: () => undefined };
