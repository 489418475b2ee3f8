import type { Snapshot } from '../config/snapshot.ts';
import type { CompileRevisionContext } from './compile-plain-revision.ts';
import type { Change } from './describe-changes.ts';
import type { Keyring } from './keyring.ts';
import type { KeyStep } from './key-step.ts';
import type { Revision } from './revision.ts';
import type { HistoryEntry } from './tables.ts';

/** An item of the history, without secrets. */
export interface HistoryItem extends Omit<HistoryEntry, 'changes'> {
  readonly changes: readonly Change[];
}

/** Events of a store in use. `changed`: another configuration is in force. */
export type StoreEvent =
  | {
      readonly type: 'changed';
      readonly snapshot: Snapshot;
      readonly revision: Revision;
      /** The keys that changed since the version before; undefined: anything may have. */
      readonly step?: KeyStep | undefined;
    }
  | { readonly type: 'refused'; readonly reasons: readonly string[] }
  /** The database is a different or an older one, so the configuration in force stays. */
  | { readonly type: 'not-adopted'; readonly reason: string }
  | { readonly type: 'lost'; readonly reason: string }
  | { readonly type: 'back' }
  | { readonly type: 'last-good-not-written'; readonly path: string; readonly reason: string };

export interface StoreOptions extends Pick<CompileRevisionContext, 'env' | 'overrides'> {
  readonly url: string;
  readonly keyring: Keyring;
  readonly now: () => Date;
  /** Whether to apply pending migrations; otherwise the store waits for them. */
  readonly migrates: boolean;
  /** The path of the last configuration, for a start without the database; undefined if it is not kept. */
  readonly lastGoodPath: string | undefined;
  readonly onEvent: (event: StoreEvent) => void;
}
