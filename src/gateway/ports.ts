import type { Signal } from '../lib/signal.ts';
import type { Fields } from '../lib/http/fields.ts';
import type { AnswerCache } from './cache/answer-cache.ts';
import type { CostMeter } from './cost.ts';
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
import type { Counters, Estimates, Journal } from './limits/ports.ts';
import type { LaterCosts } from './later/later-costs.ts';
import type { ObjectOwners } from './objects/object-owners.ts';
import type { Translator } from './translated/thread/translation-thread.ts';
import type { UnspokenApis } from './translated/unspoken-apis.ts';

/** Everything that the gateway needs from outside. Edge rooms implement it; tests and simulations may replace it. */
export interface Gateway extends Ledgers {
  readonly snapshot: () => Snapshot;
  readonly upstream: Upstream;
  readonly clock: Clock;
  /** Returns a number in [0, 1). */
  readonly dice: () => number;
  readonly newRequestId: () => string;
  readonly tokens: TokenCounter;
  /** Absent if no limit outlives this process. */
  readonly journal?: Journal | undefined;
  /** Settles what providers report later. Absent, or undefined, without a ledger. */
  readonly later?: (() => LaterCosts | undefined) | undefined;
  readonly emit: Emit;
  /** Hashes the name of an end user with a secret; absent without one, and then hashed end users stay unknown. */
  readonly hashEndUser?: ((endUser: string) => string) | undefined;
  /**
   * The APIs that providers turned out to lack; absent if this is not tracked, in which case no other API is tried.
   */
  readonly unspoken?: UnspokenApis;
  /** If absent, bodies of any size are translated in the request's own thread. */
  readonly translator?: Translator;
  /** If absent, no files are fetched, even if the configuration allows it. */
  readonly media?: MediaFetcher;
  /** Absent if costs are not calculated. */
  readonly costs?: CostMeter;
  /** If absent, no answers are cached, even if the configuration allows it. */
  readonly answers?: AnswerCache;
  /** Absent if tracing is disabled. */
  readonly tracing?: Tracing;
  /** Whether somebody records or watches requests, so that they keep what only people ask for. */
  readonly isObserved?: () => boolean;
}

/** The gateway's mutable state, of one process or shared between workers. */
export interface Ledgers {
  readonly buckets: Buckets;
  readonly counters: Counters;
  readonly estimates: Estimates;
  readonly cooldowns: Cooldowns;
  readonly traffic: Traffic;
  readonly turns: Turns;
  readonly objects: ObjectOwners;
}

/** A client's request, of which only the head has been read. */
export interface ClientRequest {
  readonly method: string;
  /** Starts with a slash and has no query. */
  readonly path: string;
  /** The query with its question mark, or ''. */
  readonly search: string;
  /** Set if the path was in the form of Azure's older API. `path` is in OpenAI's form. */
  readonly azure?: AzurePath | undefined;
  readonly headers: Fields;
  /**
   * The key that asks, if the server has found it already; null if nobody asks, at an open gateway. If omitted, the
   * gateway finds it.
   */
  readonly key?: MasterKey | null;
  /** Aborted when the client disconnects. */
  readonly signal: Signal;
  /** Returns '' if the address is unknown. */
  readonly clientAddress: () => string;
  /** Whether the runtime has sent the answer or given up. Absent if that is not observable. */
  readonly isAnswered?: () => boolean;
  /**
   * Returns the body if it has arrived. Rejects with a `Refusal` if the body is too large, too slow or incomplete, or if the named key has too many large
   * bodies in flight.
   */
  readonly readBody: (keyName: string | undefined) => Uint8Array | Promise<Uint8Array>;
}

/** Sends requests to providers. `send` never rejects: failures are values. */
export interface Upstream {
  readonly send: (request: UpstreamRequest) => Promise<UpstreamReply>;
}

