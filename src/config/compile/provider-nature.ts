import { dialectOf } from '../../translation/models/dialects.ts';
import type { Provider, ProviderType } from '../snapshot.ts';
import type { ProviderSettings } from '../read/settings.ts';

/** What a provider is, as its entry says it, or its host. */
export interface ProviderNature extends Pick<Provider, 'type' | 'apis' | 'dialect'> {
  /** The base URL where the configuration names none; undefined: it has to. */
  readonly defaultBase: string | undefined;
  /** Whether the word in `provider_type` is one that nobody knows. */
  readonly isUnknownType: boolean;
}

type Said = Pick<ProviderSettings, 'type' | 'apis' | 'dialect' | 'apiBase' | 'region' | 'location'>;

/** Finds out what a provider speaks. What is written out comes before what its host is known for. */
export function providerNature(said: Said): ProviderNature {
  const url = URL.parse(said.apiBase.text);
  const written = said.type === undefined ? undefined : typeNamed(said.type);
  const host = url?.hostname.toLowerCase() ?? '';
  const named = written ?? typeOfHost(host) ?? 'openai';
  // Clouds have an API that is compatible with OpenAI's too, below a path of its own.
  const isCompatible = CLOUDS.has(named) && url !== null && COMPATIBLE.test(url.pathname);
  const type = isCompatible ? 'openai' : named;
  const dialect = said.dialect ?? (type === 'azure' ? 'azure' : dialectOf(host, portOf(url)));
  const isAzure = said.dialect === 'azure' && type === 'openai';
  return {
    type: isAzure ? 'azure' : type,
    apis:
      said.apis ??
      (isCompatible ? COMPATIBLE_APIS : written === undefined ? apisOfHost(host, type) : APIS[type]),
    dialect,
    defaultBase: defaultBase(type, said),
    isUnknownType: said.type !== undefined && written === undefined,
  };
}

const SYNONYMS: Readonly<Record<string, ProviderType>> = {
  openai: 'openai',
  azure: 'azure',
  'openai-responses': 'openai-responses',
  responses: 'openai-responses',
  response_api: 'openai-responses',
  anthropic: 'anthropic',
  claude: 'anthropic',
  gemini: 'gemini',
  'gcp-gemini': 'gemini',
  google: 'gemini',
  vertex: 'vertex',
  'gcp-vertex': 'vertex',
  bedrock: 'bedrock',
  'aws-bedrock': 'bedrock',
};

/** The type that a word stands for; undefined: none. */
export function typeNamed(word: string): ProviderType | undefined {
  return Object.hasOwn(SYNONYMS, word) ? SYNONYMS[word] : undefined;
}

/** Where Google and AWS have their API that is compatible with OpenAI's. */
const COMPATIBLE = /\/openai(?:\/v\d+)?\/?$/;
const CLOUDS: ReadonlySet<ProviderType> = new Set(['gemini', 'vertex', 'bedrock']);

function typeOfHost(host: string): ProviderType | undefined {
  if (host === 'api.anthropic.com') return 'anthropic';
  if (host === 'generativelanguage.googleapis.com') return 'gemini';
  if (/(?:^|-|\.)aiplatform\.(?:[a-z]+\.rep\.)?googleapis\.com$/.test(host)) return 'vertex';
  if (bedrockRegion(host) !== undefined) return 'bedrock';
  return undefined;
}

/** The region in one of Bedrock's hosts. */
export function bedrockRegion(host: string): string | undefined {
  return /^bedrock-runtime(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/.exec(host)?.[1];
}

/** The location in one of Vertex's hosts. */
export function vertexLocation(host: string): string | undefined {
  if (host === 'aiplatform.googleapis.com') return 'global';
  return /^([a-z0-9-]+)-aiplatform\.googleapis\.com$|^aiplatform\.(us|eu)\.rep\./
    .exec(host)
    ?.slice(1)
    .find(Boolean);
}

type Apis = Provider['apis'];

const OPENAI_APIS: Apis = ['chat', 'completions', 'responses', 'embeddings'];

const COMPATIBLE_APIS: Apis = ['chat', 'embeddings'];

const APIS: Readonly<Record<ProviderType, Apis>> = {
  openai: OPENAI_APIS,
  azure: OPENAI_APIS,
  'openai-responses': ['responses'],
  anthropic: ['messages'],
  gemini: ['gemini'],
  vertex: 'by_model',
  bedrock: 'by_model',
};

/** What the hosts speak that are known for it. */
function apisOfHost(host: string, type: ProviderType): Apis {
  if (type !== 'openai') return APIS[type];
  if (host.endsWith('.openai.azure.com') || host.endsWith('.services.ai.azure.com')) return OPENAI_APIS;
  return Object.hasOwn(HOST_APIS, host) ? (HOST_APIS[host] ?? 'unknown') : 'unknown';
}

const HOST_APIS: Readonly<Record<string, Apis>> = {
  'api.openai.com': OPENAI_APIS,
  'api.deepseek.com': ['chat', 'completions', 'responses'],
  'api.mistral.ai': ['chat', 'embeddings'],
  'api.groq.com': ['chat', 'responses', 'embeddings'],
  'openrouter.ai': ['chat', 'completions', 'responses', 'messages', 'embeddings'],
};

function defaultBase(type: ProviderType, { region, location }: Said): string | undefined {
  switch (type) {
    case 'anthropic':
      return 'https://api.anthropic.com';
    case 'gemini':
      return 'https://generativelanguage.googleapis.com';
    case 'vertex':
      return `https://${vertexHost(location ?? 'global')}`;
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

function portOf(url: URL | null): number | undefined {
  return url === null || url.port === '' ? undefined : Number(url.port);
}
