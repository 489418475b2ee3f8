/** `window`: counts in windows. `bucket`: refills (GCRA). `slots`: counts requests under way. */
export type LeaseForm = 'window' | 'bucket' | 'slots';

/** A counter of one window that several machines share, or one without windows. */
export interface LeasedCounter {
  readonly counter: string;
  readonly form: LeaseForm;
  /** The start of the window in milliseconds since 1970; 0 without windows. */
  readonly windowMs: number;
  readonly endMs: number;
  /** The key of its record. */
  readonly key: string;
  /** The limit over all machines, in the unit of the counter; of a bucket, its size. */
  readonly limit: number;
  /** The units that flow into a bucket in a millisecond; 0 without a bucket. */
  readonly perMs: number;
  /** Whether the limit only warns, so that nothing is taken in advance. */
  readonly isSoft?: boolean;
}

/**
 * The use and the claim of one counter, as a node reports them to the store. Every number replaces the one before, so a
 * report may be lost or repeated.
 */
export interface LeaseReport {
  readonly counter: string;
  readonly form: LeaseForm;
  readonly windowMs: number;
  /** Rises with each report of the counter. The store ignores lower ones. */
  readonly seq: number;
  /**
   * The use of this node that is not in the ledger yet. Of a bucket, all its use since this node knows it; of slots, its requests
   * under way.
   */
  readonly pending: number;
  /** The use of this node that is in the ledger. */
  readonly stored: number;
  /** The amount that this node may still use. It includes what its requests hold, except for slots. */
  readonly claim: number;
  /** The least grant that helps; 0: none is needed. */
  readonly need: number;
  /** The largest grant that is wanted; 0: none. */
  readonly want: number;
  readonly limit: number;
  readonly perMs: number;
  /** When a bucket is full, as far as this node knows, for a store that has lost it. In milliseconds from now. */
  readonly fullInMs: number;
  /** The units of a bucket that this node has used of its share since it knows the bucket. They are not in `pending`. */
  readonly alone: number;
  /** The part of these that was not told and has not flowed in again, for a store that does not know what was told before. */
  readonly aloneLeft: number;
  /** Whether a smaller grant than `need` helps if no other node has a claim. */
  readonly takesRest: boolean;
}

/** The store's answer to one report. */
export interface LeaseAnswer {
  readonly counter: string;
  readonly windowMs: number;
  readonly seq: number;
  readonly granted: number;
  /**
   * The amount that no node has used or claimed, after the grant. It is below 0 if a limit was lowered or an entry was
   * added.
   */
  readonly free: number;
  /** The use of all nodes, as far as the store knows. */
  readonly used: number;
  /** The claims of other nodes that they could give back. */
  readonly others: number;
  /** When a bucket is full, in milliseconds from now; 0 without a bucket. */
  readonly fullInMs: number;
  /** The number of live nodes. */
  readonly nodes: number;
  /** Whether somebody needs what this node does not use. */
  readonly isRecalled: boolean;
}

/** How a leased counter stands on this machine. */
export interface LeaseRecord {
  /** Used here and not in the ledger yet. */
  readonly used: number;
  readonly held: number;
  /** How far `used` and `held` may rise together. */
  readonly allow: number;
}

/** The records behind leased counters. Each change is atomic. */
export interface LeaseRecords {
  /** The record of a counter; undefined if the counter is unknown. */
  readonly leased: (key: string) => LeaseRecord | undefined;
  /** Raises what the counter allows. */
  readonly allowMore: (key: string, amount: number) => void;
  /** Takes back up to `most` of what is allowed and neither used nor held. Returns how much. */
  readonly takeBack: (key: string, most: number) => number;
  /** Moves a use from this machine to the ledger. */
  readonly markStored: (key: string, amount: number) => void;
  /** The value that `noteElsewhere` noted last. */
  readonly elsewhere: (key: string) => number;
  /** Notes the use on other machines and in the ledger; for a bucket, the time at which it is full (monotonic milliseconds). */
  readonly noteElsewhere: (key: string, used: number) => void;
  /** Returns the units that this machine has used of its share of a bucket since the last call. Below 0: they were too many. */
  readonly takeAlone: (key: string) => number;
}

/** The key of a leased counter's record. */
export function leaseKey(counter: string, windowMs: number): string {
  return `${counter}@${windowMs}#`;
}

/**
 * The outcome of a question for a lease. `again`: enough is allowed now, or it is worth trying. `full`: no node has
 * enough for it. `away`: the store does not answer. `Alone`: the same, and this machine may use its share.
 */
export type LeaseVerdict = 'again' | 'full' | 'away' | Alone;

/** The store does not answer, so each of this many machines uses its share of a limit under a day. */
export interface Alone {
  readonly nodes: number;
}

/** A question for a lease. */
export interface LeaseQuestion {
  readonly of: LeasedCounter;
  readonly need: number;
  /** Whether less than `need` helps if that is all there is. */
  readonly takesRest: boolean;
}

/** Asks for leases, in this process or through another. */
export interface LeaseSource {
  /** Whether only limits under a day, and of requests under way, are shared. The default is false. */
  readonly hasNoWindows?: boolean;
  readonly lease: (question: LeaseQuestion) => Promise<LeaseVerdict>;
}

/** How a machine takes leases. */
export interface LeaseOptions {
  readonly records: LeaseRecords;
  /** The most of a limit that a node takes at once, in percent. */
  readonly percent: number;
  /** Whether each request asks for exactly what it needs. The default is false. */
  readonly isExact?: boolean;
  /** Whether a part of the claim is kept for times without the store. The default is true. */
  readonly hasReserve?: boolean;
  /** After this silence, other nodes may forget this one. */
  readonly forgetMs: number;
  /** The use on this machine that is not in the ledger, for a counter whose record was lost. */
  readonly unstoredOf?: (counter: string, windowMs: number) => number;
  /** The use of this machine that is in the ledger. The default is 0, for a store that reads the ledger. */
  readonly storedOf?: (counter: string, windowMs: number) => number;
}
