import type { WebSocketApi } from '../protocols/web-socket/api.ts';
import type { KeyLimits } from './compile/key-limits.ts';
import type { Caching } from './caching.ts';
import type { CompiledLimits } from './compiled-limits.ts';
import type { KeyOwnership, Owners } from './owners.ts';
import type { AlertHook, AttributionSettings, SharedStateSettings, SpendSettings } from './spend-settings.ts';
import type { CooldownPolicy } from '../routing/cooldown.ts';
import type { RetryPolicy } from '../routing/decide.ts';
import type { Model } from '../routing/route.ts';
import type { Policy } from '../translation/losses.ts';
import type { ProviderType } from '../translation/provider-type.ts';
import type { SpeakingProvider } from '../translation/targets.ts';
import type { ProviderPricing } from '../prices/overrides.ts';
import type { PriceSettings } from './read/normalise-prices.ts';
import type { TrustsProxy } from './read/trusted-proxies.ts';

/**
 * The compiled configuration of one version; everything that a request needs is one look-up away. It is immutable: a
 * new version replaces it, and a request keeps the one that it started with.
 */
export interface Snapshot {
  /** Counts the accepted configurations of this process; in database mode, the revision. */
  readonly version: number;
  readonly loadedAt: Date;
  readonly server: ServerSettings;
  readonly providers: ReadonlyMap<string, Provider>;
  /** The models that the configuration names, without those that only a pattern or an open provider serves. */
  readonly models: ReadonlyMap<string, Model>;
  /** The patterns that serve further models, the most specific first; `*`: a provider that serves any model. */
  readonly patterns: readonly string[];
  /**
   * The model of that name: exact, by pattern, or from a provider that serves any model; undefined: no provider serves it.
   */
  readonly findModel: (name: string) => Model | undefined;
  readonly access: Access;
  readonly retry: RetryPolicy;
  readonly cooldown: CooldownPolicy;
  readonly detection: Detection;
  readonly health: HealthSettings;
  /** How requests for this public model are translated for this provider. */
  readonly translation: (model: string, provider: Provider) => TranslationSettings;
  /** undefined: no answer is cached. */
  readonly caching: Caching | undefined;
  readonly metrics: MetricsSettings;
  readonly docs: DocsSettings;
  readonly console: ConsoleSettings;
  readonly prices: PriceSettings;
  readonly limits: CompiledLimits;
  readonly owners: Owners;
  readonly spend: SpendSettings;
  readonly sharedState: SharedStateSettings;
  readonly attribution: AttributionSettings;
  readonly alerts: readonly AlertHook[];
  readonly logging: LoggingSettings;
  /** The number of processes that serve requests; `auto`: one per processor. */
  readonly workers: number | 'auto';
  /** Every secret in the configuration, longest first, to be redacted wherever text is written. */
  readonly secrets: readonly string[];
  /** Settings that are legal but probably not intended, one sentence each. */
  readonly warnings: readonly string[];
  /** Those of the warnings that are about single keys, whatever the time, by the id of the key. */
  readonly keyWarnings: ReadonlyMap<string, readonly string[]>;
}

/** The clients that may use the proxy. `keys` are indexed by the SHA-256 of the presented key, in lower-case hex. */
export type Access =
  | {
      readonly kind: 'open';
      /** Whether the operator wrote `allow_unauthenticated: true` rather than just naming no key. */
      readonly isIntended: boolean;
    }
  | {
      readonly kind: 'keys';
      readonly keys: ReadonlyMap<string, MasterKey>;
      /** Whether `/v1/models` answers without a key. */
      readonly publicModels: boolean;
      /** Whether unknown keys may exist because the store is unavailable. If omitted, they never exist. */
      readonly isStale?: () => boolean;
    };

export interface MasterKey extends KeyLimits, KeyOwnership {
  readonly name: string;
  /** SHA-256 of the key in lower-case hex. */
  readonly hash: string;
  /** The hash of the secret that opens this entry: `hash`, or that of the previous secret during the grace period of its rotation. */
  readonly secretHash: string;
  /** Enough of the key to recognise it, such as `sk-ab****cdef`. */
  readonly preview: string;
  readonly enabled: boolean;
  /** Milliseconds since 1970 from which on it is refused as expired: `expiresAtMs` and the grace; Infinity: never. */
  readonly refusedFromMs: number;
  /** The names and patterns behind `allows`: its own, else those of its nearest team that has some; empty: all models. */
  readonly allowedModels: readonly string[];
  readonly allows: (model: string) => boolean;
  /** Whether `allows` is always true. */
  readonly unrestricted: boolean;
  /** Whether its requests may ask for a policy of translation that is less strict than the configured one. */
  readonly mayRelaxTranslation: boolean;
}

