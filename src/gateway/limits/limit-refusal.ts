import type { LimitOptions } from '../../config/compiled-limits.ts';
import { type Claim, isBucketPeriod } from '../../limits/claim.ts';
import { HELD_MS } from '../../limits/claim-counters.ts';
import type { ClaimStanding, Moment } from '../../limits/claim-taking.ts';
import type { LimitFacts } from '../../protocols/error-body.ts';
import type { RefusalCode } from '../refusal-table.ts';
import { NO_RETRY, Refusal } from '../refusals.ts';
import { resetTime } from './limit-headers.ts';
import { amountText, ownerText, periodText, windowText } from './limit-text.ts';

/** A request that does not fit in a limit. */
export interface Unfitting {
  readonly claim: Claim;
  readonly standing: ClaimStanding;
  /** The time until it may fit; Infinity: never. */
  readonly retryAfterMs: number;
  /** The amount that the request needs. */
  readonly need: number;
  readonly at: Moment;
}

/** The refusal of a request that does not fit in a limit now. `headers` are those of all limits. */
export function limitRefusal(
  unfitting: Unfitting,
  { budgetStatus }: Pick<LimitOptions, 'budgetStatus'>,
  headers: Readonly<Record<string, string>>,
): Refusal {
  const { claim, standing, need } = unfitting;
  const code = codeOf(claim);
  const values = {
    owner: ownerText(claim),
    limit: `${amountText(claim, claim.amount)} ${periodText(claim.period)}`,
    need: amountText(claim, need),
    left: amountText(claim, standing.remaining),
    used: amountText(claim, standing.used),
    held: amountText(claim, standing.held),
    amount: amountText(claim, claim.amount),
    window: windowText(claim.period),
    hint: hintOf(unfitting),
  };
  return new Refusal(code, values, {
    limit: factsOf(unfitting),
    headers: { ...headers, ...retryFields(unfitting) },
    ...(code === 'budget_exceeded' && { status: budgetStatus }),
  });
}

function codeOf({ kind }: Claim): RefusalCode {
  switch (kind) {
    case 'cost':
      return 'budget_exceeded';
    case 'requests':
      return 'rate_limit_exceeded';
    case 'concurrent':
      return 'concurrency_limit_exceeded';
    case 'tokens':
    case 'input_tokens':
    case 'output_tokens':
      return 'token_limit_exceeded';
  }
}

/** The refusal of a request that could never fit in a limit. */
export function neverFits(unfitting: Unfitting, headers: Readonly<Record<string, string>>): Refusal {
  const { claim, standing, need } = unfitting;
  const values = {
    owner: ownerText(claim),
    need: amountText(claim, need),
    amount: amountText(claim, standing.limit),
  };
  return new Refusal('request_over_limit', values, {
    limit: factsOf(unfitting),
    headers: { ...headers, ...NO_RETRY },
  });
}

/** The refusal of a request that has a limit with an unknown count. */
export function limitUnknown(claim: Claim): Refusal {
  return new Refusal(
    'limit_store_unavailable',
    { owner: ownerText(claim) },
    { headers: { 'retry-after': '1' } },
  );
}

/** The refusal of a request under a budget for a model without a price. */
export function priceUnknown(claim: Claim, model: string): Refusal {
  return new Refusal('price_unknown', { model, owner: ownerText(claim) }, { param: 'model' });
}

/** `Retry-After` for a limit that never resets. */
const NEVER_SECONDS = 86_400;

/** SDKs retry within seconds, which is useless before a window ends. */
function retryFields({ claim, retryAfterMs }: Unfitting): Readonly<Record<string, string>> {
  const seconds = Number.isFinite(retryAfterMs) ? Math.max(1, Math.ceil(retryAfterMs / 1000)) : NEVER_SECONDS;
  const isLong = !Number.isFinite(retryAfterMs) || (isWindow(claim) && retryAfterMs > HELD_MS);
  return { 'retry-after': String(seconds), ...(isLong && NO_RETRY) };
}

function isWindow({ period }: Claim): boolean {
  return period !== undefined && !isBucketPeriod(period);
}

function hintOf({ claim, standing, retryAfterMs, at }: Unfitting): string {
  if (claim.amount === 0) return 'A limit of 0 admits no request.';
  if (!Number.isFinite(retryAfterMs)) return 'It does not reset by itself.';
  if (isWindow(claim) && retryAfterMs > HELD_MS) return `It resets at ${resetTime(standing, at)}.`;
  return `Try again in ${Math.max(1, Math.ceil(retryAfterMs / 1000))} s.`;
}

function factsOf({ claim, standing, at }: Unfitting): LimitFacts {
  const unit = claim.kind === 'cost' ? NANO : 1;
  const { scope, name, limitId } = claim;
  return {
    scope,
    name,
    id: limitId,
    amount: claim.amount / unit,
    used: standing.used / unit,
    held: standing.held / unit,
    resets_at: claim.period === undefined ? null : (resetTime(standing, at) ?? null),
  };
}

/** Nano-dollars in a dollar. */
const NANO = 1e9;
