import type { BucketLimit } from '../limits/bucket.ts';
import type { CooldownPolicy } from '../routing/cooldown.ts';
import type { RetryPolicy } from '../routing/decide.ts';
import type { Model } from '../routing/route.ts';
import type { ClientApi, ProviderApi } from '../translation/conversation.ts';
import type { Policy } from '../translation/losses.ts';
import type { DialectName } from '../translation/models/dialects.ts';
import type { ProviderPricing } from '../prices/overrides.ts';
import type { PriceSettings } from './read/normalise-prices.ts';
import type { TrustsProxy } from './read/trusted-proxies.ts';

/**
 * The compiled configuration of one version: everything that a request asks is one look-up away. It is never
 * changed, only replaced, and a request keeps the one that it began with.
 */
export interface Snapshot {
  /** Counts up with every accepted configuration of this process; in database mode, the revision. */
  readonly version: number;
  readonly loadedAt: Date;
  readonly server: ServerSettings;
  readonly providers: ReadonlyMap<string, Provider>;
  /** The models that the configuration names, without those that only a pattern or an open provider serves. */
  readonly models: ReadonlyMap<string, Model>;
  /** The patterns by which further models are served, the closest first; `*`: a provider that serves any. */
  readonly patterns: readonly string[];
  /** The model of that name, exact, by pattern, or from a provider that serves any; undefined: nobody serves it. */
  readonly findModel: (name: string) => Model | undefined;
  readonly access: Access;
  readonly retry: RetryPolicy;
  readonly cooldown: CooldownPolicy;
  readonly detection: Detection;
  readonly health: HealthSettings;
  /** How requests for this public model are translated for this provider. */
  readonly translation: (model: string, provider: Provider) => TranslationSettings;
  readonly metrics: MetricsSettings;
  readonly docs: DocsSettings;
  readonly prices: PriceSettings;
  readonly logging: LoggingSettings;
  /** Processes that serve requests; `auto`: one for each processor. */
  readonly workers: number | 'auto';
  /** Every secret that the configuration holds, longest first, to be masked by value wherever text is written. */
  readonly secrets: readonly string[];
  /** What is legal but probably not meant, one sentence each. */
  readonly warnings: readonly string[];
}

/** Who may use the proxy. `keys` are found by the SHA-256 of the presented key, as lower-case hex. */
export type Access =
  | {
      readonly kind: 'open';
      /** Whether the operator wrote `allow_unauthenticated: true`, and did not just name no key. */
      readonly isIntended: boolean;
    }
  | {
      readonly kind: 'keys';
      readonly keys: ReadonlyMap<string, MasterKey>;
      /** Whether `/v1/models` answers without a key. */
      readonly publicModels: boolean;
      /** Whether keys may exist that are not known here, because the store can't be asked just now. Never, if left out. */
      readonly isStale?: () => boolean;
    };

export interface MasterKey {
  readonly name: string;
  /** SHA-256 of the key, lower-case hex. */
  readonly hash: string;
  /** Enough of the key to recognise it, such as `sk-ab****cdef`. */
  readonly preview: string;
  readonly enabled: boolean;
  /** The names and patterns that `allows` goes by; empty: all models. */
  readonly allowedModels: readonly string[];
  readonly allows: (model: string) => boolean;
  /** Whether `allows` is true for everything. */
  readonly unrestricted: boolean;
  /** undefined: no limit. */
  readonly limit: BucketLimit | undefined;
  /** Whether its requests may ask for a policy of translation that is less strict than the configured one. */
  readonly mayRelaxTranslation: boolean;
}

