import type { MasterKey } from '../../config/snapshot.ts';
import { type Claim, isBucketPeriod } from '../../limits/claim.ts';
import type { ClaimRecord, Hold } from '../../limits/claim-taking.ts';
import type { Model } from '../../routing/route.ts';
import type { Gateway } from '../ports.ts';
import type { Demand } from './ports.ts';

/** The parts of the gateway that a reservation uses. */
export type ReservingGateway = Pick<Gateway, 'counters' | 'estimates' | 'journal' | 'clock' | 'emit'>;

/** The common part of the reservations of a key for a model: one object for all of them, until a window ends. */
export interface ReservationTerms {
  readonly gateway: ReservingGateway;
  readonly key: MasterKey | undefined;
  readonly model: Model;
  /** The counters that hold something. */
  readonly records: readonly ClaimRecord[];
  readonly refundsFailed: boolean;
  /** Whether a limit on money may refuse. */
  readonly hasBudget: boolean;
  /** Whether a limit counts money. */
  readonly countsMoney: boolean;
  /** Whether the holds are in the journal. */
  readonly isJournaled: boolean;
}

/** The terms by the limits of a key for a model, which is a list that its requests share. */
let known = new WeakMap<readonly Claim[], ReservationTerms>();
/** The number of lists is that of the keys in use, times their models. */
const MOST_KNOWN = 4096;
let left = MOST_KNOWN;

/** The terms of a reservation: those of the last one with the same limits, unless something has changed. */
export function termsOf(
  { claims, key, model }: Demand,
  holds: readonly Hold[],
  { gateway, refundsFailed }: Pick<ReservationTerms, 'gateway' | 'refundsFailed'>,
): ReservationTerms {
  const last = known.get(claims);
  if (
    last !== undefined &&
    last.gateway === gateway &&
    last.key === key &&
    last.model === model &&
    last.refundsFailed === refundsFailed &&
    areSame(last.records, holds)
  )
    return last;
  const terms = {
    gateway,
    key,
    model,
    records: holds.map(({ record }) => record),
    refundsFailed,
    hasBudget: claims.some(isBudget),
    countsMoney: claims.some(({ kind }) => kind === 'cost'),
    isJournaled: holds.some(({ record }) => isKept(record.claim)),
  };
  // The list of an end user's limits is made for the request.
  if (claims[0]?.scope !== 'end_user') remember(claims, terms);
  return terms;
}

function remember(claims: readonly Claim[], terms: ReservationTerms): void {
  if (left === 0) {
    known = new WeakMap();
    left = MOST_KNOWN;
  }
  left -= 1;
  known.set(claims, terms);
}

function areSame(records: readonly ClaimRecord[], holds: readonly Hold[]): boolean {
  if (records.length !== holds.length) return false;
  for (let index = 0; index < records.length; index++)
    if (records[index] !== holds[index]?.record) return false;
  return true;
}

/** Whether a limit counts money and is hard. */
export function isBudget({ kind, isSoft }: Claim): boolean {
  return kind === 'cost' && !isSoft;
}

/** Whether a limit outlives the process, so that its holds are in the journal. */
export function isKept({ period }: Claim): boolean {
  return period !== undefined && !isBucketPeriod(period);
}
