import { isForbiddenHost } from '../../lib/outgoing-address.ts';
import { FORBIDDEN_HOST, namesNoHost, readBaseUrl } from './base-url.ts';
import { bedrockRegion, providerNature, vertexLocation } from './provider-nature.ts';
import { DEFAULTS } from '../schema/defaults.ts';
import { findDuplicates } from '../read/duplicates.ts';
import type { Finding } from '../read/problems.ts';
import type { ProviderSettings } from '../read/settings.ts';
import type { Provider } from '../snapshot.ts';

/** The enabled providers by name. Disabled ones are checked too, so that enabling one causes no surprise. */
export function compileProviders(settings: readonly ProviderSettings[]): {
  readonly providers: ReadonlyMap<string, Provider>;
  readonly findings: readonly Finding[];
  readonly warnings: readonly string[];
} {
  const providers = new Map<string, Provider>();
  const findings = findDuplicates(settings, 'name', 'a provider');
  const warnings: string[] = [];
  for (const provider of settings) {
    findings.push(...findHeaderFaults(provider), ...findProxyFault(provider));
    const missing = missingOf(provider);
    if (missing !== undefined && provider.apiBase.text === '') findings.push(missing);
    // A missing address has already been reported.
    const address = provider.apiBase.text || providerNature(provider).defaultBase;
    if (address === undefined) continue;
    const base = readBaseUrl(address);
    if (base.kind === 'invalid') {
      findings.push({ path: provider.apiBase.at, message: base.message });
      continue;
    }
    if (!provider.enabled) continue;
    providers.set(provider.name, compileProvider(provider, base.url));
    warnings.push(...findDoubts(provider, base.isPlainPublic));
  }
  return { providers, findings, warnings };
}

function compileProvider(provider: ProviderSettings, apiBase: string): Provider {
  const { type, written } = settledNature(provider);
  const host = new URL(apiBase).hostname;
  return {
    name: provider.name,
    type,
    speaks: {
      type: written,
      apiBase,
      apis: provider.apis,
      dialect: provider.dialect,
      apiVersion: provider.apiVersion,
    },
    apiBase,
    region: provider.region ?? bedrockRegion(host),
    project: provider.project,
    location:
      provider.location ?? (type === 'vertex' ? (vertexLocation(host) ?? DEFAULTS.location) : undefined),
    anthropicBeta: provider.anthropicBeta ?? (type === 'vertex' || type === 'bedrock' ? 'drop' : 'pass'),
    autoCache: provider.autoCache,
    websockets: provider.websockets,
    credential: provider.credential,
    pathVersion: provider.pathVersion,
    apiKey: provider.apiKey,
    headers: Object.fromEntries([...provider.headers].map(([name, value]) => [name, fieldValue(value)])),
    timeouts: provider.timeouts,
    tls: { verify: provider.verifyTls, caFile: provider.caFile },
    proxy: provider.proxy,
    pricing: { ...provider.pricing, apiBase },
    forwardClientAuth: provider.forwardClientAuth,
    streamUsage: provider.streamUsage,
  };
}

/**
 * A header value as it is sent, one character per byte. Characters beyond Latin-1 become UTF-8, as clients send them.
 */
function fieldValue(text: string): string {
  return LATIN_1.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
}

const LATIN_1 = /^[\0-\xff]*$/;

/** Headers that frame or route a message. Setting them by hand breaks or redirects requests. */
const RESERVED_HEADERS = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'upgrade',
  'te',
  'trailer',
  'expect',
]);

function findHeaderFaults({ at, headers }: ProviderSettings): Finding[] {
  return [...headers.keys()]
    .filter((name) => RESERVED_HEADERS.has(name.toLowerCase()))
    .map((name) => ({
      path: [...at, 'headers', name],
      part: 'key',
      message: 'is a header that the gateway sets itself',
    }));
}

/** Reports a missing setting without which this cloud cannot be called. */
function missingOf(provider: ProviderSettings): Finding | undefined {
  const { at, apiBase, project, region } = provider;
  const { type } = providerNature(provider);
  const host = URL.parse(apiBase.text)?.hostname ?? '';
  if (type === 'vertex' && project === undefined)
    return { path: [...at, 'project'], message: 'is missing: the id of the Google Cloud project' };
  if (type === 'bedrock' && region === undefined && bedrockRegion(host) === undefined)
    return {
      path: [...at, 'region'],
      message: 'is missing: the region of Bedrock; it may also be set in AWS_REGION',
    };
  return undefined;
}

/**
 * A provider with an incomplete cloud type is treated as "openai", because older configurations set such a type
 * together with an address before it had a meaning.
 */
function settledNature(provider: ProviderSettings): ReturnType<typeof providerNature> {
  return providerNature(missingOf(provider) === undefined ? provider : { ...provider, type: 'openai' });
}

function findProxyFault({ at, proxy }: ProviderSettings): Finding[] {
  if (proxy === undefined) return [];
  const url = URL.parse(proxy);
  const path = [...at, 'proxy'];
  if ((url?.protocol !== 'http:' && url?.protocol !== 'https:') || namesNoHost(proxy)) {
    return [{ path, message: 'is not the URL of an HTTP proxy; write it like http://127.0.0.1:3128' }];
  }
  return isForbiddenHost(url.hostname) ? [{ path, message: FORBIDDEN_HOST }] : [];
}

function findDoubts(provider: ProviderSettings, isPlainPublic: boolean): string[] {
  const { name, type, apiKey, credential, verifyTls } = provider;
  const doubts: string[] = [];
  if (isPlainPublic && (apiKey !== undefined || credential !== undefined)) {
    doubts.push(`Provider "${name}" is called over plain http: its key can be intercepted.`);
  }
  if (!verifyTls)
    doubts.push(`Provider "${name}" has verify_ssl: false: anybody in between can impersonate it.`);
  if (credential?.kind === 'aws' && provider.websockets.length > 0)
    doubts.push(
      `Provider "${name}" has AWS credentials, with which no WebSocket can be opened: remove websockets.`,
    );
  const missing = missingOf(provider)?.path.at(-1);
  if (missing !== undefined)
    doubts.push(`Provider "${name}" has the type "${type}" and no ${missing}: it is treated as "openai".`);
  if (providerNature(provider).isUnknownType)
    doubts.push(`Provider "${name}" has the type "${type}", which is treated as "openai".`);
  return doubts;
}
