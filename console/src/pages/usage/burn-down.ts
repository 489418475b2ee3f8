import type { LimitUse } from '../../api/resources.ts';

/** When a budget will be used up, if its use goes on as in its window so far. */
export type BurnDown =
  | { readonly kind: 'used-up' }
  | { readonly kind: 'lasts' }
  /** `atMs`: milliseconds since 1970. */
  | { readonly kind: 'ends'; readonly atMs: number }
  /** A period under a day refills all the time. */
  | { readonly kind: 'refills' }
  | { readonly kind: 'unknown' };

/** The share of a window that has to be over, since the first minutes say nothing about the rest. */
const LEAST_SHARE = 0.02;
const HOUR_MS = 3_600_000;
/** A rate that takes longer says nothing about a budget without an end. */
const FARTHEST_MS = 2 * 365 * 86_400_000;

/** `sinceMs`: when a budget in total began to count, if its window does not say so. */
export function burnDownOf(
  { per, used, amount, window }: Pick<LimitUse, 'per' | 'used' | 'amount' | 'window'>,
  nowMs: number,
  sinceMs?: number,
): BurnDown {
  if (used === null) return { kind: 'unknown' };
  if (used >= amount) return { kind: 'used-up' };
  if (window === null || window === undefined)
    return { kind: per === null || per === undefined ? 'unknown' : 'refills' };
  const startMs = window.start === null ? sinceMs : Date.parse(window.start);
  const endMs = window.end === null ? undefined : Date.parse(window.end);
  if (startMs === undefined) return { kind: 'unknown' };
  const elapsedMs = nowMs - startMs;
  const leastMs = endMs === undefined ? HOUR_MS : (endMs - startMs) * LEAST_SHARE;
  if (elapsedMs < leastMs) return { kind: 'unknown' };
  const atMs = used <= 0 ? Infinity : startMs + (elapsedMs * amount) / used;
  return atMs >= (endMs ?? nowMs + FARTHEST_MS) ? { kind: 'lasts' } : { kind: 'ends', atMs };
}
