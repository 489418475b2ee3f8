import type { MasterKey, Snapshot } from '../config/snapshot.ts';
import type { Admission } from '../limits/admission.ts';
import { type Claim, isBucketPeriod, NO_CLAIMS } from '../limits/claim.ts';
import type { ClaimStanding, Hold, Moment } from '../limits/claim-taking.ts';
import type { Alone } from '../limits/lease-report.ts';
import { limitHeaders, type StandingClaim } from './limits/limit-headers.ts';
import { limitRefusal, limitUnknown, neverFits, priceUnknown } from './limits/limit-refusal.ts';
import type { Demand } from './limits/ports.ts';
import { heldAmount, leastAmount, needFor, needsOf, type RequestNeeds } from './limits/request-need.ts';
import { momentOf, nameOf, Reservation } from './limits/reservation.ts';
import { isBudget } from './limits/reservation-terms.ts';
import type { Gateway } from './ports.ts';

type LimitedGateway = Pick<
  Gateway,
  'snapshot' | 'counters' | 'estimates' | 'costs' | 'journal' | 'clock' | 'emit'
>;

/** The limits of a request. `NO_CLAIMS` if there are none. */
export function claimsOf(
  key: MasterKey | undefined,
  model: string,
  { limits }: Snapshot,
  endUser = '',
): readonly Claim[] {
  if (limits.isEmpty) return NO_CLAIMS;
  const claims = limits.claimsOf(key, model);
  const ofEndUser = limits.endUserClaims(key, endUser, model);
  return ofEndUser.length === 0 ? claims : [...ofEndUser, ...claims];
}

/**
 * Holds the request's need in all its limits, or in none. Throws a `Refusal` if it does not fit. Returns a promise only
 * if the prices are being loaded, the body is large, or another process has to load a counter.
 */
export function reserve(
  admission: Admission,
  demand: Demand,
  gateway: LimitedGateway,
): Admission | Promise<Admission> {
  const needs = needsOf(demand, gateway);
  const take = (needs: RequestNeeds): Admission | Promise<Admission> =>
    takeAll({ admission, demand, needs, gateway, triesLeft: MOST_TRIES, leasesLeft: MOST_LEASES });
  return needs instanceof Promise ? needs.then(take) : take(needs);
}

/** The number of tries if counters turn out to be unknown. */
const MOST_TRIES = 3;

/** How often a request asks for leases. Other requests may use what it was given first. */
const MOST_LEASES = 20;

interface Attempt {
  readonly admission: Admission;
  readonly demand: Demand;
  readonly needs: RequestNeeds;
  readonly gateway: LimitedGateway;
  readonly triesLeft: number;
  /** Questions for leases that are left. */
  readonly leasesLeft: number;
  /** The limit of which no larger lease is to be had. */
  readonly exhausted?: Claim;
  /** The machine is alone with its shares of limits under a day. */
  readonly alone?: Alone;
}

/** The holds taken so far, to be released if a later limit refuses. */
interface Taken {
  readonly holds: Hold[];
  readonly standings: StandingClaim[];
}

function takeAll(attempt: Attempt): Admission | Promise<Admission> {
  const { admission, demand, needs, gateway } = attempt;
  requirePrices(demand, needs);
  const at = momentOf(gateway.clock);
  for (const claim of demand.claims) requirePossible(claim, attempt, at);
  const taken: Taken = { holds: [], standings: [] };
  for (const claim of demand.claims) {
    const need = heldAmount(claim, needs);
    // Reading stored objects uses no tokens and costs nothing, so a used-up budget does not refuse it.
    if (need === 0) continue;
    const isFinal = attempt.exhausted === claim || attempt.leasesLeft === 0;
    const taking = gateway.counters.take(claim, need, at, isFinal ? 'full' : attempt.alone);
    if (taking.kind === 'unseeded') {
      if (claim.isSoft && attempt.triesLeft === 0) continue;
      giveBack(taken, gateway, at);
      return seedAndTake(claim, attempt, at);
    }
    if (taking.kind === 'short') {
      giveBack(taken, gateway, at);
      return leaseAndTake(claim, need, attempt);
    }
    if (taking.kind === 'full') {
      giveBack(taken, gateway, at);
      throw refusalOf({ claim, need, at, ...taking }, attempt, taken);
    }
    taken.holds.push(taking.hold);
    taken.standings.push({ claim, standing: taking.standing });
  }
  const headers = limitHeaders(taken.standings, admission.headers, at);
  const refundsFailed = gateway.snapshot().limits.options.refundFailed;
  return new Reservation({ demand, needs, gateway, refundsFailed, at }, taken.holds, headers);
}

