/** The unit that a limit counts. `cost` is money; `concurrent` counts requests under way. */
export type LimitKind = 'cost' | 'tokens' | 'input_tokens' | 'output_tokens' | 'requests' | 'concurrent';

/**
 * The owner whose requests a limit counts. `team_user`: one user within one team; `end_user`: one end user of one key.
 */
export type ScopeKind = 'global' | 'team' | 'team_user' | 'user' | 'key' | 'end_user';

export const WEEKDAYS = [
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
  'sunday',
] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** A period under a day, without fixed windows: a bucket counts it (GCRA). */
export interface BucketPeriod {
  readonly unit: 'second' | 'minute' | 'hour';
}

/** A period with windows: those of a calendar, or a single one from `startMs` on (undefined: without a start). */
export type WindowPeriod =
  | { readonly unit: 'day' | 'month'; readonly timezone: string }
  | { readonly unit: 'week'; readonly timezone: string; readonly weekStarts: Weekday }
  | { readonly unit: 'total'; readonly startMs: number | undefined };

export type LimitPeriod = BucketPeriod | WindowPeriod;

/**
 * One limit that applies to a request. Immutable; every request of the same key and model gets the same object, and
 * equal periods are the same object, too.
 */
export interface Claim {
  /**
   * Identifies what is counted: `global/cost/month`, `team:search/tokens/minute`, `team_user:search:alice/cost/day`,
   * `end_user:app:u1/requests/minute`. `scope:scopeId/limitId`.
   */
  readonly counter: string;
  readonly scope: ScopeKind;
  /**
   * The id of the key, user or team; for pairs both, joined by a colon. A colon, slash or percent sign within an id is
   * escaped as in URLs. Empty for `global`.
   */
  readonly scopeId: string;
  /** The name of the scope in refusals: the key, user or team; for a pair, the user or end user. */
  readonly name: string;
  /** Unique within its list: `cost/month` unless the configuration names it. */
  readonly limitId: string;
  readonly kind: LimitKind;
  /** Nano-dollars for `cost`; otherwise tokens, requests or slots. Whole. 0 refuses all. */
  readonly amount: number;
  /** undefined: `concurrent`, which has none. */
  readonly period: LimitPeriod | undefined;
  /** The size of the bucket, in the unit of `amount`; undefined without a bucket. */
  readonly burst: number | undefined;
  /** Whether a request reserves its expected use or its maximum use. */
  readonly hold: 'expected' | 'maximum';
  /** `on_exceed: warn`: it never refuses. */
  readonly isSoft: boolean;
  /** Percentages of the amount, ascending. */
  readonly alertAt: readonly number[];
  /** Whether tokens read from a provider's cache count. */
  readonly countsCached: boolean;
  /** Names and patterns of the public models that it counts; undefined: all. */
  readonly models: readonly string[] | undefined;
}

/** The list of claims of requests without limits: one object, so that callers can compare. */
export const NO_CLAIMS: readonly Claim[] = [];

/** Whether a bucket counts the period rather than a window. */
export function isBucketPeriod(period: LimitPeriod): period is BucketPeriod {
  return period.unit === 'second' || period.unit === 'minute' || period.unit === 'hour';
}

/** The length of a bucket's period in milliseconds. */
export const BUCKET_MS = { second: 1000, minute: 60_000, hour: 3_600_000 } as const;
