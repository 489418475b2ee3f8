import type { RunningGateway } from '../admin/running/running-gateway.ts';
import type { Snapshot } from '../config/snapshot.ts';
import type { DatabaseStatus, Emit } from '../gateway/ports.ts';
import type { KeyUse } from '../gateway/key-use.ts';
import type { AdminEndpoint } from '../server/admin-port.ts';
import type { OwnerStore } from '../gateway/objects/stored-object-owners.ts';
import type { RequestRecord } from '../store/records/request-record.ts';
import type { LeaseState } from '../telemetry/metrics/lease-state.ts';
import type { RecordCounts } from '../telemetry/metrics/metrics.ts';
import type { OpenLog } from '../telemetry/log/open-log.ts';
import type { StandingOf } from './claim-standing.ts';
import type { CompiledConfig } from './config-source.ts';
import type { SharedSide } from './shared-side.ts';
import type { SpendSide } from './spend-side.ts';

/** A gateway that listens, in one process or in several. */
export interface Serving {
  readonly url: string;
  readonly log: OpenLog;
  readonly snapshot: () => Snapshot;
  /** Reports events outside of requests to metrics and log. */
  readonly emit: Emit;
  /** Applies another configuration; resolves when every process uses it, or shortly after. */
  readonly swap: (next: CompiledConfig) => Promise<void>;
  /** Sets the state of the database. */
  readonly setDatabaseStatus: (status: DatabaseStatus) => void;
  /** The gateway as its Admin API sees it. */
  readonly running: RunningGateway;
  /** How a limit stands. */
  readonly standing: StandingOf;
  /** The number of requests in flight. */
  readonly pending: () => Promise<number>;
  /** Refuses new connections; resolves when the requests in flight have ended, or after `drain_timeout`. */
  readonly drain: () => Promise<void>;
}

export interface ListenOptions {
  /** The Admin API and the request records that it lists; undefined: there is no Admin API. */
  readonly admin?: AdminSide | undefined;
  /** The additions of database mode; undefined: there is no database. */
  readonly database?: DatabaseSide | undefined;
  /** Answers keys' holders about their use. */
  readonly keyUse?: KeyUse | undefined;
  /** The use of limits, over restarts. */
  readonly spend?: SpendSide | undefined;
  /** Limits that several machines share. */
  readonly shared?: SharedSide | undefined;
  /** How limits are shared with other gateways. */
  readonly leaseState?: (() => LeaseState | undefined) | undefined;
}

/** The connection between a gateway and its Admin API. */
export interface AdminSide {
  readonly endpoint: AdminEndpoint;
  /** Ends the streams that would go on for ever. */
  readonly close: () => void;
  /** Receives every event of this process, after the log. */
  readonly record: Emit;
  /** How long other processes keep request records; 0: they make none. */
  readonly retentionMs: number;
  /** Counts of this process's own request records. */
  readonly records: () => RecordCounts;
  /** Writes request records of other processes. */
  readonly insert: (records: readonly RequestRecord[]) => Promise<void>;
}

/** The connection between a gateway and its database. */
export interface DatabaseSide {
  readonly status: () => DatabaseStatus;
  /** Stores who created the providers' objects. */
  readonly objects: OwnerStore;
}
