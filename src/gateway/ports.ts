import type { CostMeter } from './cost.ts';
import type { Admission } from '../limits/admission.ts';
import type { TokenCounter } from '../usage/estimate-usage.ts';
import type { MasterKey, Provider, Snapshot } from '../config/snapshot.ts';
import type { BucketLimit, Taking } from '../limits/bucket.ts';
import type { CooldownPolicy } from '../routing/cooldown.ts';
import type { Availability } from '../routing/decide.ts';
import type { Attempt, UnreachableReason } from '../routing/outcome.ts';
import type { Model } from '../routing/route.ts';
import type { ProviderApi } from '../translation/conversation.ts';
import type { AzurePath } from '../lib/api-path.ts';
import type { GatewayEvent } from './events.ts';
import type { ObjectOwners } from './object-owners.ts';
import type { UnspokenApis } from './unspoken-apis.ts';

/** What the gateway needs of the world. Edges implement it; tests and simulations may implement it otherwise. */
export interface Gateway extends Ledgers {
  readonly snapshot: () => Snapshot;
  readonly upstream: Upstream;
  readonly clock: Clock;
  /** A number in [0, 1). */
  readonly dice: () => number;
  readonly newRequestId: () => string;
  readonly tokens: TokenCounter;
  /** Asked in this order, once body and model are known. */
  readonly limits: readonly RequestLimit[];
  readonly emit: Emit;
  /** The APIs that providers have been found to lack; absent: nothing is remembered, and nothing else tried. */
  readonly unspoken?: UnspokenApis;
  /** Absent where no media are fetched, whatever the configuration says. */
  readonly media?: MediaFetcher;
  /** Absent where costs are not calculated. */
  readonly costs?: CostMeter;
  /** Absent where nothing is traced. */
  readonly tracing?: Tracing;
}

/** What is known of the requests so far: by this process, or by all that serve together. */
export interface Ledgers {
  readonly buckets: Buckets;
  readonly cooldowns: Cooldowns;
  readonly traffic: Traffic;
  readonly turns: Turns;
  readonly objects: ObjectOwners;
}

/** What the client asked, before anything of it was read but the head. */
export interface ClientRequest {
  readonly method: string;
  /** Starts with a slash; without query. */
  readonly path: string;
  /** With its question mark, or ''. */
  readonly search: string;
  /** Set where the path was written in the way of Azure's older API; `path` is in OpenAI's. */
  readonly azure?: AzurePath | undefined;
  readonly headers: Headers;
  /** Aborted when the client leaves. */
  readonly signal: AbortSignal;
  /** '' where it is not known. */
  readonly clientAddress: () => string;
  /** Whether the runtime has sent the answer, or given it up. Absent where that can't be known. */
  readonly isAnswered?: () => boolean;
  /** Rejects with a `Refusal` when the body is too large, too slow, or cut, or when the key of this name has too many under way. */
  readonly readBody: (keyName: string | undefined) => Promise<Uint8Array>;
}

/** The provider's side. `send` never rejects: what can go wrong is a value. */
export interface Upstream {
  readonly send: (request: UpstreamRequest) => Promise<UpstreamReply>;
}

export interface UpstreamRequest {
  readonly provider: Provider;
  readonly method: string;
  readonly path: string;
  readonly search: string;
  /** As in `ClientRequest`, with the deployment that this provider is asked for. */
  readonly azure?: AzurePath | undefined;
  /** The upstream model, where one is named and the provider's URLs hold it: Azure's of an older API. */
  readonly model?: string | undefined;
  /** Which of the provider's own URLs is asked, in place of `path` and `search`; undefined: the client's path. */
  readonly target?: UpstreamTarget | undefined;
  readonly clientHeaders: Headers;
  /** Sent in place of the client's Content-Type, where that could be read in two ways; undefined: the client's own. */
  readonly contentType?: string | undefined;
  /** Credentials of the client's own that may be passed on; sent only to a provider without one of its own. */
  readonly clientCredentials: readonly HeaderField[];
  /** Keys that the client has shown: no field that holds one goes on as it came. Left out: none. */
  readonly withheld?: readonly string[];
  /** Sent in place of the client's own trace context; undefined: the client's passes through. */
  readonly traceContext?: readonly HeaderField[] | undefined;
  /** In pieces, so that a large one need not be copied to be changed; undefined for methods that have none. */
  readonly body: readonly Uint8Array[] | undefined;
  readonly cancellation: Cancellation;
  /** Called when the provider's connect limit has passed; it is the caller's to abort. */
  readonly onConnectTimeout: () => void;
}

/**
 * A method of a provider's API, by what it does: the provider's type makes its URL. For translated requests, for Claude that Bedrock or
 * Vertex carry, and for the Gemini API, whose model is in the path.
 */
export interface UpstreamTarget {
  readonly api: ProviderApi | 'embeddings';
  readonly operation: 'generate' | 'count' | 'embed';
  /** Who carries the Messages API, or the Gemini API at Vertex; undefined: the API's own host. */
  readonly carriage: 'bedrock' | 'vertex' | undefined;
  /** The upstream model. */
  readonly model: string;
  readonly isStream: boolean;
  /**
   * Whether the body was written by a translation. Then the client's header fields about its own API stay behind, and no compressed
   * answer is asked for. `carried`: the body is the client's in another wrapping, and only `anthropic-version` stays behind.
   */
  readonly body: 'translated' | 'carried' | 'passed';
  /** The value of `anthropic-beta` in place of the client's; undefined: none is sent with a body that is not `passed`. */
  readonly betas?: string | undefined;
}

