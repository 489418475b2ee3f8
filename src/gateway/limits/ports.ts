import type { MasterKey } from '../../config/snapshot.ts';
import type { ListNeighbour } from '../../lib/neighbour-list.ts';
import type { CounterAmount } from '../../limits/counter-amount.ts';
import type { Claim } from '../../limits/claim.ts';
import type { ClaimRecord, ClaimStanding, ClaimTaking, Hold, Moment } from '../../limits/claim-taking.ts';
import type { LeaseVerdict } from '../../limits/lease-report.ts';
import type { EndedUse, ExpectedOutput } from '../../limits/estimates.ts';
import type { Model } from '../../routing/route.ts';
import type { Attribution } from '../attribution.ts';
import type { RequestEnded } from '../events.ts';

/** The parts of a request that limits consider. */
export interface Demand {
  readonly requestId: string;
  readonly key: MasterKey | undefined;
  readonly model: Model;
  readonly body: Uint8Array;
  /** The path of its API; undefined: a message of a WebSocket. */
  readonly path?: string;
  /** The limits that apply to it; not empty. */
  readonly claims: readonly Claim[];
  /** Whether its answer is generated, and therefore uses tokens and money. */
  readonly isGenerated: boolean;
  /** Whether its answer has output tokens. Embeddings have none. */
  readonly hasOutput: boolean;
  /** The most tokens of the session that a response of the Realtime API reads and writes in any form; undefined: another API. */
  readonly sessionTokens?: number | undefined;
  readonly attribution: Attribution;
}

/**
 * The counters behind the configured limits. Implemented for one process, and over memory that several processes share.
 */
export interface Counters {
  /**
   * Holds `need` of a limit, or returns why it cannot. Changes nothing unless it holds. `verdict`: the outcome of the question for a
   * larger lease.
   */
  readonly take: (claim: Claim, need: number, at: Moment, verdict?: LeaseVerdict) => ClaimTaking;
  /** Asks for a lease that `need` fits in, of a limit that several machines share. */
  readonly lease: (claim: Claim, need: number, at: Moment) => Promise<LeaseVerdict>;
  /** Releases a request's hold. */
  readonly giveBack: (hold: Hold, at: Moment) => void;
  /** Replaces a hold by the actual use, in the window that it was taken from. Returns the part above the limit. */
  readonly settle: (hold: Hold, used: number, at: Moment) => number;
  /** Holds more for a request that outgrew its hold. */
  readonly grow: (record: ClaimRecord, more: number, at: Moment) => void;
  /** The state of a limit; undefined: not known yet. */
  readonly standing: (claim: Claim, at: Moment) => ClaimStanding | undefined;
  /** Whether several machines share a limit. */
  readonly isShared: (claim: Claim) => boolean;
  /**
   * Loads the unknown state of a limit. Returns a promise if another process has to be asked. False, also as the
   * promise's result, means that the state is still unknown.
   */
  readonly seed: (claim: Claim, at: Moment) => boolean | Promise<boolean>;
  /** Adds to the use of a window, for adjusting entries and lost requests. */
  readonly adjust: (counter: string, windowMs: number, amount: number) => void;
  /** Forgets windows that have ended. */
  readonly sweep: (epochMs: number) => void;
}

/** Learns from ended requests, to estimate later ones. */
export interface Estimates {
  readonly tokensPerByte: (model: string) => number;
  readonly outputs: (keyId: string | undefined, model: string) => ExpectedOutput;
  readonly bytesPerToken: (model: string) => number;
  readonly note: (use: EndedUse) => void;
}

/**
 * A request that holds limits with windows, with everything that the record of a lost request needs. Its journal keeps it
 * until it is closed, so that nothing has to be copied for that.
 */
export interface JournaledRequest {
  readonly requestId: string;
  /** Milliseconds since 1970: when it last held something new. The journal sets it when the request grows. */
  atMs: number;
  readonly keyName: string | undefined;
  /** The public name. */
  readonly model: string;
  readonly attribution: Attribution;
  /** As they are now. */
  readonly holds: () => readonly CounterAmount[];
  /** Nano-dollars that a lost request is charged; undefined: no limit counts money. */
  readonly heldNano: () => number | undefined;
  /** The neighbours in the journal's list of open requests; undefined: it is in none. */
  before: ListNeighbour | undefined;
  after: ListNeighbour | undefined;
}

/**
 * Records the holds and uses of limits with windows, and survives this process. Each request with such a limit calls
 * `open` once and `close` once.
 */
export interface Journal {
  /** Called before the first attempt. Throws a `Refusal` if the journal cannot be written and `on_full` is `refuse`. */
  readonly open: (request: JournaledRequest) => void;
  /** Called when the holds of a request have become larger. */
  readonly grow: (request: JournaledRequest) => void;
  /** Called when a request releases its holds, before `close` or the event of its end. */
  readonly settle: (request: JournaledRequest) => void;
  /** Called for a request that has released its holds and of which nothing is reported, since it was not sent. */
  readonly drop: (requestId: string) => void;
  /** Called right before the event `ended` is emitted, in the same turn of the event loop. */
  readonly close: (requestId: string, ended: RequestEnded, uses: readonly CounterAmount[]) => void;
}
