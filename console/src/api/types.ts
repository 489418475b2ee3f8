import type { Ending } from './endings.ts';

export interface Cooldown {
  readonly until: string;
  readonly seconds: number;
}

export type RouteState = 'available' | 'cooling' | 'on_trial' | 'probing' | 'draining' | 'disabled';
export type ProviderState = 'healthy' | 'cooling' | 'on_trial' | 'draining' | 'disabled';

export interface LiveRoute {
  readonly id: string;
  readonly provider: string;
  readonly model: string | null;
  readonly state: RouteState;
  readonly cooldown: Cooldown | null;
  readonly is_draining: boolean;
  readonly in_flight: number;
  readonly latency_ms: number | null;
}

export interface Route extends LiveRoute {
  readonly models: readonly RouteUse[];
}

/** A public model that a route serves. */
export interface RouteUse {
  readonly model: string;
  readonly priority: number;
  readonly weight: number;
  /** How probable it is that a first attempt takes this route now. */
  readonly share: number;
}

export interface ProviderStatus {
  readonly name: string;
  readonly state: ProviderState;
  readonly cooldown: Cooldown | null;
  readonly in_flight: number;
  readonly routes: number;
  readonly routes_available: number;
  readonly last_error: string | null;
  readonly last_error_at: string | null;
  readonly requests_5m: number;
  readonly success_rate_5m: number | null;
  readonly p95_ms_5m: number | null;
}

export interface Percentiles {
  readonly p50: number | null;
  readonly p95: number | null;
}

export interface Overview {
  readonly window_seconds: number;
  readonly requests_per_second: number;
  readonly error_rate: number;
  readonly latency_ms: Percentiles;
  readonly time_to_first_token_ms: Percentiles;
  readonly tokens_per_second: number;
  readonly requests: number;
  readonly failures: number;
  readonly cost_today: string | null;
  readonly unpriced_requests_today: number;
  readonly cost_yesterday: string | null;
  readonly cost_yesterday_same_time: string | null;
  readonly in_flight: number;
  readonly models: number;
  readonly providers: number;
  readonly keys: number;
  readonly uptime_seconds: number;
}

export interface Series {
  readonly since: string;
  readonly until: string;
  readonly step_seconds: number;
  readonly times: readonly string[];
  readonly series: readonly SeriesGroup[];
}

export interface SeriesGroup {
  readonly group: string | null;
  readonly is_other: boolean;
  readonly requests: readonly number[];
  readonly failures: readonly number[];
  readonly fallbacks: readonly number[];
  readonly prompt_tokens: readonly number[];
  readonly completion_tokens: readonly number[];
  readonly cost: readonly string[];
  readonly latency_p50_ms: readonly (number | null)[];
  readonly latency_p95_ms: readonly (number | null)[];
  readonly first_token_p50_ms: readonly (number | null)[];
  readonly first_token_p95_ms: readonly (number | null)[];
}

/** A request as the list and the live stream have it. */
export interface RequestRow {
  readonly request_id: string;
  readonly time: string;
  readonly key: string | null;
  readonly model: string | null;
  readonly provider: string | null;
  readonly attempts: number;
  readonly has_fallback?: boolean;
  readonly ending: Ending;
  readonly status: number;
  readonly code?: string | null;
  readonly total_tokens: number | null;
  readonly is_streamed: boolean;
  readonly time_to_first_token_ms: number | null;
  readonly duration_ms: number;
  readonly cost: string | number | null;
  readonly team?: string | null;
  readonly user?: string | null;
}

export type AttemptOutcome =
  | 'answered'
  | 'rejected'
  | 'rate-limited'
  | 'failed'
  | 'unreachable'
  | 'timed-out'
  | 'unsuitable'
  | 'cancelled';

export interface AttemptDetail {
  readonly provider: string;
  readonly model: string | null;
  readonly for_model: string | null;
  readonly reason: 'first' | 'retry' | 'fallback-route' | 'fallback-model' | 'last-resort';
  readonly is_probe: boolean;
  readonly outcome: AttemptOutcome;
  readonly status: number | null;
  readonly detail: string | null;
  readonly retry_after_ms: number | null;
  /** This and the next three: milliseconds, of which all but the second count from the request's arrival. */
  readonly start_ms: number;
  readonly connect_ms?: number | null;
  readonly head_ms?: number | null;
  readonly end_ms: number | null;
}

