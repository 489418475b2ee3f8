import type { z } from 'zod';
import type { Snapshot } from '../config/snapshot.ts';
import type { Edit } from '../store/change.ts';
import type { Kind, RESOURCE_KINDS } from '../store/resource-kinds.ts';
import type { JsonObject, ResourceName, Revision } from '../store/revision.ts';
import type { RequestRecords } from '../store/records/request-record-table.ts';
import type { HistoryItem } from '../store/store-options.ts';

/** The part of a store that the Admin API uses. */
export interface AdminStore {
  readonly read: () => Promise<Revision>;
  /** The configuration in force. */
  readonly snapshot: () => Pick<Snapshot, 'warnings'>;
  readonly change: (
    edit: Edit,
    context: { actor: string; action: string; ifVersion?: number | undefined },
  ) => Promise<Revision>;
  readonly rollback: (
    version: number,
    context: { actor: string; action: string; ifVersion?: number | undefined },
  ) => Promise<Revision>;
  readonly refresh: () => Promise<Revision>;
  readonly history: (page: { before: number; limit: number }) => Promise<HistoryItem[]>;
  readonly requests: Pick<RequestRecords, 'list' | 'sum'>;
}

export type OperationTag = (typeof RESOURCE_KINDS)[Kind]['path'] | 'config' | 'requests';

/** One thing that the Admin API does. Its documentation and its handler are made from this one description. */
export interface Operation {
  readonly method: 'get' | 'post' | 'put' | 'delete';
  /** Below `/admin/v1`, with parameters in braces. */
  readonly path: string;
  /** What the documentation calls it, each name once: a verb and what it is about, such as `listModels`. */
  readonly id: string;
  /** A few words. */
  readonly summary: string;
  /** What these do not say. */
  readonly description?: string;
  readonly tag: OperationTag;
  /** The body; undefined: none is read. */
  readonly body: z.ZodType | undefined;
  /** A body to begin with. */
  readonly example?: JsonObject;
  readonly query?: z.ZodObject;
  readonly status: 200 | 201 | 204;
  readonly answer: z.ZodType | undefined;
  readonly run: (call: Call) => Promise<Answer>;
}

/** One request, its body and parameters read. */
export interface Call {
  readonly store: AdminStore;
  /** The parameter `{id}` or `{version}`, decoded. */
  readonly id: string;
  readonly body: JsonObject;
  readonly query: Readonly<Record<string, string>>;
  readonly now: Date;
  /** Makes a write in the name of the caller, under the condition that it named. */
  readonly write: (target: ResourceName, verb: string, edit: Edit) => Promise<Revision>;
  readonly rollback: (version: number) => Promise<Revision>;
}

/** What an operation answers; `version` is told as the ETag. */
export interface Answer {
  readonly body: JsonObject | undefined;
  readonly version: number | undefined;
}
