import type { MasterKey, Snapshot } from '../config/snapshot.ts';
import type { Admission } from '../limits/admission.ts';
import type { Plan } from './plan.ts';
import type { ClientRequest } from './ports.ts';

/** A request at the door: who it is, and whose, as far as that is known. */
export interface RequestContext {
  readonly id: string;
  readonly request: ClientRequest;
  readonly startedAtMs: number;
  readonly key: MasterKey | undefined;
  /** What was reserved for it so far; settled once, when it ends. */
  readonly admission: Admission;
  /** Whether `request-ended` has been emitted, or waits for an estimate: it is emitted once, whatever is thrown. */
  isReported: boolean;
}

/** A request that has passed the door, and all that it needs until it ends. */
export interface PlannedRequest extends RequestContext {
  /** The configuration that the request began with, and keeps. */
  readonly snapshot: Snapshot;
  readonly plan: Plan;
  /** When its body had been read and its model found. */
  readonly plannedAtMs: number;
  /** When the request as a whole must be over; Infinity without a limit. */
  readonly deadlineMs: number;
}
