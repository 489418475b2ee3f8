import { type Claim, isBucketPeriod, type WindowPeriod } from '../../limits/claim.ts';
import type { ClaimStanding } from '../../limits/claim-taking.ts';
import { windowOf } from '../../limits/window.ts';

/**
 * The state of a limit in API answers. Money is in dollars. A type rather than an interface, so that it is assignable
 * to JSON.
 */
export type LimitView = {
  /** Unique among the limits of its scope, such as `cost/month`. */
  readonly id: string;
  readonly scope: Claim['scope'];
  readonly kind: Claim['kind'];
  /** null: a limit on requests under way. */
  readonly per: string | null;
  readonly amount: number;
  /** null, here and below: not known at the moment. */
  readonly used: number | null;
  readonly held: number | null;
  /** For a window, what is left until it ends; for a bucket, what is available at once. */
  readonly remaining: number | null;
  /** ISO 8601, UTC. null: it never resets, or refills continuously. */
  readonly resets_at: string | null;
  readonly on_exceed: 'refuse' | 'warn';
  /** The scope of the count: each machine counts for itself, or all of them together. */
  readonly counted_by: 'this machine' | 'all machines';
};

/** Describes a limit. `standing` undefined: its state is unknown. */
export function limitView(claim: Claim, standing: ClaimStanding | undefined, epochMs: number): LimitView {
  const shown = (amount: number | undefined): number | null =>
    amount === undefined ? null : claim.kind === 'cost' ? dollars(amount) : amount;
  return {
    id: claim.limitId,
    scope: claim.scope,
    kind: claim.kind,
    per: claim.period?.unit ?? null,
    amount: claim.kind === 'cost' ? dollars(claim.amount) : claim.amount,
    used: shown(standing?.used),
    held: shown(standing?.held),
    remaining: shown(standing?.remaining),
    resets_at: windowTimes(claim, epochMs)?.end ?? null,
    on_exceed: claim.isSoft ? 'warn' : 'refuse',
    counted_by: standing?.isShared === true ? 'all machines' : 'this machine',
  };
}

/** When the current window of a limit began and ends; ISO 8601, UTC. undefined: it has no window. */
export function windowTimes(
  { period }: Claim,
  epochMs: number,
): { readonly start: string | null; readonly end: string | null } | undefined {
  if (period === undefined || isBucketPeriod(period)) return undefined;
  const { startMs, endMs } = windowOf(period satisfies WindowPeriod, epochMs);
  return { start: startMs === 0 ? null : isoTime(startMs), end: isoTime(endMs) };
}

function isoTime(epochMs: number): string | null {
  return Number.isFinite(epochMs) ? new Date(epochMs).toISOString() : null;
}

/** Nano-dollars in dollars, exact to the ninth decimal. */
function dollars(nano: number): number {
  return Number((nano / 1e9).toFixed(9));
}
