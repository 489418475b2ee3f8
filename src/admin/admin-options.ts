import type { Claim } from '../limits/claim.ts';
import type { ClaimStanding } from '../limits/claim-counters.ts';
import type { Accounts } from '../store/console/account-table.ts';
import type { Sessions } from '../store/console/session-table.ts';
import type { DemoControls } from './running/demo-controls.ts';
import type { RunningGateway } from './running/running-gateway.ts';
import type { AdminStore, SpendServices } from './operation.ts';

export interface AdminOptions {
  readonly store: AdminStore;
  /** Callers send it as `Authorization: Bearer`. */
  readonly adminKey: string;
  readonly version: string;
  /** The path of the file that holds the configuration, which the API then only reads; left out: the store has it. */
  readonly configurationFile?: string;
  /** The sign-ins; left out: they are kept in memory. */
  readonly sessions?: Sessions | undefined;
  /** Left out: there are no accounts. */
  readonly accounts?: Accounts | undefined;
  /** The gateway; undefined, also as a result: it is starting. */
  readonly running?: (() => RunningGateway | undefined) | undefined;
  /** Left out: nothing is known of spending. */
  readonly spend?: SpendServices | undefined;
  /** Whether it is the demo, where whoever reaches it may do everything. */
  readonly isDemo?: boolean;
  /** The switches of the demo. */
  readonly demo?: DemoControls | undefined;
  /** How a limit stands; left out: nobody knows. */
  readonly standing?: ((claim: Claim) => ClaimStanding | undefined) | undefined;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  /** Milliseconds of a monotonic clock; left out: the system's. */
  readonly monotonicMs?: () => number;
  /** Receives every write and every wrong key. */
  readonly audit: (entry: AuditEntry) => void;
  /** Receives unexpected errors. */
  readonly onBug: (error: unknown) => void;
}

/** An event worth logging. `denied`: a wrong key; `refused`: a write that was not made. */
export interface AuditEntry {
  readonly result: 'written' | 'refused' | 'denied';
  /** The client's address. */
  readonly address: string;
  /** Such as `update providers/openai`. */
  readonly action: string;
  /** The version that was written. */
  readonly version: number | undefined;
}
