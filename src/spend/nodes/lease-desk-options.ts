import type { CounterLedger } from '../../limits/counter.ts';
import type { LeaseStore } from './lease-store.ts';

/** The part of the ledger that the desk needs. */
export interface LeaseLedger {
  /** The id of this machine. */
  readonly node: string;
  readonly unstoredOf: (counter: string, windowMs: number) => number;
  /** The use of this machine that is in the ledger. */
  readonly storedOf: (counter: string, windowMs: number) => number;
  /** Stores what is in the journals. Resolves with whether the database has all of it that was there before. */
  readonly settle: () => Promise<boolean>;
}

export interface LeaseDeskOptions {
  readonly store: LeaseStore;
  readonly ledger: LeaseLedger;
  readonly records: CounterLedger;
  readonly version: string;
  readonly percent: number;
  /** Whether each request asks for exactly what it needs. */
  readonly isExact: boolean;
  /**
   * The leases that a gateway uses while the store does not answer. `share`: its leases and its reserve. `closed`: its leases, and
   * it keeps no reserve. `open`: all that it needs.
   */
  readonly whenAway: 'share' | 'closed' | 'open';
  /** Whether the claims of a lost node count as spent, so that a node uses its own without an end. The default is false. */
  readonly isLostSpent?: boolean;
  /** How long a request waits for the store. */
  readonly deadlineMs: number;
  /** Makes every process write what it holds into a record. */
  readonly publishAll: (key: string) => Promise<unknown>;
  readonly onTrouble: (trouble: LeaseTrouble) => void;
}

/** `lost`: the store does not answer. `back`: it does again. `forgotten`: other nodes have freed this node's claims. */
export type LeaseTrouble =
  | { readonly type: 'lost'; readonly reason: string }
  | { readonly type: 'back' }
  | { readonly type: 'forgotten' };
