import { type ProviderType, providerTypeNamed } from '../../translation/provider-type.ts';
import type { ProviderSettings } from '../read/settings.ts';

/** What a provider is, as its entry says it, or its host. */
export interface ProviderNature {
  readonly type: ProviderType;
  /** The type that `provider_type` names; undefined: it names none. */
  readonly written: ProviderType | undefined;
  /** The base URL where the configuration names none; undefined: it has to. */
  readonly defaultBase: string | undefined;
  /** Whether the word in `provider_type` is one that nobody knows. */
  readonly isUnknownType: boolean;
}

type Said = Pick<ProviderSettings, 'type' | 'apiBase' | 'dialect' | 'region' | 'location'>;

/** Finds out the type of a provider. What is written out comes before what its host is known for. */
export function providerNature(said: Said): ProviderNature {
  const url = URL.parse(said.apiBase.text);
  const named = said.type === undefined ? undefined : providerTypeNamed(said.type);
  const native = named ?? typeOfHost(url?.hostname.toLowerCase() ?? '') ?? 'openai';
  // Clouds have an API that is compatible with OpenAI's too, below a path of its own.
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

/** Where Google and AWS have their API that is compatible with OpenAI's. */
const COMPATIBLE = /\/open(?:ai|api)(?:\/v\d+)?\/?$/;
const CLOUDS: ReadonlySet<ProviderType> = new Set(['gemini', 'vertex', 'bedrock']);

function typeOfHost(host: string): ProviderType | undefined {
  if (host === 'api.anthropic.com') return 'anthropic';
  if (host === 'generativelanguage.googleapis.com') return 'gemini';
  if (vertexLocation(host) !== undefined) return 'vertex';
  return bedrockRegion(host) === undefined ? undefined : 'bedrock';
}

/** The region in one of Bedrock's hosts. */
export function bedrockRegion(host: string): string | undefined {
  return /^bedrock-runtime(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/.exec(host)?.[1];
}

/** The location in one of Vertex's hosts. */
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
