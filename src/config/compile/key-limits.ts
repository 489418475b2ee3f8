import type { BucketLimit } from '../../limits/bucket.ts';
import type { Finding, Path } from '../read/problems.ts';
import type { KeyLimitSettings } from '../schema/access-schema.ts';

/** The limits of a key, part of the `MasterKey` in the snapshot. */
export interface KeyLimits {
  /** Requests; undefined: no limit. */
  readonly limit: BucketLimit | undefined;
}

/** Converts a key's limits to internal units. */
export function compileKeyLimits({ rate_limit: rate }: KeyLimitSettings): KeyLimits {
  if (!rate) return { limit: undefined };
  const ratePerSecond = rate.requests_per_second;
  return { limit: { ratePerSecond, burst: rate.burst_size ?? Math.max(1, ratePerSecond) } };
}

/** Finds contradictory limits. `at` is the path of the key. */
export function findLimitFaults({ rate_limit: rate }: KeyLimitSettings, at: Path): Finding[] {
  if (!rate || rate.burst_size !== 0 || rate.requests_per_second === 0) return [];
  const message = 'must be at least 1, since no request fits into a burst of 0; set both to 0 to refuse all';
  return [{ path: [...at, 'rate_limit', 'burst_size'], message }];
}
