import { type Address, parseAddress } from '../compile/address.ts';
import { DEFAULTS } from '../schema/defaults.ts';
import type { Finding, Path } from './problems.ts';
import type { ConfigFile } from '../schema/schema.ts';
import type { KeySettings, ProviderSettings, Settings } from './settings.ts';
import { normaliseCache, normaliseCaching } from './normalise-cache.ts';
import { normaliseModels } from './normalise-models.ts';
import { normaliseKeyOwnership, normaliseOwners } from './normalise-owners.ts';
import { normaliseTranslation } from './normalise-translation.ts';
import { normalisePrices } from './normalise-prices.ts';
import { normaliseProvider } from './normalise-provider.ts';
import { compileTrustedProxies } from './trusted-proxies.ts';
import { bytesOf, limitOf, millisecondsOf } from '../schema/units.ts';

/** Unifies both ways to write a configuration and fills in the defaults. `findings` are contradictions in the file. */
export function normalise(file: ConfigFile): {
  readonly settings: Settings;
  readonly findings: readonly Finding[];
} {
  const findings: Finding[] = [];
  const report = (finding: Finding) => void findings.push(finding);
  const settings: Settings = {
    listen: normaliseListen(file, report),
    server: normaliseServer(file, report),
    workers: file.workers ?? DEFAULTS.workers,
    keys: normaliseKeys(file, report),
    ...normaliseOwners(file, report),
    allowUnauthenticated: file.allow_unauthenticated ?? false,
    publicModels: file.public_models ?? hasOnlyProxyKey(file),
    providers: normaliseProviders(file, report),
    models: normaliseModels(file.models ?? {}, report),
    rewriteResponseModel: file.rewrite_response_model ?? false,
    strategy: file.load_balancing?.strategy ?? undefined,
    translation: normaliseTranslation(file.translation ?? {}),
    cache: normaliseCache(file.cache),
    ...normaliseFallback(file),
    ...normaliseWatching(file),
    prices: normalisePrices(file, report),
    warnings: [],
    logging: normaliseLogging(file),
  };
  return { settings, findings };
}

/** The shape that opens the list of models: with one key for all, no key could be excluded. */
function hasOnlyProxyKey({ proxy_api_key: key, master_keys: keys }: ConfigFile): boolean {
  return typeof key === 'string' && (keys ?? []).length === 0;
}

function normaliseConsole({ console, admin }: ConfigFile): Settings['console'] {
  return {
    enabled: console?.enabled ?? true,
    path: console?.path ?? DEFAULTS.consolePath,
    traceUrl: console?.trace_url ?? undefined,
    adminPort: admin?.port ?? undefined,
  };
}

function normaliseWatching(
  file: ConfigFile,
): Pick<Settings, 'errorCodes' | 'errorPatterns' | 'health' | 'metrics' | 'docs' | 'console'> {
  const { detection, health, metrics, docs } = file;
  return {
    errorCodes: detection?.error_codes ?? DEFAULTS.errorCodes,
    errorPatterns: detection?.error_patterns ?? [],
    health: normaliseHealth(health),
    metrics: { port: metrics?.port ?? undefined, token: metrics?.token ?? undefined },
    docs: { enabled: docs?.enabled ?? true },
    console: normaliseConsole(file),
  };
}

function normaliseHealth(health: ConfigFile['health']): Settings['health'] {
  return {
    intervalMs: limitOf(health?.probe_interval ?? DEFAULTS.probeIntervalSeconds),
    timeoutMs: millisecondsOf(health?.probe_timeout ?? DEFAULTS.probeTimeoutSeconds),
    probe: health?.probe ?? DEFAULTS.probe,
  };
}

function normaliseListen(file: ConfigFile, report: (finding: Finding) => void): Address {
  const { listen, server } = file;
  const isInServer = typeof server?.port === 'number' || typeof server?.host === 'string';
  if (typeof listen !== 'string' && typeof listen !== 'number') {
    const host = (server?.host ?? DEFAULTS.host).replaceAll(/^\[|\]$/g, '');
    return { host, port: server?.port ?? DEFAULTS.port };
  }
  if (isInServer)
    report({
      path: ['listen'],
      part: 'key',
      message: 'conflicts with server.host and server.port; keep one of them',
    });
  const address = parseAddress(String(listen), DEFAULTS.host);
  if (address === undefined) {
    const message = 'is not an address to listen on; write ":8080", "127.0.0.1:8080" or "[::1]:8080"';
    report({ path: ['listen'], message });
  }
  return address ?? { host: DEFAULTS.host, port: DEFAULTS.port };
}