/** A budget refuses a model whose price is unknown, since it could not be charged. */
function requirePrices({ claims, model }: Demand, needs: RequestNeeds): void {
  if (!needs.expected.isPriceUnknown && needs.maximum?.isPriceUnknown !== true) return;
  for (const claim of claims) {
    if (isBudget(claim) && needFor(claim, needs).isPriceUnknown) throw priceUnknown(claim, model.name);
  }
}

function giveBack({ holds }: Taken, { counters }: LimitedGateway, at: Moment): void {
  for (const hold of holds) counters.giveBack(hold, at);
}

/** Loads every unknown counter of the request, and tries again. Nothing is held meanwhile. */
function seedAndTake(unknown: Claim, attempt: Attempt, at: Moment): Admission | Promise<Admission> {
  const { demand, gateway, triesLeft } = attempt;
  const { counters } = gateway;
  const again = { ...attempt, triesLeft: triesLeft - 1 };
  if (triesLeft === 0) throw limitUnknown(unknown);
  const seedings = demand.claims
    .filter((claim) => counters.standing(claim, at) === undefined)
    .map((claim) => counters.seed(claim, at));
  const waiting = seedings.filter((seeding) => seeding instanceof Promise);
  return waiting.length === 0 ? takeAll(again) : Promise.all(waiting).then(() => takeAll(again));
}

/** Asks for a larger lease, and begins again. Nothing is held meanwhile. */
async function leaseAndTake(claim: Claim, need: number, attempt: Attempt): Promise<Admission> {
  const { gateway } = attempt;
  const verdict = await gateway.counters.lease(claim, need, momentOf(gateway.clock));
  if (verdict === 'away') throw limitUnknown(claim);
  const again = { ...attempt, leasesLeft: attempt.leasesLeft - 1 };
  if (typeof verdict === 'object') return takeAll({ ...again, alone: verdict });
  return takeAll(verdict === 'full' ? { ...again, exhausted: claim } : again);
}

/** Refuses a request that is larger than the whole of a limit, since waiting cannot help. */
function requirePossible(claim: Claim, { needs, admission, gateway }: Attempt, at: Moment): void {
  const { amount, burst = amount, isSoft } = claim;
  if (isSoft || amount === 0) return;
  const need = leastOf(claim, needs);
  if (need <= burst) return;
  const standing = gateway.counters.standing(claim, at) ?? { ...UNKNOWN, limit: burst };
  throw neverFits({ claim, standing, need, retryAfterMs: Infinity, at }, admission.headers);
}

const UNKNOWN: ClaimStanding = { used: 0, held: 0, limit: 0, remaining: 0, resetMs: Infinity };

/**
 * The least that the request needs. A bucket admits a larger request when it is full, so only the input counts there.
 */
function leastOf(claim: Claim, needs: RequestNeeds): number {
  const isWhole = claim.hold === 'maximum' && claim.period !== undefined && !isBucketPeriod(claim.period);
  return isWhole ? heldAmount(claim, needs) : leastAmount(claim, needs);
}

interface Full {
  readonly claim: Claim;
  readonly need: number;
  readonly at: Moment;
  readonly standing: ClaimStanding;
  readonly retryAfterMs: number;
}

function refusalOf(full: Full, { demand, gateway, admission }: Attempt, taken: Taken): Error {
  const { claim, at, standing } = full;
  gateway.emit({ type: 'limit-refused', requestId: demand.requestId, ...nameOf(claim) });
  const headers = limitHeaders([...taken.standings, { claim, standing }], admission.headers, at);
  return limitRefusal(full, gateway.snapshot().limits.options, headers);
}
