import type { Snapshot } from '../config/snapshot.ts';
import type { DatabaseStatus, Emit } from '../gateway/ports.ts';
import type { AdminEndpoint } from '../server/serve.ts';
import type { OwnerStore } from '../gateway/stored-object-owners.ts';
import type { RequestRecord } from '../store/records/request-record.ts';
import type { RecordCounts } from '../telemetry/metrics/metrics.ts';
import type { OpenLog } from '../telemetry/log/open-log.ts';
import type { CompiledConfig } from './config-source.ts';

/** A gateway that listens, in this process or in several. */
export interface Serving {
  readonly url: string;
  readonly log: OpenLog;
  readonly snapshot: () => Snapshot;
  /** Tells metrics and log what happens outside of the requests. */
  readonly emit: Emit;
  /** Puts another configuration in force; resolves when every process has it, or soon after. */
  readonly swap: (next: CompiledConfig) => Promise<void>;
  /** Says how the database is doing. */
  readonly setDatabaseStatus: (status: DatabaseStatus) => void;
  /** Requests in flight. */
  readonly pending: () => Promise<number>;
  /** No new connections; resolves when the requests in flight have ended, or after `drain_timeout`. */
  readonly drain: () => Promise<void>;
}

export interface ListenOptions {
  /** What database mode adds; undefined: there is no database. */
  readonly database?: DatabaseSide | undefined;
}

/** What a gateway has to do with its database. */
export interface DatabaseSide {
  readonly admin: AdminEndpoint;
  /** Told every event of this process, after the log. */
  readonly record: Emit;
  readonly retentionMs: number;
  readonly status: () => DatabaseStatus;
  /** The records of this process's own requests. */
  readonly records: () => RecordCounts;
  /** Writes the records that other processes have made. */
  readonly insert: (records: readonly RequestRecord[]) => Promise<void>;
  /** Who made the objects of the providers. */
  readonly objects: OwnerStore;
}
