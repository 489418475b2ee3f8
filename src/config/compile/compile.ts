import { isPlainHeader } from '../secret-header.ts';
import { isLoopback } from './address.ts';
import { findSharedStateFaults } from './shared-state.ts';
import { findHookFaults } from './alert-hooks.ts';
import { buildCatalogue } from './catalogue.ts';
import { compileCaching } from './compile-caching.ts';
import { compileAccess, isHashedKey } from './compile-access.ts';
import { compileLimits } from './compile-limits.ts';
import { compileOwners } from './compile-owners.ts';
import { compileProviders } from './compile-providers.ts';
import { DEFAULTS } from '../schema/defaults.ts';
import { millisecondsOf } from '../schema/units.ts';
import type { Finding } from '../read/problems.ts';
import { credentialSecrets } from './credential-secrets.ts';
import type { ProviderSettings, Settings } from '../read/settings.ts';
import type { Detection, Provider, Snapshot, TranslationSettings } from '../snapshot.ts';
import { findKeyWarnings, findWarnings } from './warnings.ts';
import { keptEntries, type KeptKeys } from './kept-keys.ts';

/** The inputs of a snapshot besides its settings. */
export interface CompileContext {
  readonly version: number;
  readonly now: Date;
  /**
   * Whether this process has required keys before. It keeps requiring them even if the last one is gone: removing a key
   * must never open the gateway.
   */
  readonly staysLocked?: boolean;
  /** The language of the log if the settings name none. */
  readonly language?: 'en' | 'zh';
  /** Further keys than those of the settings, which were compiled before. `access` lacks them. */
  readonly kept?: KeptKeys | undefined;
}

export type CompileResult =
  | { readonly kind: 'compiled'; readonly snapshot: Snapshot }
  | { readonly kind: 'refused'; readonly findings: readonly Finding[] };

/** Resolves every name in the settings and builds the snapshot. Pure. */
export function compile(settings: Settings, context: CompileContext): CompileResult {
  const providers = compileProviders(settings.providers);
  const catalogue = buildCatalogue(settings);
  const { kept } = context;
  const owners = compileOwners(settings, kept?.keys);
  const access = compileAccess(settings, owners.byName, context.staysLocked ?? false);
  const limits = compileLimits(settings, owners.byName, { models: [...catalogue.models.keys()], kept });
  const findings = [
    ...providers.findings,
    ...catalogue.findings,
    ...access.findings,
    ...owners.findings,
    ...limits.findings,
    ...findHookFaults(settings.alerts),
    ...findSharedStateFaults(settings),
    ...findOpenDoor(settings, context),
  ];
  if (findings.length > 0) return { kind: 'refused', findings };
  const parts = {
    providers: providers.providers,
    models: catalogue.models,
    patterns: catalogue.patterns,
    findModel: catalogue.findModel,
    access: access.access,
  };
  const keyWarnings = findKeyWarnings(settings, parts);
  if (kept !== undefined)
    for (const [id, warnings] of keptEntries(kept.keyWarnings, kept)) keyWarnings.set(id, warnings);
  return {
    kind: 'compiled',
    snapshot: {
      version: context.version,
      loadedAt: context.now,
      ...unchanged(settings),
      ...parts,
      server: compileServer(settings),
      caching: compileCaching(settings, kept),
      limits: limits.limits,
      owners: owners.owners,
      detection: compileDetection(settings),
      translation: compileTranslation(settings),
      logging: { ...settings.logging, language: settings.logging.language ?? context.language ?? 'en' },
      secrets: secretsOf(settings),
      warnings: [
        ...settings.warnings,
        ...providers.warnings,
        ...catalogue.warnings,
        ...owners.warnings,
        ...findWarnings(settings, parts, { now: context.now, kept }),
        ...[...keyWarnings.values()].flat(),
      ],
      keyWarnings,
    },
  };
}