/** A route that was unavailable. */
export interface SkippedRoute {
  readonly provider: string;
  readonly model: string | null;
  readonly for_model: string;
  readonly why: 'cooling' | 'probing' | 'draining';
  readonly for_ms: number | null;
  readonly before_attempt: number;
}

type HeaderFields = readonly (readonly [name: string, value: string])[];

/** Headers and bodies as the configuration had them recorded. */
export interface Recorded {
  readonly request: RecordedMessage;
  readonly answer: RecordedMessage;
  readonly log: string;
}

export interface RecordedMessage {
  readonly title: string;
  readonly headers: string;
  readonly body: string;
}

export interface RequestDetail extends RequestRow {
  readonly prompt_tokens: number | null;
  readonly completion_tokens: number | null;
  readonly cached_tokens: number | null;
  readonly reasoning_tokens: number | null;
  readonly cache_write_tokens?: number | null;
  readonly is_estimated: boolean;
  readonly cost_basis: string | null;
  readonly price_ref: string | null;
  readonly prices?: AppliedPrices | null;
  /** The cost that the response cache saved. */
  readonly saved?: string | null;
  readonly attempts_detail: readonly AttemptDetail[];
  readonly started_at?: string | null;
  readonly overhead_ms?: number | null;
  readonly method?: string | null;
  readonly endpoint?: string | null;
  readonly translation?: Translation | null;
  readonly end_user?: string | null;
  readonly tags?: Readonly<Record<string, string>>;
  readonly tier?: string | null;
  readonly admitted_ms?: number | null;
  readonly skipped?: readonly SkippedRoute[];
  readonly trace_id?: string | null;
  readonly trace_url?: string | null;
  readonly is_recording?: boolean;
  readonly request_headers?: HeaderFields;
  readonly answer_headers?: HeaderFields;
}

/** The prices behind a cost. */
export interface AppliedPrices {
  readonly tier: string | null;
  readonly discount_percent: number;
  readonly meters: readonly {
    readonly meter: string;
    readonly price: string;
    /** The number of units that the price is for. */
    readonly per: number;
    readonly above: readonly { readonly input_tokens: number; readonly price: string }[];
  }[];
}

export interface Translation {
  readonly from: string;
  readonly to: string;
  readonly losses: readonly { readonly what: string; readonly path: string; readonly why: string }[];
  readonly count: number;
}

export interface RequestPage {
  readonly requests: readonly RequestRow[];
  readonly next_cursor: string | null;
  readonly searched_until?: string | null;
}

export interface FeedEntry {
  readonly at: string;
  readonly kind: string;
  readonly provider: string | null;
  readonly model: string | null;
  readonly key: string | null;
  /** The id of a route. */
  readonly route: string | null;
  readonly request_id: string | null;
  readonly version: number | null;
  readonly seconds: number | null;
  /** More words, such as an action. */
  readonly detail: string | null;
}

export interface Tick {
  readonly at: string;
  readonly seconds: number;
  readonly requests: number;
  readonly failures: number;
  readonly in_flight: number;
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly cost: string;
  readonly latency_ms: Percentiles;
  readonly ended: readonly RequestRow[];
  readonly more: number;
}

/** The gateways on one database, and how the one that answers shares limits and uses its cache. */
export interface Nodes {
  readonly nodes: readonly {
    readonly id: string;
    readonly host: string | null;
    readonly version: string;
    readonly started_at: string;
    readonly last_seen_at: string;
    readonly starts: number;
    readonly is_this: boolean;
    readonly state: 'live' | 'silent' | 'gone';
  }[];
  /** null: this gateway counts limits for itself. */
  readonly leases: {
    readonly is_up: boolean;
    readonly round_trip_ms: number;
    readonly waits: number;
    readonly claims: readonly { readonly counter: string; readonly amount: number }[];
  } | null;
  readonly cache: {
    readonly hits: number;
    readonly joined: number;
    readonly misses: number;
    readonly bypassed: number;
  };
}