export interface UpstreamRequest {
  readonly provider: Provider;
  readonly method: string;
  readonly path: string;
  readonly search: string;
  /** As in `ClientRequest`, with this provider's deployment. */
  readonly azure?: AzurePath | undefined;
  /** The upstream model, for provider URLs that contain it (Azure's older API). */
  readonly model?: string | undefined;
  /** Selects a URL of the provider instead of `path` and `search`; undefined for the client's path. */
  readonly target?: UpstreamTarget | undefined;
  readonly clientHeaders: Fields;
  /** Replaces the client's Content-Type if that is ambiguous; undefined keeps it. */
  readonly contentType?: string | undefined;
  /** The client's credentials that may be forwarded. Only providers without a configured credential receive them. */
  readonly clientCredentials: readonly HeaderField[];
  /** Keys that the client has presented. Fields that contain one are not forwarded. Defaults to none. */
  readonly withheld?: readonly string[];
  /** Replaces the client's trace context; undefined forwards it. */
  readonly traceContext?: readonly HeaderField[] | undefined;
  /** In pieces, so that a large body can be edited without copying; undefined for methods without a body. */
  readonly body: readonly Uint8Array[] | undefined;
  readonly cancellation: Cancellation;
  /** Called when the provider's connect timeout has passed. The caller has to abort. */
  readonly onConnectTimeout: () => void;
}

/**
 * An operation of a provider's API, from which the provider's type derives the URL. Used for translated requests, for
 * Claude at Bedrock or Vertex, and for the Gemini API, whose path contains the model.
 */
export interface UpstreamTarget {
  readonly api: ProviderApi | 'embeddings';
  readonly operation: 'generate' | 'count' | 'embed';
  /** The cloud that serves the Messages API, or Vertex for the Gemini API; undefined for the API's own host. */
  readonly carriage: 'bedrock' | 'vertex' | undefined;
  /** The upstream model. */
  readonly model: string;
  readonly isStream: boolean;
  /**
   * `translated`: a translation wrote the body, so the client's API-specific header fields are dropped and no
   * compression is requested. `carried`: the client's body is in a cloud's envelope, and only `anthropic-version` is
   * dropped. `passed`: the client's body.
   */
  readonly body: 'translated' | 'carried' | 'passed';
  /** Replaces the client's `anthropic-beta`; undefined sends none, except with a body that is `passed`. */
  readonly betas?: string | undefined;
}

/** Fetches the files that clients name by URL, from public addresses only. */
export interface MediaFetcher {
  /** Never rejects. */
  readonly fetch: (url: string, limits: MediaLimits) => Promise<MediaReply>;
}

export interface MediaLimits {
  readonly maxBytes: number;
  /** Timeout for the whole fetch in milliseconds. */
  readonly timeoutMs: number;
  /** Aborted when the client disconnects. */
  readonly signal: Signal;
  /** Called with the size of each piece. Returns false if the request has no room for it, which ends the fetch. */
  readonly take: (bytes: number) => boolean;
}

export type MediaReply =
  | { readonly kind: 'file'; readonly bytes: Uint8Array; readonly contentType: string }
  /** `why` is a clause such as `its host has no public address`, without any fetched data. */
  | { readonly kind: 'refused'; readonly why: string };

/** Cancels an attempt that nobody waits for. Costs a fraction of an abort signal. */
export interface Cancellation {
  readonly isCancelled: boolean;
  /** Called once on cancellation. Set by the step that is currently in progress. */
  onCancel: (() => void) | undefined;
}

export type HeaderField = readonly [name: string, value: string];

export type UpstreamReply = (
  | {
      readonly kind: 'reply';
      readonly status: number;
      readonly headers: Fields;
      readonly body: ByteSource | null;
    }
  | UpstreamFailure
) & {
  /** Whether the request was sent twice, because the provider had already closed the first connection. */
  readonly isResent?: boolean;
  /** How long the TCP connect took in milliseconds, if it needed a new connection and the upstream knows. */
  readonly connectMs?: number;
};

