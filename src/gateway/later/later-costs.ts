import type { Usage } from '../../protocols/protocol.ts';

/** Work that a provider goes on with after its answer, so that only a later answer reports its use. */
export interface LaterWork {
  /** The provider's id of the response or batch. */
  readonly id: string;
  /** `response`: a background response, charged an estimate at first. `batch`: charged nothing at first. */
  readonly kind: 'response' | 'batch';
  readonly provider: string;
  /** The provider's name for the model. */
  readonly upstreamModel: string;
  /** The public name. */
  readonly model: string;
  readonly owners: LaterOwners;
  /** When the request ended that began it, in milliseconds since 1970. */
  readonly atMs: number;
  readonly charged: LaterSum;
}

/** Whom it is counted for, by the names when it began. A missing name is ''. */
export interface LaterOwners {
  readonly keyId: string;
  readonly keyName: string;
  readonly team: string;
  readonly teamPath: string;
  readonly teamIds: string;
  readonly userId: string;
  readonly userName: string;
  /** JSON, or ''. */
  readonly tags: string;
}

/** The charge at the time when the work began. */
export interface LaterSum {
  /** Nano-dollars; undefined: the price is unknown. */
  readonly nano: number | undefined;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** The use of one model in the result of such work. */
export interface LaterUse {
  /** The provider's name for the model; undefined: that of the request. */
  readonly model: string | undefined;
  readonly usage: Usage;
  /** The number of requests that the usage is the sum of. */
  readonly requests: number;
  /** The cost, if each request was priced by itself; `unknown` if one of them has no known price. */
  readonly nano?: number | 'unknown' | undefined;
}

/**
 * - `begun`: a request began such work.
 * - `output`: its result is in a file.
 * - `ended`: its result was delivered. `id` is that of the work or of the file. Only the first time counts, in all
 *   processes and after restarts.
 */
export type LaterEvent =
  | { readonly type: 'begun'; readonly work: LaterWork }
  | { readonly type: 'output'; readonly id: string; readonly provider: string; readonly file: string }
  | {
      readonly type: 'ended';
      readonly id: string;
      readonly provider: string;
      readonly uses: readonly LaterUse[];
    };

/** Settles the cost of work that providers go on with. Can be sent to another process. Never rejects. */
export interface LaterCosts {
  readonly note: (event: LaterEvent) => void;
}
