import type { Cost } from './cost.ts';
import type { Usage } from '../protocols/protocol.ts';
import type { Attempt } from '../routing/outcome.ts';

/**
 * Everything that the gateway has to tell. Metrics, logs and traces are made of these and of nothing else.
 * Times are milliseconds of the gateway's clock.
 */
export type GatewayEvent =
  | RequestStarted
  | RequestReceived
  | AnswerBytes
  | AttemptEnded
  | RouteCooled
  | ApiMissing
  | ProviderProbed
  | RequestEnded
  | ConfigurationAccepted
  | ConfigurationRefused
  | Bug;

/** A request is at the door. Exactly one `request-ended` follows. */
export interface RequestStarted {
  readonly type: 'request-started';
  readonly requestId: string;
  readonly method: string;
  /** The route pattern, as in `RequestEnded`. */
  readonly endpoint: string;
  /** As the client wrote it, without the query: for logs, never for labels. */
  readonly path: string;
  readonly headers: Headers;
}

/** A request has passed the door: it has a key, a place in the limits, and a model. */
export interface RequestReceived {
  readonly type: 'request-received';
  readonly requestId: string;
  readonly model: string;
  /** undefined: none was asked for. */
  readonly keyName: string | undefined;
  readonly clientAddress: () => string;
  /** As the client sent it. */
  readonly body: Uint8Array;
}

/** A piece of the answer goes to the client. Told only where the configuration wants a file for each request. */
export interface AnswerBytes {
  readonly type: 'answer-bytes';
  readonly requestId: string;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
}

export interface AttemptEnded {
  readonly type: 'attempt-ended';
  readonly requestId: string;
  /** Counted from 1. */
  readonly number: number;
  readonly attempt: Attempt;
}

export interface RouteCooled {
  readonly type: 'route-cooled';
  readonly requestId: string;
  readonly routeId: string;
  readonly provider: string;
  readonly forMs: number;
}

/** A provider was found to lack an API, which is remembered for an hour: requests are translated to another one. */
export interface ApiMissing {
  readonly type: 'api-missing';
  readonly requestId: string;
  readonly provider: string;
  readonly api: string;
  readonly operation: string;
}

/** A provider was tested without a request for it. */
export interface ProviderProbed {
  readonly type: 'provider-probed';
  readonly provider: string;
  /** What was wrong, without address or secret; undefined: nothing. */
  readonly error: string | undefined;
  readonly latencyMs: number;
}

/**
 * How a request ended, told once for each, refused ones included. `truncated`: the provider's stream broke off
 * after content had been sent. `client-left`: the client closed before its answer was whole.
 */
export interface RequestEnded {
  readonly type: 'request-ended';
  readonly requestId: string;
  readonly ending: Ending;
  readonly method: string;
  /** The route pattern, never what a client wrote. */
  readonly endpoint: string;
  /** The model asked for, if it is one that is served. */
  readonly model: string | undefined;
  /** The name or the pattern in the configuration that serves it: unlike `model`, never of a client's making. */
  readonly servedAs: string | undefined;
  readonly provider: string | undefined;
  readonly keyName: string | undefined;
  /** Known as long as the connection is; undefined where a `request-received` has told it. */
  readonly clientAddress?: (() => string) | undefined;
  readonly status: number;
  /** The code of a refusal of our own. */
  readonly code: string | undefined;
  readonly history: readonly Attempt[];
  /** The tokens that it used; undefined where nothing was answered, or nothing that is made of tokens. */
  readonly usage: Usage | undefined;
  /** How the request was put into another API for the provider, and what was lost; undefined: it was not. */
  readonly translation?: TranslationReport | undefined;
  /** Whether the provider said nothing of tokens, or did not come to it, and they were counted here. */
  readonly isUsageEstimated: boolean;
  /** undefined: it has no price, since it generates nothing, or costs are not calculated. */
  readonly cost?: Cost | undefined;
  /** Whether the answer was a stream of events. */
  readonly isStreamed: boolean;
  /** The time that the gateway itself took, attempts, pauses and the reading of the body left out. */
  readonly overheadMs: number | undefined;
  readonly startedAtMs: number;
  /** When the first byte of the answer was there; undefined when there was none. */
  readonly firstByteAtMs: number | undefined;
  readonly endedAtMs: number;
}

/** What a request lost on its way into another API and back. */
export interface TranslationReport {
  /** As in `openai-chat`. */
  readonly from: string;
  readonly to: string;
  readonly losses: readonly ReportedLoss[];
  /** How many there were, those that are not in the list included. */
  readonly count: number;
}

export interface ReportedLoss {
  readonly what: 'dropped' | 'approximated' | 'repaired';
  readonly path: string;
  readonly why: string;
}

export type Ending = 'complete' | 'refused' | 'failed' | 'truncated' | 'client-left';

export interface ConfigurationAccepted {
  readonly type: 'configuration-accepted';
  readonly version: number;
  readonly warnings: readonly string[];
}

export interface ConfigurationRefused {
  readonly type: 'configuration-refused';
  readonly problems: readonly string[];
}

/** Something was thrown that is no refusal. */
export interface Bug {
  readonly type: 'bug';
  readonly requestId: string | undefined;
  readonly error: unknown;
}