/** A body that is read piece by piece or piped. `read` rejects if the body broke off. */
export interface ByteSource {
  readonly read: () => Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  /**
   * Passes each piece to `take` until the end, or until `take` returns `stop`. Rejects with any exception from
   * `take`. A piece that arrived as exactly one chunk of a chunked body may be offered to `takeFramed` first.
   */
  readonly pipe: (
    take: (chunk: Uint8Array) => Backpressure,
    takeFramed?: TakeFramed,
  ) => Promise<'end' | 'broken' | 'stop'>;
  /**
   * Returns the whole body if all of it has arrived in one piece of at most `maxBytes`, and nothing of it was read.
   * Absent if that is not observable.
   */
  readonly takeWhole?: (maxBytes: number) => Uint8Array | undefined;
  /** Discards the unread rest. */
  readonly cancel: () => Promise<void>;
}

/**
 * Takes a whole chunk together with its framing (RFC 9112 §7.1), which can be forwarded without a copy. Its data is
 * between the offsets. Returns `unframed` if the data alone is to be passed to `take`.
 */
export type TakeFramed = (chunk: Uint8Array, start: number, end: number) => Backpressure | 'unframed';

/** The result of handling a chunk: `stop` ends the pipe, a promise pauses it. */
export type Backpressure = Promise<unknown> | 'stop' | undefined;

/** `aborted`: `cancellation` ended the request, and the caller knows why. */
export type UpstreamFailure =
  | { readonly kind: 'unreachable'; readonly reason: UnreachableReason }
  | { readonly kind: 'aborted' };

export interface Clock {
  /** Monotonic milliseconds from an arbitrary origin. */
  readonly nowMs: () => number;
  /** Milliseconds since 1970, for dates. */
  readonly epochMs: () => number;
  /** Resolves after `ms`, or immediately when the signal aborts. Never rejects. */
  readonly sleep: (ms: number, signal: Signal) => Promise<void>;
  /** Calls the function once after `ms`. Returns a function that cancels the timer. */
  readonly setTimer: (ms: number, served: () => void) => () => void;
}

/** Rate limits per master key. */
export interface Buckets {
  /** Takes `cost` tokens (default 1). Returns a promise if the bucket lies behind a network. */
  readonly take: (key: string, limit: BucketLimit, nowMs: number, cost?: number) => Taking | Promise<Taking>;
  /** Drops buckets that are full again. */
  readonly sweep: (nowMs: number) => void;
}

/** See `CooldownLedger`, the implementation for one process. */
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
  readonly averageMs: (routeId: string) => number | undefined;
  readonly begin: (routeId: string) => void;
  readonly end: (routeId: string) => void;
  readonly measured: (routeId: string, firstByteMs: number, nowMs: number) => void;
}

/** Counts the requests of a rotation: 0, 1, 2, … */
export interface Turns {
  readonly next: (rotation: string) => number;
}

/** Connects requests to providers with the traces of client requests. */
export interface Tracing {
  /** Returns the trace header fields for an attempt, called once before each; undefined keeps the client's. */
  readonly attemptContext: (requestId: string) => readonly HeaderField[] | undefined;
  /** The trace of a request that has not ended; undefined if it is not recorded. */
  readonly recordedTrace: (requestId: string) => string | undefined;
}

export type Emit = (event: GatewayEvent) => void;

/** The state of the database in database mode. */
export interface DatabaseStatus {
  /** Whether the last answer is too old to distinguish a key that does not exist from one that was just created. */
  readonly isStale: boolean;
  /** Whether the last query was answered. */
  readonly isAnswering: boolean;
  /** Milliseconds since the last answer. */
  readonly sinceAnswerMs: number;
  /** Why the database's configuration is not adopted, as a clause; undefined if it is adopted. */
  readonly notAdopted: string | undefined;
}
