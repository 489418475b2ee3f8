import type { LeaseStore } from '../spend/nodes/lease-store.ts';
import type { z } from 'zod';
import type { Claim } from '../limits/claim.ts';
import type { ClaimStanding } from '../limits/claim-taking.ts';
import type { Snapshot } from '../config/snapshot.ts';
import type { BilledUse, Cost } from '../gateway/cost.ts';
import type { ChangeContext, Edit } from '../store/change.ts';
import type { AdminTables } from '../store/admin-tables.ts';
import type { Kind, RESOURCE_KINDS } from '../store/resource-kinds.ts';
import type { JsonObject, ResourceName, Revision } from '../store/revision.ts';
import type { RequestRecords } from '../store/records/request-record-table.ts';
import type { HistoryItem } from '../store/store-options.ts';
import type { Accounts } from '../store/console/account-table.ts';
import type { Sessions } from '../store/console/session-table.ts';
import type { SendHook } from '../spend/alerts/deliver.ts';
import type { Database } from '../store/database.ts';
import type { Caller, Client } from './access/caller.ts';
import type { Access } from './access/role.ts';
import type { SignIn } from './access/sign-in.ts';
import type { DemoControls } from './running/demo-controls.ts';
import type { LiveHub } from './live/live-hub.ts';
import type { RunningGateway } from './running/running-gateway.ts';

/** The part of a store that the Admin API uses. */
export interface AdminStore {
  readonly read: () => Promise<Revision>;
  /** The configuration in force. */
  readonly snapshot: () => Snapshot;
  readonly change: (edit: Edit, context: Omit<ChangeContext, 'onRow'>) => Promise<Revision>;
  readonly rollback: (version: number, context: Omit<ChangeContext, 'onRow'>) => Promise<Revision>;
  /** The configuration after an edit, without writing it; undefined: it is a file. */
  readonly preview?: (edit: Edit) => Promise<Snapshot>;
  readonly refresh: () => Promise<Revision>;
  readonly history: (page: { before: number; limit: number }) => Promise<HistoryItem[]>;
  readonly requests: Pick<RequestRecords, 'search' | 'find' | 'series' | 'sum'>;
  readonly admin: AdminTables;
}

export type OperationTag =
  | (typeof RESOURCE_KINDS)[Kind]['path']
  | 'config'
  | 'requests'
  | 'running'
  | 'playground'
  | 'demo'
  | 'limits'
  | 'spend'
  | 'access';

/** An operation of the Admin API, from which both its documentation and its handler are made. */
export interface Operation {
  readonly method: 'get' | 'post' | 'put' | 'delete';
  /** Below `/admin/v1`, with parameters in braces. */
  readonly path: string;
  /** Its unique name in the documentation: a verb and an object, such as `listModels`. */
  readonly id: string;
  /** A few words. */
  readonly summary: string;
  /** More than the summary says. */
  readonly description?: string;
  readonly tag: OperationTag;
  /** The schema of the body; undefined: no body is read. */
  readonly body: z.ZodType | undefined;
  /** Takes text of these types instead of a body, as `text` of the call's body. */
  readonly textBody?: { readonly types: readonly string[]; readonly mostBytes: number };
  /** Whether the body contains free text, in which `${` is allowed. */
  readonly takesReferences?: true;
  /** An example body. */
  readonly example?: JsonObject;
  readonly query?: z.ZodObject;
  /** The access it needs. If omitted, viewers read, and the tag decides who writes (`accessOf`). */
  readonly access?: Access;
  /** Whether it changes the configuration. Refused in file mode. */
  readonly changesConfiguration?: true;
  readonly status: 200 | 201 | 204;
  readonly answer: z.ZodType | undefined;
  /** The media type of the answer. If omitted, it is JSON. */
  readonly media?: string;
  readonly run: (call: Call) => Promise<Answer>;
}

/** The services for operations besides the configuration. */
export interface Services {
  readonly version: string;
  readonly signIn: SignIn;
  readonly sessions: Sessions;
  /** undefined: there is no database for accounts. */
  readonly accounts: Accounts | undefined;
  readonly mode: 'demo' | 'database' | 'file';
  /** undefined: the configuration is in a database. */
  readonly configurationFile: string | undefined;
  /** undefined: spending is not stored. */
  readonly spend: SpendServices | undefined;
  /** Logs an action that does not change the configuration, such as a sign-in. */
  readonly note: (action: string) => void;
  /** The gateway. Throws `AdminProblem` while it is starting. */
  readonly running: () => RunningGateway;
  readonly live: LiveHub;
  /** undefined: it is not the demo. */
  readonly demo: DemoControls | undefined;
  /** Returns the state of a limit; undefined: unknown at the moment. */
  readonly standing: (claim: Claim) => ClaimStanding | undefined;
  /** Counts a wrong key and delays the answer. Throws `AdminProblem`. */
  readonly refuseKey: () => Promise<never>;
}

/** The services for operations on the ledger. */
export interface SpendServices {
  /** The database of the ledger; undefined while there is none. */
  readonly database: () => Database | undefined;
  /** Stores the contents of the journals, and applies new entries to the counters. Never rejects. */
  readonly flush: () => Promise<void>;
  /** The cost of a use at the configured prices of a time. */
  readonly costAt: (use: BilledUse, epochMs: number) => Promise<Cost>;
  /** undefined: end users cannot be hashed. */
  readonly hashEndUser: ((endUser: string) => string) | undefined;
  readonly sendHook: SendHook;
  /** Where limits are shared with other gateways; undefined, also as a result: they are not. */
  readonly leases?: () => LeaseStore | undefined;
  /** How this gateway stands with that store. */
  readonly leaseHealth?: () => LeaseHealth | undefined;
  /** The id of this gateway among those on its database. */
  readonly node?: () => string | undefined;
}

export interface LeaseHealth {
  readonly isUp: boolean;
  readonly roundTripMs: number;
  /** Requests that asked for a lease, since the start. */
  readonly waits: number;
  /** The amounts that this gateway has leased, by the counter of the limit. */
  readonly claims: () => ReadonlyMap<string, number>;
}

/** One request with its parsed body and parameters. */
export interface Call {
  readonly store: AdminStore;
  /** The parameter `{id}` or `{version}`, decoded. */
  readonly id: string;
  readonly body: JsonObject;
  readonly query: Readonly<Record<string, string>>;
  readonly now: Date;
  /** undefined: not signed in; only public operations see that. */
  readonly caller: Caller | undefined;
  readonly client: Client;
  readonly headers: Headers;
  readonly services: Services;
  /** For the history: the caller and its address. */
  readonly actor: string;
  /** Makes a write on behalf of the caller, under the caller's precondition. */
  readonly write: (write: Write) => Promise<Answer>;
  readonly rollback: (version: number, answerOf: Write['answerOf']) => Promise<Answer>;
}

/** A write of the configuration. */
export interface Write {
  /** For the history, such as `update`; the target follows. */
  readonly verb: string;
  /** For the history, if the verb and the target do not say it. */
  readonly what?: string;
  /** The resource that it writes; problems of this resource are reported without its name. */
  readonly target: ResourceName;
  readonly edit: Edit;
  /** The resources that are new, whose ids must not have belonged to deleted ones. */
  readonly creates?: readonly ResourceName[];
  /** The answer for the new revision. */
  readonly answerOf: (revision: Revision) => Answer;
}

/** The result of an operation; `version` becomes the ETag. */
export interface Answer {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: JsonObject | undefined;
  /** Sent instead of `body`: a file. */
  readonly raw?: { readonly type: string; readonly body: ReadableStream<Uint8Array> | string };
  readonly version: number | undefined;
}
