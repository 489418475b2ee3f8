import { type ProviderType, providerTypeNamed } from '../../translation/provider-type.ts';
import type { ProviderSettings } from '../read/settings.ts';

/** The kind of a provider, derived from its entry or its host. */
export interface ProviderNature {
  readonly type: ProviderType;
  /** The type that `provider_type` sets; undefined if it is not set. */
  readonly written: ProviderType | undefined;
  /** The default base URL; undefined if the configuration has to set one. */
  readonly defaultBase: string | undefined;
  /** Whether `provider_type` is set to an unknown type. */
  readonly isUnknownType: boolean;
}

type Said = Pick<ProviderSettings, 'type' | 'apiBase' | 'dialect' | 'region' | 'location'>;

/** Determines the type of a provider. Explicit settings take precedence over the host. */
export function providerNature(said: Said): ProviderNature {
  const url = URL.parse(said.apiBase.text);
  const named = said.type === undefined ? undefined : providerTypeNamed(said.type);
  const native = named ?? typeOfHost(url?.hostname.toLowerCase() ?? '') ?? 'openai';
  // Clouds also serve an OpenAI-compatible API below a separate path.
  const isCompatible = CLOUDS.has(native) && url !== null && COMPATIBLE.test(url.pathname);
  const isAzure = native === 'openai' && said.dialect === 'azure';
  const type = isCompatible ? 'openai' : isAzure ? 'azure' : native;
  return {
    type,
    written: isCompatible || isAzure ? type : named,
    defaultBase: defaultBase(type, said),
    isUnknownType: said.type !== undefined && named === undefined,
  };
}

/** The path of the OpenAI-compatible APIs of Google and AWS. */
const COMPATIBLE = /\/open(?:ai|api)(?:\/v\d+)?\/?$/;
const CLOUDS: ReadonlySet<ProviderType> = new Set(['gemini', 'vertex', 'bedrock']);

function typeOfHost(host: string): ProviderType | undefined {
  if (host === 'api.anthropic.com') return 'anthropic';
  if (host === 'generativelanguage.googleapis.com') return 'gemini';
  if (vertexLocation(host) !== undefined) return 'vertex';
  return bedrockRegion(host) === undefined ? undefined : 'bedrock';
}

/** Extracts the region from a Bedrock host name. */
export function bedrockRegion(host: string): string | undefined {
  return /^bedrock-runtime(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/.exec(host)?.[1];
}

/** Extracts the location from a Vertex host name. */
export function vertexLocation(host: string): string | undefined {
  if (host === 'aiplatform.googleapis.com') return 'global';
  const found = /^(?:([a-z0-9-]+)-aiplatform|aiplatform\.(us|eu)\.rep)\.googleapis\.com$/.exec(host);
  return found?.[1] ?? found?.[2];
}

function defaultBase(type: ProviderType, { region, location = 'global' }: Said): string | undefined {
  switch (type) {
    case 'anthropic':
      return 'https://api.anthropic.com';
    case 'gemini':
      return 'https://generativelanguage.googleapis.com';
    case 'vertex':
      return `https://${vertexHost(location)}`;
    case 'bedrock':
      return region === undefined ? undefined : `https://bedrock-runtime.${region}.${awsDomain(region)}`;
    case 'openai':
    case 'azure':
    case 'openai-responses':
      return undefined;
  }
}

function vertexHost(location: string): string {
  if (location === 'global') return 'aiplatform.googleapis.com';
  if (location === 'us' || location === 'eu') return `aiplatform.${location}.rep.googleapis.com`;
  return `${location}-aiplatform.googleapis.com`;
}

function awsDomain(region: string): string {
  return region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
}