/** Fetches the files that clients name by URL, from public addresses only. */
export interface MediaFetcher {
  /** Never rejects. */
  readonly fetch: (url: string, limits: MediaLimits) => Promise<MediaReply>;
}

export interface MediaLimits {
  readonly maxBytes: number;
  /** In milliseconds, for the whole fetch. */
  readonly timeoutMs: number;
  /** Aborted when the client leaves. */
  readonly signal: AbortSignal;
  /** Called with the size of each piece; false: the request has no room for it, and the fetch ends. */
  readonly take: (bytes: number) => boolean;
}

export type MediaReply =
  | { readonly kind: 'file'; readonly bytes: Uint8Array; readonly contentType: string }
  /** `why`: `its host has no public address`. Holds nothing of what was fetched. */
  | { readonly kind: 'refused'; readonly why: string };

/** Says that nobody waits for an attempt any more. What an abort signal says, at a fraction of its cost. */
export interface Cancellation {
  readonly isCancelled: boolean;
  /** Called once when it happens; whoever carries the attempt on at the time sets it. */
  onCancel: (() => void) | undefined;
}

export type HeaderField = readonly [name: string, value: string];

export type UpstreamReply = (
  | {
      readonly kind: 'reply';
      readonly status: number;
      readonly headers: Headers;
      readonly body: ByteSource | null;
    }
  | UpstreamFailure
) & {
  /** Whether the request went out twice: the first time on a connection that the provider had closed already. */
  readonly isResent?: boolean;
};

/** A body that is read piece by piece, or poured out. `read` rejects where it broke off. */
export interface ByteSource {
  readonly read: () => Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  /** Hands on every piece as it comes, up to the end or until `take` says `stop`. Rejects with what `take` throws. */
  readonly pipe: (take: (chunk: Uint8Array) => Backpressure) => Promise<'end' | 'broken' | 'stop'>;
  /** Lets go of what was not read. */
  readonly cancel: () => Promise<void>;
}

/** What is done with a chunk: `stop` ends the pouring, a promise holds it up. */
export type Backpressure = Promise<unknown> | 'stop' | undefined;

/** `aborted` says that `cancellation` ended it: the caller knows why. */
export type UpstreamFailure =
  | { readonly kind: 'unreachable'; readonly reason: UnreachableReason }
  | { readonly kind: 'aborted' };

export interface Clock {
  /** Milliseconds that never run backwards, from an origin of their own. */
  readonly nowMs: () => number;
  /** Milliseconds since 1970, for what is dated. */
  readonly epochMs: () => number;
  /** Resolves after `ms`, or at once when the signal aborts. Never rejects. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Calls `run` once after `ms`; returns how to call it off. */
  readonly setTimer: (ms: number, served: () => void) => () => void;
}

/** What a limit may look at: who asks, for which model, and with what. */
export interface Demand {
  readonly key: MasterKey | undefined;
  /** The public name. */
  readonly model: string;
  readonly body: Uint8Array;
}

/** A limit that depends on the body or the model of a request: tokens, budgets. */
export interface RequestLimit {
  /** Reserves what the request may use, or throws a `Refusal`. A store behind a network answers later. */
  readonly reserve: (demand: Demand) => Admission | Promise<Admission>;
}

/** Rate limits by master key. */
export interface Buckets {
  /** Takes `cost` tokens, 1 if it is left out. A bucket behind a network answers later. */
  readonly take: (key: string, limit: BucketLimit, nowMs: number, cost?: number) => Taking | Promise<Taking>;
  /** Forgets the buckets that are full by now. */
  readonly sweep: (nowMs: number) => void;
}

/** See `CooldownLedger`, which is the implementation for one process. */
export interface Cooldowns {
  readonly allAvailable: () => boolean;
  readonly availability: (routeId: string, nowMs: number, endpoint?: string) => Availability;
  readonly take: (routeId: string, nowMs: number, endpoint?: string) => boolean;
  readonly note: (attempt: Attempt, owner: Model, policy: CooldownPolicy, nowMs: number) => number;
  readonly sweep: (beforeMs: number) => void;
}

/** See `TrafficLedger`. */
export interface Traffic {
  readonly inFlight: (routeId: string) => number;
  readonly latencyMs: (routeId: string, nowMs: number) => number | undefined;
  readonly begin: (routeId: string) => void;
  readonly end: (routeId: string) => void;
  readonly measured: (routeId: string, firstByteMs: number, nowMs: number) => void;
}

/** Counts the requests of a rotation: 0, 1, 2, … */
export interface Turns {
  readonly next: (rotation: string) => number;
}

/** Joins what providers are sent to the traces of the requests. */
export interface Tracing {
  /** The header fields with which an attempt is sent, asked for once before each; undefined: the client's own. */
  readonly attemptContext: (requestId: string) => readonly HeaderField[] | undefined;
}

export type Emit = (event: GatewayEvent) => void;

/** How the database of a gateway in database mode is doing. */
export interface DatabaseStatus {
  /** Whether the last answer is too old to tell a key that does not exist from one that is not known yet. */
  readonly isStale: boolean;
  /** Whether the last question was answered. */
  readonly isAnswering: boolean;
  /** How long ago the last answer came, in milliseconds. */
  readonly sinceAnswerMs: number;
  /** Why what it has is not taken over, in half a sentence; undefined: it is. */
  readonly notAdopted: string | undefined;
}
