import type { MasterKey } from '../../config/snapshot.ts';
import type { CounterAmount } from '../../limits/counter-amount.ts';
import type { Claim } from '../../limits/claim.ts';
import type { ClaimStanding, ClaimTaking, Hold, Moment } from '../../limits/claim-counters.ts';
import type { LeaseVerdict } from '../../limits/lease-report.ts';
import type { EndedUse } from '../../limits/estimates.ts';
import type { Model } from '../../routing/route.ts';
import type { Attribution } from '../attribution.ts';
import type { RequestEnded } from '../events.ts';

/** The parts of a request that limits consider. */
export interface Demand {
  readonly requestId: string;
  readonly key: MasterKey | undefined;
  readonly model: Model;
  readonly body: Uint8Array;
  /** The limits that it has to fit in; not empty. */
  readonly claims: readonly Claim[];
  /** Whether its answer is generated, and so uses tokens and money. */
  readonly isGenerated: boolean;
  /** Whether its answer has output tokens. Embeddings have none. */
  readonly hasOutput: boolean;
  /** Whether its cost can be calculated. Defaults to true. */
  readonly isPriced?: boolean;
  readonly attribution: Attribution;
}

/** How the limits of the configuration stand. Implemented for one process, and over memory that several share. */
export interface Counters {
  /** Holds `need` of a limit, or says why not. Changes nothing unless it holds. `isFinal`: no larger lease is to be had. */
  readonly take: (claim: Claim, need: number, at: Moment, isFinal?: boolean) => ClaimTaking;
  /** Asks for a lease that `need` fits in, of a limit that several machines share. */
  readonly lease: (claim: Claim, need: number, at: Moment) => Promise<LeaseVerdict>;
  /** Gives back what a request holds. */
  readonly giveBack: (hold: Hold, at: Moment) => void;
  /**
   * Replaces a hold by what was really used, in the window from which it was taken. Returns the part that is over the
   * limit.
   */
  readonly settle: (hold: Hold, used: number, at: Moment) => number;
  /** Holds more for a request that outgrew its hold. Returns the hold that replaces it. */
  readonly grow: (hold: Hold, more: number, at: Moment) => Hold;
  /** How a limit stands; undefined: nobody knows yet. */
  readonly standing: (claim: Claim, at: Moment) => ClaimStanding | undefined;
  /**
   * Makes the unknown standing of a limit known. Returns a promise if another process has to be asked; false, also as
   * its result: it stays unknown for now.
   */
  readonly seed: (claim: Claim, at: Moment) => boolean | Promise<boolean>;
  /** Changes what was used in a window, for adjusting entries and lost requests. */
  readonly adjust: (counter: string, windowMs: number, amount: number) => void;
  /** Forgets windows that have ended. */
  readonly sweep: (epochMs: number) => void;
}

/** What was learned from earlier requests, to estimate later ones. */
export interface Estimates {
  readonly tokensPerByte: (model: string) => number;
  readonly outputTokens: (keyId: string | undefined, model: string) => number;
  readonly bytesPerToken: (model: string) => number;
  readonly note: (use: EndedUse) => void;
}

/** A request that begins to hold limits with windows. It has everything that a lost request is recorded with. */
export interface JournalEntry {
  readonly requestId: string;
  /** Milliseconds since 1970. */
  readonly atMs: number;
  readonly keyId: string | undefined;
  readonly keyName: string | undefined;
  /** The public name. */
  readonly model: string;
  readonly team: string | undefined;
  /** The names from the root team to the key's, joined by slashes. */
  readonly teamPath: string | undefined;
  readonly user: string | undefined;
  readonly endUser: string | undefined;
  readonly tags: Readonly<Record<string, string>> | undefined;
  readonly holds: readonly CounterAmount[];
  /** What the request will probably use. `costNano` is undefined if no limit counts money. */
  readonly estimate: {
    readonly inputTokens: number;
    readonly outputTokens: number;
    readonly costNano: number | undefined;
  };
}

/**
 * Outlives this process: it remembers the holds and uses of limits with windows. Only requests that have such a limit
 * are told, each with one `open` and one `close`.
 */
export interface Journal {
  /** Called before the first attempt. Throws a `Refusal` if it cannot remember and the configuration refuses requests then. */
  readonly open: (entry: JournalEntry) => void;
  /** Replaces the holds of a request, because it outgrew them. */
  readonly grow: (requestId: string, holds: readonly CounterAmount[]) => void;
  /** Called in the same turn as, and right before, the event `ended` is emitted. */
  readonly close: (requestId: string, ended: RequestEnded, uses: readonly CounterAmount[]) => void;
}
