import { ppmOf } from './normalise-prices.ts';
import { DEFAULTS } from '../schema/defaults.ts';
import { providerTypeNamed } from '../../translation/provider-type.ts';
import { normaliseCloud } from './normalise-cloud.ts';
import type { Finding, Path } from './problems.ts';
import type { ConfigFile } from '../schema/schema.ts';
import type { ProviderSettings } from './settings.ts';
import type { Timeouts } from '../snapshot.ts';
import { limitOf } from '../schema/units.ts';

type ProviderEntry = NonNullable<ConfigFile['providers']>[number];

/** The context of a provider's entry: the file, for its top-level settings, and the entry's place. */
export interface ProviderContext {
  readonly file: ConfigFile;
  readonly at: Path;
  readonly report: (finding: Finding) => void;
}

/** Turns an entry of `providers` or `backends` into a provider, including the file's top-level settings. */
export function normaliseProvider(
  entry: ProviderEntry,
  { file, at, report }: ProviderContext,
): ProviderSettings {
  return {
    at,
    name: entry.name,
    apiBase: normaliseBase(entry, at, report),
    pathVersion: entry.path_version ?? DEFAULTS.pathVersion,
    type: entry.provider_type ?? undefined,
    apiKey: entry.api_key || undefined,
    enabled: entry.enabled ?? true,
    weight: entry.weight ?? DEFAULTS.weight,
    mapping: new Map(Object.entries(entry.model_mapping ?? {})),
    headers: new Map(Object.entries(entry.headers ?? {})),
    timeouts: normaliseTimeouts(entry.timeouts ?? {}, file.timeouts ?? {}),
    verifyTls: entry.verify_ssl ?? true,
    caFile: entry.ca_file ?? undefined,
    proxy: entry.proxy ?? undefined,
    pricing: pricingOf(entry),
    forwardClientAuth: entry.forward_client_auth ?? false,
    streamUsage: entry.stream_usage ?? file.stream_usage ?? 'include',
    ...normaliseCloud(entry, at, report),
  };
}

function pricingOf(entry: ProviderEntry): ProviderSettings['pricing'] {
  return {
    name: entry.name,
    priceProvider: entry.price_provider ?? undefined,
    discountPpm: ppmOf(entry.discount_percent ?? 0),
    free: entry.free ?? false,
    recordsCost: entry.trust_provider_cost === 'record',
  };
}

function normaliseBase(
  entry: ProviderEntry,
  at: Path,
  report: (finding: Finding) => void,
): ProviderSettings['apiBase'] {
  const { api_base: apiBase, url } = entry;
  if (typeof apiBase === 'string' && typeof url === 'string') {
    report({ path: [...at, 'url'], part: 'key', message: 'is a synonym of api_base; keep one of them' });
  }
  if (typeof apiBase === 'string') return { at: [...at, 'api_base'], text: apiBase };
  if (typeof url === 'string') return { at: [...at, 'url'], text: url };
  const type = providerTypeNamed(entry.provider_type ?? '');
  if (type !== undefined && HAS_HOST.has(type)) return { at, text: '' };
  report({
    path: [...at, at[0] === 'backends' ? 'url' : 'api_base'],
    message: 'is missing: the address of the provider',
  });
  return { at, text: '' };
}

/** Types whose services have one host each, or one for each region. */
const HAS_HOST: ReadonlySet<string> = new Set(['anthropic', 'gemini', 'vertex', 'bedrock']);

function normaliseTimeouts(
  own: NonNullable<ProviderEntry['timeouts']>,
  overall: NonNullable<ConfigFile['timeouts']>,
): Timeouts {
  const firstByte = own.first_byte_timeout ?? overall.first_byte_timeout ?? DEFAULTS.firstByteTimeoutSeconds;
  return {
    connectMs: limitOf(own.connect_timeout ?? overall.connect_timeout ?? DEFAULTS.connectTimeoutSeconds),
    firstByteMs: limitOf(firstByte),
    // A file that sets only the first limit meant both, since it may be older than the second.
    answerMs: limitOf(
      own.answer_timeout ??
        overall.answer_timeout ??
        (firstByte === DEFAULTS.firstByteTimeoutSeconds ? DEFAULTS.answerTimeoutSeconds : firstByte),
    ),
    thinkingMs: limitOf(own.thinking_timeout ?? overall.thinking_timeout ?? DEFAULTS.thinkingTimeoutSeconds),
    commitAfterMs: limitOf(own.commit_after ?? overall.commit_after ?? DEFAULTS.commitAfterSeconds),
    idleMs: limitOf(own.idle_timeout ?? overall.idle_timeout ?? DEFAULTS.idleTimeoutSeconds),
    attemptMs: limitOf(own.request_timeout ?? 0),
  };
}
