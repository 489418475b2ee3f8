import type { Database } from '../../store/database.ts';
import type { JournalFolder } from '../journal/folder.ts';
import type { Use } from '../journal/line.ts';
import type { EnteredWindow } from './read-ledger.ts';

export interface LedgerOptions {
  readonly folder: JournalFolder;
  readonly database: Database;
  /** Whether a row is stored for each request. */
  readonly keepsRecords: boolean;
  readonly maxBytes: number;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  readonly onTrouble: (trouble: LedgerTrouble) => void;
  /** Called when the use of a counter changes other than by a request of this machine: by an entry, for example. */
  readonly onMoved: (use: Use) => void;
  /** Called after each flush that stored anything. */
  readonly onStored?: (() => void) | undefined;
  /** Told what this machine counts, for limits that several machines share. If omitted, nothing is noted for them. */
  readonly shared?: SharedUse | undefined;
}

export interface SharedUse {
  /** Uses of this machine that the database now has. */
  readonly onStored: (uses: readonly Use[]) => void;
  /** A use of this machine that no process of this start has told its counters. */
  readonly onFound: (use: Use) => void;
  /** Adjusting entries of any machine, with the sums of their counters. */
  readonly onEntered: (entries: readonly EnteredWindow[]) => void;
}

/**
 * `held`: the database does not accept; told once until it does. `torn`: a line in a journal could not be read. `refused`: the
 * database refused the values of a request, which is kept in a file.
 */
export type LedgerTrouble =
  | { readonly type: 'held'; readonly reason: string }
  | {
      readonly type: 'refused';
      readonly requestId: string;
      readonly path: string;
      readonly reason: string;
    }
  | { readonly type: 'torn'; readonly file: string };
