import type { WebSocketApi } from '../../protocols/web-socket/api.ts';
import type { KeyLimitSettings } from '../schema/access-schema.ts';
import type { Address } from '../compile/address.ts';
import type { ProviderPricing } from '../../prices/overrides.ts';
import type { PriceSettings } from './normalise-prices.ts';
import type { KeyOwnershipSettings, OwnerSettings } from './normalise-owners.ts';
import type { CacheBounds } from '../caching.ts';
import type { CachingSettings } from './normalise-cache.ts';
import type { Path } from './problems.ts';
import type { SpokenApi } from '../../translation/targets.ts';
import type { DialectName } from '../../translation/models/dialects.ts';
import type {
  CloudCredential,
  ConsoleSettings,
  DocsSettings,
  HealthSettings,
  LoggingSettings,
  MetricsSettings,
  ServerSettings,
  Timeouts,
  TranslationSettings,
} from '../snapshot.ts';
import type { RouteTranslation, Strategy } from '../../routing/route.ts';
import type { CooldownPolicy } from '../../routing/cooldown.ts';
import type { RetryPolicy } from '../../routing/decide.ts';

/**
 * A configuration in one unified form, with defaults filled in and units as in the program. Names are not resolved yet.
 * `at` is the place of a part in the file, for error messages.
 */
export interface Settings extends OwnerSettings {
  readonly listen: Address;
  readonly server: Omit<ServerSettings, 'host' | 'port' | 'drainDelayMs' | 'rewriteResponseModel'> & {
    /** undefined: the environment decides. */
    readonly drainDelayMs: number | undefined;
  };
  readonly workers: number | 'auto';
  readonly keys: readonly KeySettings[];
  readonly allowUnauthenticated: boolean;
  readonly publicModels: boolean;
  readonly providers: readonly ProviderSettings[];
  readonly models: readonly ModelSettings[];
  readonly rewriteResponseModel: boolean;
  /** undefined: `random` for models with their own routes, `round_robin` for all others. */
  readonly strategy: Strategy | undefined;
  readonly fallbacks: readonly FallbackSettings[];
  readonly retry: RetryPolicy;
  readonly cooldown: CooldownPolicy;
  /** Single statuses as numbers, classes as `5xx`. */
  readonly errorCodes: readonly (number | string)[];
  readonly errorPatterns: readonly string[];
  readonly translation: TranslationSettings;
  readonly cache: CacheBounds;
  readonly health: HealthSettings;
  readonly metrics: MetricsSettings;
  readonly docs: DocsSettings;
  readonly console: ConsoleSettings;
  readonly prices: PriceSettings;
  /** Settings that are probably not intended, one sentence each. */
  readonly warnings: readonly string[];
  /** `language` undefined: the environment decides. */
  readonly logging: Omit<LoggingSettings, 'language'> & { readonly language: 'en' | 'zh' | undefined };
}

export interface KeySettings {
  readonly at: Path;
  /** The id that its use is counted by: its first name, or the id of the resource. */
  readonly id: string;
  readonly name: string;
  readonly key: string;
  readonly enabled: boolean;
  /** Names or patterns; empty: all models. */
  readonly allowedModels: readonly string[];
  readonly mayRelaxTranslation: boolean;
  /** undefined: the key does not opt in. */
  readonly caching: CachingSettings | undefined;
  /** The limits before the body is read. */
  readonly limits: KeyLimitSettings;
  readonly ownership: KeyOwnershipSettings;
}

export interface ProviderSettings {
  readonly at: Path;
  readonly apiBase: { readonly at: Path; readonly text: string };
  readonly name: string;
  readonly pathVersion: 'add' | 'as_sent';
  /** As it is written; undefined: it is not. */
  readonly type: string | undefined;
  readonly apiKey: string | undefined;
  readonly enabled: boolean;
  readonly weight: number;
  /** From the client's name or pattern to the provider's name. */
  readonly mapping: ReadonlyMap<string, string>;
  readonly headers: ReadonlyMap<string, string>;
  readonly timeouts: Timeouts;
  readonly verifyTls: boolean;
  readonly caFile: string | undefined;
  readonly proxy: string | undefined;
  /** How its prices are found. */
  readonly pricing: Omit<ProviderPricing, 'apiBase'>;
  readonly forwardClientAuth: boolean;
  readonly streamUsage: 'include' | 'passthrough';
  readonly apis: readonly SpokenApi[] | undefined;
  readonly dialect: DialectName | undefined;
  readonly apiVersion: string | undefined;
  readonly region: string | undefined;
  readonly project: string | undefined;
  readonly location: string | undefined;
  readonly credential: CloudCredential | undefined;
  readonly anthropicBeta: 'pass' | 'drop' | readonly string[] | undefined;
  readonly autoCache: boolean;
  readonly websockets: readonly WebSocketApi[];
  /** Overrides of the top level. */
  readonly translation: Partial<TranslationSettings>;
}

export interface ModelSettings {
  readonly at: Path;
  readonly name: string;
  readonly enabled: boolean;
  /** undefined: the gateway's setting applies. */
  readonly rewriteResponseModel: boolean | undefined;
  /** Overrides of the provider and the top level. */
  readonly translation: Partial<TranslationSettings>;
  /** undefined: the model does not opt in. */
  readonly caching: CachingSettings | undefined;
  readonly routes: readonly RouteSettings[];
}

export interface RouteSettings {
  readonly at: Path;
  readonly provider: { readonly at: Path; readonly name: string };
  readonly upstreamModel: string;
  readonly priority: number;
  /** undefined: the provider's weight applies. */
  readonly weight: number | undefined;
  readonly enabled: boolean;
  readonly translation: RouteTranslation | undefined;
}

/** The models that replace `model`, in order. */
export interface FallbackSettings {
  readonly at: Path;
  readonly model: string;
  readonly targets: readonly string[];
}
