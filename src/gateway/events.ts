import type { Fields } from '../lib/http/fields.ts';
import type { Attribution } from './attribution.ts';
import type { CacheUse } from './cache/cache-use.ts';
import type { Cost } from './cost.ts';
import type { Usage } from '../protocols/protocol.ts';
import type { ScopeKind } from '../limits/claim.ts';
import type { Attempt } from '../routing/outcome.ts';
import type { SkippedRoute } from '../routing/skipped.ts';

/**
 * Everything that the gateway reports. Metrics, logs and traces are built from these events alone. Times are
 * milliseconds of the gateway's clock.
 */
export type GatewayEvent =
  | RequestStarted
  | RequestReceived
  | AnswerBytes
  | AttemptEnded
  | RouteCooled
  | ApiMissing
  | ProviderProbed
  | LimitEvent
  | RequestEnded
  | ConfigurationAccepted
  | ConfigurationRefused
  | AlertEnded
  | Bug;

/** A request has arrived. Exactly one `request-ended` follows. */
export interface RequestStarted {
  readonly type: 'request-started';
  readonly requestId: string;
  readonly method: string;
  /** The route pattern, as in `RequestEnded`. */
  readonly endpoint: string;
  /** The client's path without the query. For logs, never for labels. */
  readonly path: string;
  readonly headers: Fields;
}

/** A request has been admitted: its key, limits and model are checked. */
export interface RequestReceived {
  readonly type: 'request-received';
  readonly requestId: string;
  readonly model: string;
  /** undefined if no key is required. */
  readonly keyName: string | undefined;
  readonly clientAddress: () => string;
  /** The body as the client sent it. */
  readonly body: Uint8Array;
}

/** Bytes of the answer are sent to the client. Emitted only if the configuration enables a file per request. */
export interface AnswerBytes {
  readonly type: 'answer-bytes';
  readonly requestId: string;
  readonly headers: Fields;
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

/** A provider turned out to lack an API. Requests are translated to another one for the next hour. */
export interface ApiMissing {
  readonly type: 'api-missing';
  readonly requestId: string;
  readonly provider: string;
  readonly api: string;
  readonly operation: string;
}

/** The events of requests with limits. Only metrics count them. */
export type LimitEvent = LimitRefused | HoldGrown | HoldsSettled | HoldsLost;

/** Whether only metrics count the event. The end of the request tells a refusal. */
export function isLimitEvent(event: GatewayEvent): event is LimitEvent {
  return LIMIT_EVENTS.has(event.type);
}

const LIMIT_EVENTS: ReadonlySet<GatewayEvent['type']> = new Set<LimitEvent['type']>([
  'limit-refused',
  'hold-grown',
  'holds-settled',
  'holds-lost',
]);

/** A limit of the configuration, by names of the configuration. */
export interface LimitName {
  readonly scope: ScopeKind;
  /** The key, user, team or end user; '' for the whole gateway. */
  readonly name: string;
  readonly limitId: string;
}

/** A request does not fit in a limit. */
export interface LimitRefused extends LimitName {
  readonly type: 'limit-refused';
  readonly requestId: string;
}

/** A streamed answer is longer than expected, so its request holds twice the output. */
export interface HoldGrown {
  readonly type: 'hold-grown';
  readonly requestId: string;
}

/** A served request with limits has ended, and what it held is settled. */
export interface HoldsSettled {
  readonly type: 'holds-settled';
  readonly requestId: string;
  /** The used amount divided by the held amount: of money, else of tokens; undefined if neither is limited. */
  readonly usedOfHeld: number | undefined;
  /** Nano-dollars over each budget that this request has passed. */
  readonly overspent: readonly (LimitName & { readonly nano: number })[];
}

/** A process died with requests under way, whose holds are charged. */
export interface HoldsLost {
  readonly type: 'holds-lost';
  readonly count: number;
}

/** A provider was probed. */
export interface ProviderProbed {
  readonly type: 'provider-probed';
  readonly provider: string;
  /** The error without address or secrets; undefined on success. */
  readonly error: string | undefined;
  readonly latencyMs: number;
}

/**
 * The end of a request, emitted once for each, including refused ones. `truncated`: the provider's stream broke off
 * after content was sent. `client-left`: the client disconnected before its answer was complete. The parts of the
 * attribution are undefined without a configuration of them; they are for records and logs, never for labels.
 */
export interface RequestEnded extends Partial<Attribution> {
  readonly type: 'request-ended';
  readonly requestId: string;
  readonly ending: Ending;
  readonly method: string;
  /** The route pattern, never a client's string. */
  readonly endpoint: string;
  /** The requested model, if it is served. */
  readonly model: string | undefined;
  /** The configured name or pattern that serves the model. Unlike `model`, clients cannot choose it. */
  readonly servedAs: string | undefined;
  readonly provider: string | undefined;
  readonly keyName: string | undefined;
  /** Available while the connection exists; undefined if `request-received` has reported it. */
  readonly clientAddress?: (() => string) | undefined;
  readonly status: number;
  /** The code of a gateway refusal. */
  readonly code: string | undefined;
  readonly history: readonly Attempt[];
  /** The unavailable routes that were passed over; undefined: none, or nobody asks. */
  readonly skipped?: readonly SkippedRoute[] | undefined;
  /** The tokens used; undefined if there was no answer, or one without tokens. */
  readonly usage: Usage | undefined;
  /** How the request was translated for the provider, and what was lost; undefined if it was not translated. */
  readonly translation?: TranslationReport | undefined;
  /** Whether the gateway estimated the usage because the provider did not report it. */
  readonly isUsageEstimated: boolean;
  /** undefined if the request has no price because it generates nothing, or if costs are not calculated. */
  readonly cost?: Cost | undefined;
  /** The effect of the response cache; undefined if none is configured for the request. */
  readonly cache?: CacheUse | undefined;
  /** Whether the answer was an event stream. */
  readonly isStreamed: boolean;
  /** The time that the gateway itself took, without attempts, pauses and reading the body. */
  readonly overheadMs: number | undefined;
  readonly startedAtMs: number;
  /** When the request had been read and admitted; undefined: it was not. */
  readonly plannedAtMs?: number | undefined;
  /** When the first byte of the answer arrived; undefined if there was none. */
  readonly firstByteAtMs: number | undefined;
  readonly endedAtMs: number;
  /** 32 hex digits; undefined if the request's trace is not recorded. */
  readonly traceId?: string | undefined;
  /** The header fields of the request, and of the provider's last answer. For records and logs, never for labels. */
  readonly requestHeaders?: Fields | undefined;
  readonly answerHeaders?: Fields | undefined;
}

/** The losses of a request in translation to another API and back. */
export interface TranslationReport {
  /** The name of an API, such as `openai-chat`. */
  readonly from: string;
  readonly to: string;
  readonly losses: readonly ReportedLoss[];
  /** The number of losses, including those that the list omits. */
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

/** An operator was told of something, or there is no webhook for it. */
export interface AlertEnded {
  readonly type: 'alert-ended';
  /** `failed`: a webhook did not accept it in five tries. `logged`: there is no webhook for it. */
  readonly state: 'sent' | 'failed' | 'logged';
  /** A sentence of what it is about. */
  readonly text: string;
}

/** An exception that is not a `Refusal`. */
export interface Bug {
  readonly type: 'bug';
  readonly requestId: string | undefined;
  readonly error: unknown;
}