/** An upstream account. */
export interface Provider {
  readonly name: string;
  /** Decides its URLs and where it looks for a credential: as written, else as its host says. */
  readonly type: ProviderType;
  /** The APIs behind the provider as configured, for `routeSpeech`. */
  readonly speaks: SpeakingProvider;
  /** Bedrock: the region that requests are signed for. */
  readonly region: string | undefined;
  /** Vertex. */
  readonly project: string | undefined;
  /** Vertex: a region, `us`, `eu` or `global`. */
  readonly location: string | undefined;
  /** The values of the client's `anthropic-beta` that are forwarded. A list names them. */
  readonly anthropicBeta: 'pass' | 'drop' | readonly string[];
  /** Whether translated requests in the Messages API ask for prompt caching. */
  readonly autoCache: boolean;
  /** The APIs that it serves over WebSockets. */
  readonly websockets: readonly WebSocketApi[];
  /** The credential, unless it is an `apiKey`; undefined: `apiKey`, or none. */
  readonly credential: CloudCredential | undefined;
  /** Without a trailing slash; http or https. */
  readonly apiBase: string;
  /**
   * `add`: a path without a version is relative to the API's root. `as_sent`: paths are appended to the base unchanged.
   */
  readonly pathVersion: 'add' | 'as_sent';
  /** undefined: no credential is sent. */
  readonly apiKey: string | undefined;
  /** Added to every request; they replace headers of the same name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly timeouts: Timeouts;
  readonly tls: { readonly verify: boolean; readonly caFile: string | undefined };
  /** URL of an HTTP proxy; undefined: `HTTPS_PROXY` and `NO_PROXY` decide. */
  readonly proxy: string | undefined;
  /** How the prices of its models are found. */
  readonly pricing: ProviderPricing;
  readonly forwardClientAuth: boolean;
  /** Whether to ask for `stream_options.include_usage` where the client does not. */
  readonly streamUsage: 'include' | 'passthrough';
}

/** Credentials of clouds, which are no header by themselves. All of it is secret but the names. */
export type CloudCredential =
  | {
      readonly kind: 'aws';
      readonly accessKeyId: string;
      readonly secretAccessKey: string;
      /** Only with temporary credentials. */
      readonly sessionToken: string | undefined;
    }
  | {
      readonly kind: 'google';
      readonly clientEmail: string;
      /** PKCS#8 in PEM. */
      readonly privateKey: string;
      readonly privateKeyId: string | undefined;
      /** https. */
      readonly tokenUri: string;
    }
  | {
      readonly kind: 'token';
      /** An access token of Google's. */
      readonly token: string;
    };

/** How requests and answers are translated between APIs. */
export interface TranslationSettings {
  /** The policy for features that the other API lacks. */
  readonly unsupported: Policy;
  /** Whether Gemini's signatures travel in the ids of tool calls. */
  readonly signatureIds: boolean;
  /** Whether media that a client names by URL are fetched for providers that take only bytes. */
  readonly fetchMedia: boolean;
  /** The largest that is fetched. */
  readonly maxMediaBytes: number;
}

/** Limits of one attempt. Infinity: none. */
export interface Timeouts {
  readonly connectMs: number;
  /** Until the response begins; of a stream, also until its first content. */
  readonly firstByteMs: number;
  /** Replaces `firstByteMs` for generated answers that are not streamed. */
  readonly answerMs: number;
  /** For a stream that shows signs of life but no content. */
  readonly thinkingMs: number;
  /** After this time such a stream is passed on as it comes. */
  readonly commitAfterMs: number;
  readonly idleMs: number;
  /** From the first byte sent to the last byte received. */
  readonly attemptMs: number;
}

export interface ServerSettings {
  readonly host: string;
  readonly port: number;
  /** `lean` takes plain requests itself, and hands the rest over to the runtime's server. */
  readonly engine: 'runtime' | 'lean';
  readonly maxBodyBytes: number;
  /** The memory for incomplete request bodies in this process; undefined: a share of the machine's memory. */
  readonly bodyMemoryBytes: number | undefined;
  /** How long a client may take to send a body; Infinity: no limit. */
  readonly bodyTimeoutMs: number;
  /** How long a client may leave an answer unread; Infinity: no limit. */
  readonly unreadTimeoutMs: number;
  /** Infinity: no limit. */
  readonly requestTimeoutMs: number;
  /** From the signal to stop until the listener closes. */
  readonly drainDelayMs: number;
  readonly drainTimeoutMs: number;
  /** WebSocket connections that may be open at once. */
  readonly maxWebSockets: number;
  readonly maxWebSocketsPerKey: number;
  readonly corsOrigins: readonly string[];
  /** undefined: no proxy is trusted. */
  readonly trustsProxy: TrustsProxy | undefined;
  readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined;
  readonly rewriteResponseModel: (model: string) => boolean;
}

export interface Detection {
  /** Whether a provider's status counts as a failure. */
  readonly isErrorStatus: (status: number) => boolean;
  /** Texts that turn an error into a failure if its body contains them. */
  readonly errorPatterns: readonly string[];
}

/** How providers are probed independently of requests. */
export interface HealthSettings {
  /** Infinity: never. */
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly probe: 'models' | 'chat';
}

export interface MetricsSettings {
  /** A separate listener; undefined: `/metrics` on the main one. */
  readonly port: number | undefined;
  /** The bearer token for reading metrics; undefined: none is needed. */
  readonly token: string | undefined;
}

export interface DocsSettings {
  /** Whether `/docs` and `/openapi.json` exist. */
  readonly enabled: boolean;
}

/** The console and the listener that it shares with the Admin API. */
export interface ConsoleSettings {
  readonly enabled: boolean;
  /** Starts with a slash and has none at its end. */
  readonly path: string;
  /** The address of a trace, with `{trace_id}`; undefined: there is none. */
  readonly traceUrl: string | undefined;
  /** The port of the Admin API and the console; undefined: they are on the main listener. */
  readonly adminPort: number | undefined;
}

export interface LoggingSettings {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly format: 'text' | 'json';
  readonly language: 'en' | 'zh';
  readonly generalFile: string | undefined;
  readonly separateFiles: boolean;
  readonly requestDir: string;
  readonly errorDir: string;
  readonly maskSensitive: boolean;
  readonly enableMetrics: boolean;
  readonly maxFileBytes: number;
  readonly maxFiles: number | undefined;
  readonly maxDays: number | undefined;
}
