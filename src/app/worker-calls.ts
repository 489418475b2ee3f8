import type { HealthSettings } from '../config/snapshot.ts';
import type { DatabaseStatus } from '../gateway/ports.ts';
import type { ObjectOwner } from '../gateway/object-owners.ts';
import type { OwnerRecord } from '../gateway/stored-object-owners.ts';
import type { HealthReport } from '../health/report.ts';
import type { ProviderStatus } from '../health/provider-status.ts';
import type { ProviderList } from '../models/provider-list.ts';
import type { RequestRecord } from '../store/records/request-record.ts';
import type { FamilyDump } from '../telemetry/metrics/metric-family.ts';
import type { ConfigSource } from './config-source.ts';

/** What a worker is told when it asks. */
export interface WorkerInit {
  /** From 1 on; the first one finds the port. */
  readonly worker: number;
  readonly workers: number;
  /** Whether it tests the providers for all. */
  readonly isProber: boolean;
  /** Where the memory is that all share. */
  readonly memory: string;
  /** 0: it is for this worker to find one. */
  readonly port: number;
  readonly source: ConfigSource;
  /** What database mode adds: how long records of requests are kept. */
  readonly database: { readonly retentionMs: number; readonly status: DatabaseStatus } | undefined;
}

/** What the supervisor does for its workers. */
export type SupervisorCalls = {
  readonly hello: (nothing: undefined) => WorkerInit;
  /** Its clock, in milliseconds. */
  readonly now: (nothing: undefined) => number;
  /** Writes to the terminal; answered when that is done. */
  readonly print: (text: string) => Promise<unknown>;
  readonly metrics: (nothing: undefined) => Promise<string>;
  readonly statuses: (nothing: undefined) => Promise<readonly ProviderStatus[]>;
  readonly health: (probe: HealthSettings['probe']) => Promise<HealthReport>;
  /** What the providers list, from the worker that tests them. */
  readonly modelLists: (nothing: undefined) => Promise<readonly ProviderList[]>;
  readonly admin: (request: SentRequest) => Promise<SentResponse>;
  /** Takes records of requests for the database. */
  readonly record: (records: readonly RequestRecord[]) => Promise<void>;
  /** Keeps in the database who made objects, and finds it there. */
  readonly noteObjects: (records: readonly OwnerRecord[]) => Promise<void>;
  readonly findObject: (id: string) => Promise<ObjectOwner | undefined>;
};

/** What a worker does for its supervisor. */
export type WorkerCalls = {
  /** Whether it runs at all; answered at once. */
  readonly ping: (nothing: undefined) => void;
  /** Answered when the configuration is in force. */
  readonly swap: (source: ConfigSource) => Promise<void>;
  /** How the database is doing. */
  readonly databaseStatus: (status: DatabaseStatus) => Promise<void>;
  /** Requests in flight. */
  readonly pending: (nothing: undefined) => Promise<number>;
  readonly dump: (nothing: undefined) => Promise<readonly FamilyDump[]>;
  readonly statuses: (nothing: undefined) => Promise<readonly ProviderStatus[]>;
  readonly health: (probe: HealthSettings['probe']) => Promise<HealthReport>;
  /** What the providers list, from the worker that tests them. */
  readonly modelLists: (nothing: undefined) => Promise<readonly ProviderList[]>;
  /** Finishes what is in flight and ends; answered at once. */
  readonly drain: (nothing: undefined) => void;
};

/** A request to the Admin API, as data. */
export interface SentRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array;
  readonly address: string;
}

/** Its answer. */
export interface SentResponse {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array;
}
