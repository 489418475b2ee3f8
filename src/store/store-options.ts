import type { Snapshot } from '../config/snapshot.ts';
import type { CompileRevisionContext } from './compile-revision.ts';
import type { Change } from './describe-changes.ts';
import type { Keyring } from './keyring.ts';
import type { Revision } from './revision.ts';
import type { HistoryEntry } from './tables.ts';

/** A write of the past, without its secrets. */
export interface HistoryItem extends Omit<HistoryEntry, 'changes'> {
  readonly changes: readonly Change[];
}

/** What happens to a store while it is in use. `changed`: another configuration is in force. */
export type StoreEvent =
  | { readonly type: 'changed'; readonly snapshot: Snapshot; readonly revision: Revision }
  | { readonly type: 'refused'; readonly reasons: readonly string[] }
  /** The database is another one, or went back: what was in force stays so. */
  | { readonly type: 'not-adopted'; readonly reason: string }
  | { readonly type: 'lost'; readonly reason: string }
  | { readonly type: 'back' }
  | { readonly type: 'last-good-not-written'; readonly path: string; readonly reason: string };

export interface StoreOptions extends Pick<CompileRevisionContext, 'env' | 'overrides'> {
  readonly url: string;
  readonly keyring: Keyring;
  readonly now: () => Date;
  /** Whether pending migrations are made; else they are waited for. */
  readonly migrates: boolean;
  /** Where the last configuration is kept for a start without the database; undefined: nowhere. */
  readonly lastGoodPath: string | undefined;
  readonly onEvent: (event: StoreEvent) => void;
}
