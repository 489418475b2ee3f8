import type { TerminalCalls } from './terminal-turns.ts';
import type { HealthSettings } from '../config/snapshot.ts';
import type { ForgottenAnswers } from '../gateway/cache/stored-answer.ts';
import type { KeyAnswer, KeyQuestion } from '../gateway/key-use.ts';
import type { DatabaseStatus } from '../gateway/ports.ts';
import type { LaterEvent } from '../gateway/later/later-costs.ts';
import type { ObjectOwner } from '../gateway/objects/object-owners.ts';
import type { OwnerRecord } from '../gateway/objects/stored-object-owners.ts';
import type { AdminClient } from '../server/admin-port.ts';
import type { RouteChange } from '../routing/route-change.ts';
import type { LeaseQuestion, LeaseVerdict } from '../limits/lease-report.ts';
import type { UnknownRecord } from '../limits/claim-taking.ts';
import type { Activity } from '../admin/live/activity.ts';
import type { ProviderTest, ProviderTestResult } from '../health/test-provider.ts';
import type { HealthReport } from '../health/report.ts';
import type { ProviderStatus } from '../health/provider-status.ts';
import type { ProviderList } from '../models/provider-list.ts';
import type { RequestRecord } from '../store/records/request-record.ts';
import type { FamilyDump } from '../telemetry/metrics/metric-family.ts';
import type { JournalOrders } from '../spend/process-journal.ts';
import type { ConfigSource, StepSource } from './config-source.ts';

/** The initial message to a worker. */
export interface WorkerInit {
  /** From 1 on; the first worker chooses the port. */
  readonly worker: number;
  readonly workers: number;
  /** The room for counters of limits in the shared memory. */
  readonly counters: number;
  /** Whether several machines share limits. */
  readonly areLeased: boolean;
  /** Whether they share only limits under a day, and of requests under way. */
  readonly hasNoWindows: boolean;
  /** Whether this worker probes the providers for all. */
  readonly isProber: boolean;
  /** The path of the shared memory. */
  readonly memory: string;
  /** 0: this worker chooses the port. */
  readonly port: number;
  readonly source: ConfigSource;
  /** undefined: no journal is kept yet. */
  readonly journal: JournalOrders | undefined;
  /** The additions of a gateway with an Admin API. `retentionMs` 0: no request records are made. */
  readonly admin: { readonly retentionMs: number; readonly isWatched: boolean } | undefined;
  /** The additions of database mode. */
  readonly database: { readonly status: DatabaseStatus } | undefined;
}

/** The calls that the supervisor offers to its workers. */
export type SupervisorCalls = TerminalCalls & {
  readonly hello: (nothing: undefined) => WorkerInit;
  /** The supervisor's clock in milliseconds. */
  readonly now: (nothing: undefined) => number;
  readonly metrics: (nothing: undefined) => Promise<string>;
  readonly statuses: (nothing: undefined) => Promise<readonly ProviderStatus[]>;
  readonly health: (probe: HealthSettings['probe']) => Promise<HealthReport>;
  /** The providers' model lists, from the worker that probes them. */
  readonly modelLists: (nothing: undefined) => Promise<readonly ProviderList[]>;
  readonly admin: (request: SentRequest) => Promise<SentResponse>;
  /** The client of a streaming response has left. */
  readonly cancelAdmin: (stream: number) => void;
  /** Tells what happened in a worker. */
  readonly activity: (activity: Activity) => void;
  /** Answers a question of a key's holder. */
  readonly keyUse: (question: KeyQuestion) => Promise<KeyAnswer>;
  /** Accepts the request records of a worker. */
  readonly record: (records: readonly RequestRecord[]) => Promise<void>;
  /** Stores who created objects in the database, and looks it up there. */
  readonly noteObjects: (records: readonly OwnerRecord[]) => Promise<void>;
  readonly findObject: (id: string) => Promise<ObjectOwner | undefined>;
  /** Settles what a provider reported later than its answer. */
  readonly noteLater: (event: LaterEvent) => void;
  /** Makes an unknown counter of a limit known. */
  readonly seedCounter: (record: UnknownRecord) => Promise<boolean>;
  /** Asks for a lease of a limit that several machines share. */
  readonly leaseCounter: (question: LeaseQuestion) => Promise<LeaseVerdict>;
  /** Tells other machines of a route. */
  readonly routeChanged: (change: RouteChange) => void;
};

/** The calls that a worker offers to its supervisor. */
export type WorkerCalls = {
  /** A sign of life, answered at once. */
  readonly ping: (nothing: undefined) => void;
  /** Writes what the worker holds of a counter into its record, given by its key. Answered at once. */
  readonly publishHold: (key: string) => void;
  /** Begins a journal, since the configuration now needs one; answered when it has begun. */
  readonly startJournal: (orders: JournalOrders) => Promise<void>;
  /** Answered when the configuration is in force. `behind`: a step was sent, and the worker needs the whole source. */
  readonly swap: (source: ConfigSource | StepSource) => Promise<'done' | 'behind'>;
  /** Sets the state of the database. */
  readonly databaseStatus: (status: DatabaseStatus) => Promise<void>;
  /** The number of requests in flight. */
  readonly pending: (nothing: undefined) => Promise<number>;
  readonly dump: (nothing: undefined) => Promise<readonly FamilyDump[]>;
  readonly statuses: (nothing: undefined) => Promise<readonly ProviderStatus[]>;
  readonly health: (probe: HealthSettings['probe']) => Promise<HealthReport>;
  /** The providers' model lists, from the worker that probes them. */
  readonly modelLists: (nothing: undefined) => Promise<readonly ProviderList[]>;
  /** Takes a piece of a streaming response of the Admin API. */
  readonly adminChunk: (chunk: SentChunk) => Promise<boolean>;
  /** Whether to tell what happens here. */
  readonly watch: (isOn: boolean) => Promise<void>;
  readonly testProvider: (test: ProviderTest) => Promise<ProviderTestResult>;
  /** Forgets cached answers. Returns how many this worker had; `away`: those that gateways share are still there. */
  readonly forgetAnswers: (forgotten: ForgottenAnswers) => Promise<number | 'away'>;
  /** Finishes the requests in flight and exits; answered at once. */
  readonly drain: (nothing: undefined) => void;
};

/** A request to the Admin API, as data. */
export interface SentRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array;
  readonly client: AdminClient;
}

/** Its response. */
export interface SentResponse {
  /** Its body follows in pieces with this number; undefined: it is here. */
  readonly stream: number | undefined;
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array;
}

/** A piece of a streaming response; without bytes, its end. */
export interface SentChunk {
  readonly stream: number;
  readonly bytes: Uint8Array | undefined;
}