/** An upstream account. */
export interface Provider {
  readonly name: string;
  /** Which URLs it has, and where it looks for a credential: as written, else as its host says. */
  readonly type: ProviderType;
  /** What the configuration says of the APIs behind it. */
  readonly speaks: Speaks;
  /** Bedrock: the region that requests are signed for. */
  readonly region: string | undefined;
  /** Vertex. */
  readonly project: string | undefined;
  /** Vertex: a region, `us`, `eu` or `global`. */
  readonly location: string | undefined;
  /** What of the client's `anthropic-beta` goes on. A list names those that do. */
  readonly anthropicBeta: 'pass' | 'drop' | readonly string[];
  /** Whether translated requests in the Messages API ask for prompt caching. */
  readonly autoCache: boolean;
  /** Whether it serves the Responses API over WebSockets. */
  readonly websockets: boolean;
  /** What to authenticate with where that is no `apiKey`; undefined: `apiKey`, or nothing. */
  readonly credential: CloudCredential | undefined;
  /** Without a trailing slash; http or https. */
  readonly apiBase: string;
  /** `add`: a path without a version is meant below the API's root. `as_sent`: paths go behind the base as they come. */
  readonly pathVersion: 'add' | 'as_sent';
  /** undefined: nothing is sent as a credential. */
  readonly apiKey: string | undefined;
  /** Added to every request, in place of a header of the same name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly timeouts: Timeouts;
  readonly tls: { readonly verify: boolean; readonly caFile: string | undefined };
  /** URL of an HTTP proxy; undefined: as `HTTPS_PROXY` and `NO_PROXY` say. */
  readonly proxy: string | undefined;
  /** How the prices of its models are found. */
  readonly pricing: ProviderPricing;
  readonly forwardClientAuth: boolean;
  /** Whether `stream_options.include_usage` is asked for where the client did not. */
  readonly streamUsage: 'include' | 'passthrough';
}

/** What is said of the APIs that a provider speaks. What is undefined is left to its host, or to the first answers. */
export interface Speaks {
  readonly type: ProviderType | undefined;
  readonly apiBase: string | undefined;
  /** What passes untouched, whatever the type is. */
  readonly apis: readonly SpokenApi[] | undefined;
  readonly dialect: DialectName | undefined;
  /** Azure: `v1`, or the date of an older API, which then stands in every URL. */
  readonly apiVersion: string | undefined;
}

export type SpokenApi = ClientApi | ProviderApi;

/** The kind of API behind a provider: which URLs it has, and how it is shown a credential. */
export type ProviderType =
  | 'openai'
  | 'azure'
  | 'openai-responses'
  | 'anthropic'
  | 'gemini'
  | 'vertex'
  | 'bedrock';

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

/** How a client's API is put into another one. */
export interface TranslationSettings {
  /** What becomes of what the other API does not have. */
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
  /** Until the answer begins; of a stream, also the silence before its first content. */
  readonly firstByteMs: number;
  /** In place of `firstByteMs` where an answer is generated and not streamed. */
  readonly answerMs: number;
  /** A stream that is alive without content. */
  readonly thinkingMs: number;
  /** After so long such a stream goes to the client as it comes. */
  readonly commitAfterMs: number;
  readonly idleMs: number;
  /** From the first byte sent to the last byte received. */
  readonly attemptMs: number;
}

export interface ServerSettings {
  readonly host: string;
  readonly port: number;
  readonly maxBodyBytes: number;
  /** For bodies that are still being received, in this process; undefined: a part of the memory. */
  readonly bodyMemoryBytes: number | undefined;
  /** How long a client may take over sending a body; Infinity: no limit. */
  readonly bodyTimeoutMs: number;
  /** Infinity: no limit. */
  readonly requestTimeoutMs: number;
  /** Between the signal to stop and the end of listening. */
  readonly drainDelayMs: number;
  readonly drainTimeoutMs: number;
  readonly corsOrigins: readonly string[];
  /** undefined: no proxy is trusted. */
  readonly trustsProxy: TrustsProxy | undefined;
  readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined;
  readonly rewriteResponseModel: (model: string) => boolean;
}

export interface Detection {
  /** Whether an upstream's status counts as a failure. */
  readonly isErrorStatus: (status: number) => boolean;
  /** Found in the body of an error, they make it a failure. */
  readonly errorPatterns: readonly string[];
}

/** How the providers are tested without a request for them. */
export interface HealthSettings {
  /** Infinity: never. */
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly probe: 'models' | 'chat';
}

export interface MetricsSettings {
  /** A listener of their own; undefined: `/metrics` on the main one. */
  readonly port: number | undefined;
  /** Bearer token that reading them needs; undefined: none. */
  readonly token: string | undefined;
}

export interface DocsSettings {
  /** Whether `/docs` and `/openapi.json` are there. */
  readonly enabled: boolean;
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