function normaliseServer(file: ConfigFile, report: (finding: Finding) => void): Settings['server'] {
  const server = file.server ?? {};
  const { tls, cors_origins: corsOrigins, trusted_proxies: proxies, drain_delay: delay } = server;
  return {
    engine: server.engine ?? DEFAULTS.serverEngine,
    maxBodyBytes: bytesOf(file.max_body_mb ?? DEFAULTS.maxBodyMb),
    bodyMemoryBytes: typeof file.body_memory_mb === 'number' ? bytesOf(file.body_memory_mb) : undefined,
    ...normaliseClientTimeouts(file.timeouts),
    drainDelayMs: typeof delay === 'number' ? millisecondsOf(delay) : undefined,
    drainTimeoutMs: millisecondsOf(file.drain_timeout ?? DEFAULTS.drainTimeoutSeconds),
    maxWebSockets: server.max_websockets ?? DEFAULTS.maxWebSockets,
    maxWebSocketsPerKey: server.max_websockets_per_key ?? DEFAULTS.maxWebSocketsPerKey,
    corsOrigins: corsOrigins ?? [],
    trustsProxy: compileTrustedProxies(proxies ?? [], report),
    tls: tls ? { certFile: tls.cert_file, keyFile: tls.key_file } : undefined,
  };
}

function normaliseClientTimeouts(
  timeouts: ConfigFile['timeouts'],
): Pick<Settings['server'], 'bodyTimeoutMs' | 'unreadTimeoutMs' | 'requestTimeoutMs'> {
  return {
    bodyTimeoutMs: limitOf(timeouts?.body_timeout ?? DEFAULTS.bodyTimeoutSeconds),
    unreadTimeoutMs: limitOf(timeouts?.unread_timeout ?? DEFAULTS.unreadTimeoutSeconds),
    requestTimeoutMs: limitOf(timeouts?.request_timeout ?? 0),
  };
}

function normaliseKeys(file: ConfigFile, report: (finding: Finding) => void): KeySettings[] {
  const reading = { report, read: new Map() };
  const keys = (file.master_keys ?? []).map((key, index): KeySettings => ({
    at: ['master_keys', index],
    id: key.renamed_from ?? key.name,
    name: key.name,
    key: key.key,
    enabled: key.enabled ?? true,
    allowedModels: key.allowed_models ?? [],
    mayRelaxTranslation: key.may_relax_translation ?? false,
    caching: normaliseCaching(key.cache),
    limits: { rate_limit: key.rate_limit },
    ownership: normaliseKeyOwnership(key, ['master_keys', index], reading),
  }));
  if (typeof file.proxy_api_key !== 'string') return keys;
  const path: Path = ['proxy_api_key'];
  return [
    {
      at: path,
      id: 'default',
      name: 'default',
      key: file.proxy_api_key,
      enabled: true,
      allowedModels: [],
      mayRelaxTranslation: false,
      caching: undefined,
      limits: {},
      ownership: normaliseKeyOwnership({}, path, reading),
    },
    ...keys,
  ];
}

function normaliseProviders(file: ConfigFile, report: (finding: Finding) => void): ProviderSettings[] {
  return (['providers', 'backends'] as const).flatMap((section) =>
    (file[section] ?? []).map((provider, index) =>
      normaliseProvider(provider, { file, at: [section, index], report }),
    ),
  );
}

function normaliseFallback(file: ConfigFile): Pick<Settings, 'fallbacks' | 'retry' | 'cooldown'> {
  const fallback = file.fallback ?? {};
  return {
    fallbacks: Object.entries(fallback.alias_fallback ?? {}).map(([model, targets]) => ({
      at: ['fallback', 'alias_fallback', model],
      model,
      targets,
    })),
    retry: {
      maxAttempts: fallback.max_retries || Infinity,
      retries: fallback.retries ?? undefined,
      backoffMs: millisecondsOf(fallback.retry_backoff ?? DEFAULTS.retryBackoffSeconds),
      maxWaitMs: millisecondsOf(fallback.max_retry_wait ?? DEFAULTS.maxRetryWaitSeconds),
    },
    cooldown: {
      cooldownMs: millisecondsOf(fallback.cooldown_seconds ?? DEFAULTS.cooldownSeconds),
      onClientErrors: fallback.cooldown_on_client_errors ?? false,
    },
  };
}

function normaliseLogging(file: ConfigFile): Settings['logging'] {
  const logging = file.logging ?? {};
  return {
    level: logging.level ?? DEFAULTS.logLevel,
    format: logging.format ?? DEFAULTS.logFormat,
    language: logging.language ?? undefined,
    generalFile: logging.general_file ?? undefined,
    separateFiles: logging.separate_files ?? false,
    requestDir: logging.request_dir ?? DEFAULTS.requestDir,
    errorDir: logging.error_dir ?? DEFAULTS.errorDir,
    maskSensitive: logging.mask_sensitive ?? true,
    enableMetrics: logging.enable_metrics ?? false,
    maxFileBytes: bytesOf(logging.max_file_size_mb ?? DEFAULTS.maxFileSizeMb),
    maxFiles: logging.max_files ?? undefined,
    maxDays: logging.max_days ?? undefined,
  };
}
