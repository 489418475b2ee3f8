import { dialectOf, type DialectName } from './models/dialects.ts';
import { ownValue } from '../lib/own-value.ts';

/** The types of providers. Each has its own URLs, credential and APIs. */
export type ProviderType =
  | 'openai'
  | 'azure'
  | 'openai-responses'
  | 'anthropic'
  | 'gemini'
  | 'vertex'
  | 'bedrock';

const NAMES: Readonly<Record<string, ProviderType>> = {
  openai: 'openai',
  azure: 'azure',
  'openai-responses': 'openai-responses',
  responses: 'openai-responses',
  'response-api': 'openai-responses',
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

/** The type for any spelling of a `provider_type`; undefined if it is unknown. */
export function providerTypeNamed(name: string): ProviderType | undefined {
  const plain = name.toLowerCase().replaceAll('_', '-');
  return ownValue(NAMES, plain);
}

/**
 * Infers a provider's type from its base URL if the configuration names none. An OpenAI-style path on a known host is
 * `openai`; `…/anthropic` is Anthropic's API on any host. undefined: the host is unknown.
 */
export function providerTypeAt(apiBase: string): ProviderType | undefined {
  const url = URL.parse(apiBase);
  if (url === null) return undefined;
  const host = url.hostname;
  const isCompatible = /\/openai(?:\/|$)|\/endpoints\/openapi(?:\/|$)/.test(url.pathname);
  if (/\/anthropic(?:\/|$)/.test(url.pathname)) return 'anthropic';
  const dialect = dialectAt(apiBase);
  if (dialect === 'azure') return 'azure';
  if (dialect !== 'generic' && dialect !== 'ollama') return 'openai';
  const native = NATIVE_HOSTS.find(([pattern]) => pattern.test(host))?.[1];
  return native !== undefined && isCompatible ? 'openai' : native;
}

const NATIVE_HOSTS: readonly (readonly [RegExp, ProviderType])[] = [
  [/^api\.anthropic\.com$/, 'anthropic'],
  [/^generativelanguage\.googleapis\.com$/, 'gemini'],
  [/(?:^|[.-])aiplatform(?:\.[a-z]+\.rep)?\.googleapis\.com$/, 'vertex'],
  [/^bedrock-runtime(?:-fips)?\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?$/, 'bedrock'],
];

/** The dialect of the server at a base URL. */
export function dialectAt(apiBase: string): DialectName {
  const url = URL.parse(apiBase);
  if (url === null) return 'generic';
  return dialectOf(url.hostname, url.port === '' ? undefined : Number(url.port));
}
