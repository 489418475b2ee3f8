import type { MasterKey, Snapshot } from '../config/snapshot.ts';
import type { Admission } from '../limits/admission.ts';
import type { Attribution } from './attribution.ts';
import type { CacheUse } from './cache/cache-use.ts';
import type { Plan } from './plan.ts';
import type { ClientRequest } from './ports.ts';

/** A request that has just arrived, with its key if it is known. */
export interface RequestContext {
  readonly id: string;
  readonly request: ClientRequest;
  readonly startedAtMs: number;
  readonly key: MasterKey | undefined;
  /** For whom it is counted; undefined while that is not decided. */
  readonly attribution: Attribution | undefined;
  /** The reservations so far. They are settled once, when the request ends. */
  readonly admission: Admission;
  /** Whether `request-ended` was emitted or waits for an estimate. It is emitted exactly once, whatever is thrown. */
  isReported: boolean;
}

/** An admitted request, with everything it needs until its end. */
export interface PlannedRequest extends RequestContext {
  readonly attribution: Attribution;
  /** The configuration at the start of the request, which stays the same until its end. */
  readonly snapshot: Snapshot;
  readonly plan: Plan;
  /** When the body had been read and the model resolved. */
  readonly plannedAtMs: number;
  /** When the whole request must be over; Infinity without a limit. */
  readonly deadlineMs: number;
  /** The provider's id of work that goes on after the answer, such as a batch. */
  laterId?: string | undefined;
  /** The effect of the response cache; undefined if none is configured for the request. */
  cache?: CacheUse | undefined;
}
