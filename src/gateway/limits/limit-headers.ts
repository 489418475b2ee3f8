import type { Claim } from '../../limits/claim.ts';
import type { ClaimStanding, Moment } from '../../limits/claim-taking.ts';
import { shortDollars } from './limit-text.ts';

/** A limit and its state for the current request. */
export interface StandingClaim {
  readonly claim: Claim;
  readonly standing: ClaimStanding;
}

/**
 * The header fields that report what is left: of the tightest request limit, token limit and budget. They also name
 * exceeded soft limits. `before` are the fields of the key's rate limit.
 */
export function limitHeaders(
  standings: readonly StandingClaim[],
  before: Readonly<Record<string, string>>,
  at: Moment,
): Readonly<Record<string, string>> {
  const headers: Record<string, string> = { ...before };
  let requests: StandingClaim | undefined;
  let tokens: StandingClaim | undefined;
  let budget: StandingClaim | undefined;
  for (const one of standings) {
    const { kind, isSoft } = one.claim;
    if (isSoft || kind === 'concurrent') continue;
    if (kind === 'requests') requests = tighter(one, requests);
    else if (kind === 'cost') budget = tighter(one, budget);
    else tokens = tighter(one, tokens);
  }
  const left = Number(before['x-ratelimit-remaining-requests'] ?? Infinity);
  if (requests !== undefined && requests.standing.remaining < left) rateFields(headers, 'requests', requests);
  if (tokens !== undefined) rateFields(headers, 'tokens', tokens);
  if (budget !== undefined) headers['x-llm-proxy-budget'] = budgetField(budget, at);
  const warnings = warningsOf(standings);
  if (warnings !== '') headers['x-llm-proxy-warning'] = warnings;
  return headers;
}

function tighter(one: StandingClaim, than: StandingClaim | undefined): StandingClaim {
  return than === undefined || one.standing.remaining < than.standing.remaining ? one : than;
}

/** Consecutive requests often have limits of the same size. */
function rememberLastNumber(compute: (number: number) => string): (number: number) => string {
  let last = { number: NaN, text: '' };
  return (number) => {
    if (last.number !== number) last = { number, text: compute(number) };
    return last.text;
  };
}

/** The fields that OpenAI's clients read. */
const RATE_FIELDS = {
  requests: {
    sizeOf: rememberLastNumber(String),
    limit: 'x-ratelimit-limit-requests',
    remaining: 'x-ratelimit-remaining-requests',
    reset: 'x-ratelimit-reset-requests',
  },
  tokens: {
    sizeOf: rememberLastNumber(String),
    limit: 'x-ratelimit-limit-tokens',
    remaining: 'x-ratelimit-remaining-tokens',
    reset: 'x-ratelimit-reset-tokens',
  },
} as const;

function rateFields(
  headers: Record<string, string>,
  what: keyof typeof RATE_FIELDS,
  { standing }: StandingClaim,
): void {
  const { limit, remaining, reset, sizeOf } = RATE_FIELDS[what];
  headers[limit] = sizeOf(Math.floor(standing.limit));
  headers[remaining] = String(Math.floor(standing.remaining));
  if (Number.isFinite(standing.resetMs)) headers[reset] = `${Math.round(standing.resetMs) / 1000}s`;
}

const amountOf = rememberLastNumber(shortDollars);

function budgetField({ claim, standing }: StandingClaim, at: Moment): string {
  const resets = resetTime(standing, at);
  const time = resets === undefined ? '' : `resets=${resets}, `;
  const remaining = shortDollars(standing.remaining);
  return `remaining=${remaining}, limit=${amountOf(claim.amount)}, ${time}scope=${claim.scope}`;
}

/** When a window ends, or a bucket is full, as RFC 3339 in whole seconds; undefined: never. */
export function resetTime({ resetMs }: ClaimStanding, { epochMs }: Moment): string | undefined {
  if (epochMs + resetMs > LAST_MS) return undefined;
  const seconds = Math.ceil((epochMs + resetMs) / 1000);
  if (seconds !== last.seconds)
    last = { seconds, text: `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z` };
  return last.text;
}

/** The last time that RFC 3339 can write. */
const LAST_MS = Date.parse('9999-12-31T23:59:59Z');

/** Most requests report the same end of a window. */
let last = { seconds: NaN, text: '' };

/** The highest threshold that each soft limit has reached. */
function warningsOf(standings: readonly StandingClaim[]): string {
  let warnings = '';
  for (const { claim, standing } of standings) {
    if (!claim.isSoft) continue;
    // Holds of money and tokens are estimates, which alerts do not count either.
    const isCounted = claim.kind === 'requests' || claim.kind === 'concurrent';
    const used = isCounted ? standing.used + standing.held : standing.used;
    const passed = claim.alertAt.findLast((percent) => used >= (claim.amount * percent) / 100);
    if (passed === undefined) continue;
    const what = claim.kind === 'cost' ? 'budget' : 'limit';
    warnings += `${warnings === '' ? '' : ', '}${what} ${claim.limitId} over ${passed} %`;
  }
  return warnings;
}