/** The settings that the snapshot takes as they are. */
function unchanged(settings: Settings) {
  const {
    retry,
    cooldown,
    health,
    metrics,
    docs,
    console,
    prices,
    spend,
    sharedState,
    attribution,
    alerts,
    workers,
  } = settings;
  return {
    retry,
    cooldown,
    health,
    metrics,
    docs,
    console,
    prices,
    spend,
    sharedState,
    attribution,
    alerts,
    workers,
  };
}

function compileServer(settings: Settings): Snapshot['server'] {
  const { rewriteResponseModel } = settings;
  const rewrites = new Map(
    settings.models.map(({ name, rewriteResponseModel }) => [name, rewriteResponseModel]),
  );
  return {
    ...settings.server,
    ...settings.listen,
    drainDelayMs: settings.server.drainDelayMs ?? millisecondsOf(DEFAULTS.drainDelaySeconds),
    rewriteResponseModel: (model) => rewrites.get(model) ?? rewriteResponseModel,
  };
}

/**
 * Refuses to start without any key, because everybody who can reach the gateway could then spend the providers'
 * money.
 */
function findOpenDoor(
  { keys, listen, allowUnauthenticated }: Settings,
  { staysLocked, kept }: CompileContext,
): Finding[] {
  if (
    keys.length > 0 ||
    kept !== undefined ||
    allowUnauthenticated ||
    staysLocked === true ||
    isLoopback(listen.host)
  )
    return [];
  const message =
    `there is no key, so everybody who reaches ${listen.host} could use the providers; ` +
    'add a key, listen on 127.0.0.1, or set allow_unauthenticated: true';
  return [{ path: ['master_keys'], message }];
}

/** Redacting shorter values would blank out ordinary text. */
const SHORTEST_SECRET = 6;

function secretsOf(settings: Settings): string[] {
  const all = [
    ...settings.keys.map(({ key }) => key).filter((key) => !isHashedKey(key)),
    ...settings.providers.flatMap(providerSecrets),
    ...settings.providers.map(({ proxy }) => passwordOf(proxy)),
    settings.metrics.token ?? '',
    ...settings.alerts.flatMap(({ url, secret }) => [secret ?? '', url]),
  ];
  return [...new Set(all)]
    .filter((secret) => secret.length >= SHORTEST_SECRET)
    .sort((a, b) => b.length - a.length);
}

function providerSecrets({ apiKey, credential, headers }: ProviderSettings): string[] {
  return [apiKey ?? '', ...credentialSecrets(credential), ...secretHeaders(headers)];
}

function secretHeaders(headers: ReadonlyMap<string, string>): string[] {
  return [...headers].filter(([name]) => !isPlainHeader(name)).map(([, value]) => value);
}

function passwordOf(url: string | undefined): string {
  return url === undefined ? '' : (URL.parse(url)?.password ?? '');
}

/** Compiles the statuses that count as failures into one look-up. */
function compileDetection({
  errorCodes,
  errorPatterns,
}: Pick<Settings, 'errorCodes' | 'errorPatterns'>): Detection {
  const failures = new Set(errorCodes.flatMap(statusesOf));
  return { isErrorStatus: (status) => failures.has(status), errorPatterns };
}

function statusesOf(code: number | string): number[] {
  const text = String(code);
  if (!/xx$/i.test(text)) return [Number(text)];
  const first = Number(text.charAt(0)) * 100;
  return Array.from({ length: 100 }, (_, index) => first + index);
}

/** Looks up how requests for a model are translated for a provider: the model's word first, then the provider's. */
function compileTranslation({ providers, models, translation: usual }: Settings): Snapshot['translation'] {
  const byProvider = new Map<string, TranslationSettings>();
  for (const { name, translation } of providers)
    if (Object.keys(translation).length > 0) byProvider.set(name, { ...usual, ...translation });
  const byModel = new Map<string, Partial<TranslationSettings>>();
  for (const { name, translation } of models)
    if (Object.keys(translation).length > 0) byModel.set(name, translation);
  return (model: string, provider: Provider) => {
    const general = byProvider.get(provider.name) ?? usual;
    const own = byModel.get(model);
    return own === undefined ? general : { ...general, ...own };
  };
}
