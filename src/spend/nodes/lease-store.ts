import type { LeaseAnswer, LeaseReport } from '../../limits/lease-report.ts';
import type { EnteredWindow } from '../ledger/read-ledger.ts';

/** A gateway as the others see it. */
export interface NodeRow {
  readonly node: string;
  /** How often it has started. */
  readonly life: number;
  /** Rises with each sign of life. */
  readonly beats: number;
  readonly startedMs: number;
  readonly heartbeatMs: number;
  readonly version: string;
  readonly isGone: boolean;
  /** The host name of its machine; '': a version that told none. */
  readonly host: string;
}

export interface LeaseCall {
  readonly node: string;
  readonly life: number;
  /** Whether the call is a sign of life. */
  readonly isTick: boolean;
  /** Whether the node did not hear the answer to its last call, and so may use its shares. The default is false. */
  readonly isAlone?: boolean;
  readonly reports: readonly SentReport[];
}

/** A report with the end of its window, after which its rows are deleted. */
export interface SentReport extends LeaseReport {
  readonly endMs: number;
}

/**
 * `answered`: one answer for each report that was not outdated. `forgotten`: the node's claims were freed, so it has to
 * begin a new life. `unknown`: the store has lost what nodes told it. It has taken the reports, but grants nothing until
 * every node has told it all in this `era`.
 */
export type Acquired =
  | { readonly kind: 'answered'; readonly answers: readonly LeaseAnswer[] }
  | { readonly kind: 'forgotten' }
  | { readonly kind: 'unknown'; readonly era: string };

/** Why a server must not hold leases, or what an operator should change. */
export interface StoreCheck {
  /** The requirement that the server does not meet. */
  readonly refused?: string;
  readonly warning?: string;
}

/**
 * Where several machines share limits. It keeps, for each counter and window: use in the ledger + use that is not there
 * yet + claims <= limit. A grant keeps this, and no clock is part of it. Every call may be lost, repeated or late, and
 * rejects if the store does not answer.
 */
export interface LeaseStore {
  /** Looks at the server behind it. */
  readonly check: () => Promise<StoreCheck>;
  /** Begins a life of a node. Returns its number. */
  readonly register: (node: string, version: string) => Promise<number>;
  /** Reports, and asks for leases. */
  readonly acquire: (call: LeaseCall) => Promise<Acquired>;
  /** Says that the store knows all that a node has used and claims, in an era in which its state was unknown. */
  readonly vouch: (node: string, life: number, era: string) => Promise<void>;
  /** Adjusting entries that were made in the ledger. */
  readonly enter: (entries: readonly EnteredWindow[]) => Promise<void>;
  readonly nodes: () => Promise<NodeRow[]>;
  /** The store's clock, in milliseconds since 1970. */
  readonly nowMs: () => Promise<number>;
  /**
   * Frees the claims of a node, unless it has given a sign of life since. The use that it told stays counted. With `isSpent`,
   * its claims count as spent until it is back (`clear`) or they are released.
   */
  readonly forget: (node: string, beats: number, isSpent: boolean) => Promise<void>;
  /** Frees all that a node has claimed, and what was counted as spent for it. It must not be used any more. */
  readonly release: (node: string) => Promise<void>;
  /** Frees the claims of a node's earlier lives, once the ledger has all that these used. */
  readonly clear: (node: string, life: number) => Promise<void>;
  /** A node that ends: it claims nothing, and the ledger has all that it used. */
  readonly leave: (node: string, life: number) => Promise<void>;
  /** Deletes the windows that ended a while ago. */
  readonly prune: () => Promise<void>;
  readonly close: () => Promise<void>;
}
