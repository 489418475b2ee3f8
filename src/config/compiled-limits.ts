import { type Claim, NO_CLAIMS } from '../limits/claim.ts';

/** The limits of the configuration, looked up by request. */
export interface CompiledLimits {
  /**
   * Every claim on a request of the key for the public model, except those of an end user: refusing ones first, of these
   * the nearest scope first. The list is cached. `NO_CLAIMS` if there is none. Without a key, only the limits
   * of the whole gateway hold.
   */
  readonly claimsOf: (key: LimitedKey | undefined, publicModel: string) => readonly Claim[];
  /** The claims of one end user of the key; '' for requests that name none. Made anew for each call. */
  readonly endUserClaims: (
    key: LimitedKey | undefined,
    endUser: string,
    publicModel: string,
  ) => readonly Claim[];
  /** The limits of each end user of the key, as claims of the one without a name, whatever their models. */
  readonly perEndUser: (key: LimitedKey) => readonly Claim[];
  /**
   * Every claim of the configuration once, without those of end users. The claims of keys that are not in use are made
   * for the call, so keep none of many. With a counter it may begin with the claims of that counter's key.
   */
  readonly all: (from?: string) => Iterable<Claim>;
  /** The same, at least those that the other configuration lacks. */
  readonly notIn: (other: CompiledLimits | undefined) => Iterable<Claim>;
  /** The claims of one scope whatever their models, by `scope:scopeId`, such as `team:search`. */
  readonly inScope: (scope: string) => readonly Claim[];
  /** Whether there is a limit at all. */
  readonly isEmpty: boolean;
  /** Whether a limit must survive a restart: one of a day or longer, or of requests under way. */
  readonly needsJournal: boolean;
  readonly options: LimitOptions;
}

/** The limit that counts by this name; undefined: the configuration has none, or it is one of an end user. */
export function claimOfCounter(counter: string, limits: CompiledLimits): Claim | undefined {
  const scope = counter.slice(0, counter.indexOf('/'));
  // That of the whole gateway has no id.
  const claims = limits.inScope(scope.includes(':') ? scope : `${scope}:`);
  return claims.find((claim) => claim.counter === counter);
}

/** The part of a master key that limits are looked up by. */
export interface LimitedKey {
  readonly id: string;
  readonly name: string;
}

/** `limits_options`. */
export interface LimitOptions {
  /** IANA zone of windows that name none. */
  readonly timezone: string;
  readonly hold: 'expected' | 'maximum';
  /** The status of an exhausted budget. */
  readonly budgetStatus: 429 | 402;
  /** How long an expired key goes on working. */
  readonly graceAfterExpiryMs: number;
  /** Whether requests that no provider answered are given back to limits on requests. */
  readonly refundFailed: boolean;
  /** Whether key holders see the limits of their teams. */
  readonly showTeamLimits: boolean;
}

export const DEFAULT_LIMIT_OPTIONS: LimitOptions = {
  timezone: 'UTC',
  hold: 'expected',
  budgetStatus: 429,
  graceAfterExpiryMs: 0,
  refundFailed: false,
  showTeamLimits: false,
};

/** The limits of a configuration without any. */
export function noLimits(options: LimitOptions = DEFAULT_LIMIT_OPTIONS): CompiledLimits {
  return {
    claimsOf: () => NO_CLAIMS,
    endUserClaims: () => NO_CLAIMS,
    perEndUser: () => NO_CLAIMS,
    all: () => NO_CLAIMS,
    notIn: () => NO_CLAIMS,
    inScope: () => NO_CLAIMS,
    isEmpty: true,
    needsJournal: false,
    options,
  };
}
