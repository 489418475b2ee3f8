import type { Claim } from '../limits/claim.ts';
import type { ClaimStanding } from '../limits/claim-taking.ts';
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
  /** The path of the configuration file, if the API is read-only. If omitted, the store has the configuration. */
  readonly configurationFile?: string;
  /** The sessions. If omitted, they are kept in memory. */
  readonly sessions?: Sessions | undefined;
  /** If omitted, there are no accounts. */
  readonly accounts?: Accounts | undefined;
  /** The gateway; undefined, also as the result: it is starting. */
  readonly running?: (() => RunningGateway | undefined) | undefined;
  /** If omitted, spending is not stored. */
  readonly spend?: SpendServices | undefined;
  /** Whether this is the demo, in which every caller is an admin. */
  readonly isDemo?: boolean;
  /** The switches of the demo. */
  readonly demo?: DemoControls | undefined;
  /** Returns the state of a limit. If omitted, the state is unknown. */
  readonly standing?: ((claim: Claim) => ClaimStanding | undefined) | undefined;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  /** Milliseconds of a monotonic clock. If omitted, the system's clock is used. */
  readonly monotonicMs?: () => number;
  /** Receives every write and every wrong key. */
  readonly audit: (entry: AuditEntry) => void;
  /** Receives unexpected errors. */
  readonly onBug: (error: unknown) => void;
}

/** An event worth logging. `denied`: a wrong key; `refused`: a refused write. */
export interface AuditEntry {
  readonly result: 'written' | 'refused' | 'denied';
  /** The client's address. */
  readonly address: string;
  /** Such as `update providers/openai`. */
  readonly action: string;
  /** The version that the write created. */
  readonly version: number | undefined;
}
