import type { ClientApi, ProviderApi } from './conversation.ts';
import type { EmbeddingsApi } from './embeddings/providers.ts';
import type { Target } from './exchange.ts';
import { isClaude } from './models/claude.ts';
import type { DialectName } from './models/dialects.ts';
import { openAiApi } from './models/openai.ts';
import { dialectAt, type ProviderType, providerTypeAt } from './provider-type.ts';

/** An API that a provider may speak. */
export type SpokenApi = ProviderApi | 'completions' | 'embeddings';

/** The properties of a configured provider that decide which APIs it speaks. */
export interface SpeakingProvider {
  /** undefined: not configured, so the host decides. */
  readonly type: ProviderType | undefined;
  /** undefined: the type's default host. */
  readonly apiBase: string | undefined;
  /** `apis`: the APIs that the provider speaks, regardless of its type. */
  readonly apis?: readonly SpokenApi[] | undefined;
  readonly dialect?: DialectName | undefined;
  /** Azure: a date, or `v1`. */
  readonly apiVersion?: string | undefined;
}

export interface SpeakingRoute {
  /** The upstream model. */
  readonly model: string;
  /** The route's `api`: conversations use this API and no other. */
  readonly api?: ProviderApi | undefined;
}

export interface AskedBy {
  readonly api: ClientApi;
  /** Whether a Gemini client asks for embeddings. Clients of `embeddings` always do. */
  readonly vectors?: boolean;
  /** Whether the request defines functions. Some OpenAI models accept them only in the Responses API. */
  readonly hasFunctionTools: boolean;
}

type Carriage = Target['carriage'];

/** How a route receives a request. */
export type RouteSpeech =
  /** In the client's own API: the body unchanged, or adapted to a carrier with `carriage`. */
  | { readonly kind: 'pass'; readonly carriage: Carriage; readonly dialect: DialectName }
  | {
      readonly kind: 'translate';
      readonly api: ProviderApi;
      readonly carriage: Carriage;
      readonly dialect: DialectName;
    }
  /** As an embeddings request in another API. */
  | { readonly kind: 'vectors'; readonly api: EmbeddingsApi }
  /**
   * The provider's APIs are unknown. The client's body goes first. If the provider lacks that path, the request is
   * translated to the first of these APIs that it has.
   */
  | { readonly kind: 'try'; readonly dialect: DialectName; readonly otherwise: readonly ProviderApi[] }
  /** The provider offers no suitable API. */
  | { readonly kind: 'none' };

/** Decides how a route receives a client's request. */
export function routeSpeech(provider: SpeakingProvider, route: SpeakingRoute, asked: AskedBy): RouteSpeech {
  const type = typeOf(provider);
  const dialect = dialectFor(provider, type);
  const spoken = spokenApis(provider, { type, dialect, model: route.model });
  if (asked.api === 'embeddings' || asked.vectors === true)
    return vectorSpeech({ type, dialect, spoken, model: route.model }, asked.api);
  const isConversation = asked.api !== 'completions';
  const passes =
    isConversation && route.api !== undefined ? route.api === asked.api : spoken?.includes(asked.api);
  if (passes === true) return { kind: 'pass', carriage: carriageOf(type, asked.api), dialect };
  if (route.api !== undefined) return translated(route.api, type, dialect);
  if (spoken === undefined) {
    const otherwise = FIRST.filter((api) => api !== asked.api);
    return { kind: 'try', dialect, otherwise };
  }
  const api = writtenApi(spoken, { dialect, model: route.model, asked });
  return api === undefined ? { kind: 'none' } : translated(api, type, dialect);
}

/** The APIs for translated requests, in order of preference. */
const FIRST: readonly ProviderApi[] = ['chat', 'responses', 'messages'];
const ORDER: readonly ProviderApi[] = [...FIRST, 'gemini', 'converse'];

function translated(api: ProviderApi, type: ProviderType | undefined, dialect: DialectName): RouteSpeech {
  return { kind: 'translate', api, carriage: carriageOf(type, api), dialect };
}

/** The platform that carries Claude or Gemini. Converse is Bedrock's own API. */
function carriageOf(type: ProviderType | undefined, api: ClientApi | ProviderApi): Carriage {
  if (type === 'bedrock') return api === 'messages' ? 'bedrock' : undefined;
  return type === 'vertex' ? 'vertex' : undefined;
}

/** The provider's type: as configured, else from its dialect or host. undefined: unknown. */
export function typeOf({ type, dialect, apiBase }: SpeakingProvider): ProviderType | undefined {
  const isOpenAi = type === undefined || type === 'openai';
  if (isOpenAi && dialect === 'azure') return 'azure';
  return type ?? (apiBase === undefined ? 'openai' : providerTypeAt(apiBase));
}

function dialectFor({ dialect, apiBase }: SpeakingProvider, type: ProviderType | undefined): DialectName {
  if (dialect !== undefined) return dialect;
  if (type === 'azure') return 'azure';
  const found = apiBase === undefined ? 'generic' : dialectAt(apiBase);
  const isOpenAi = type === 'openai-responses' || (type === 'openai' && apiBase === undefined);
  return isOpenAi && found === 'generic' ? 'openai' : found;
}

interface Known {
  readonly type: ProviderType | undefined;
  readonly dialect: DialectName;
  readonly model: string;
}

const ALL_OF_OPENAI: readonly SpokenApi[] = ['chat', 'responses', 'completions', 'embeddings'];

/** The APIs at hosts that speak OpenAI's APIs, if the configuration names no type. */
const BY_DIALECT: Readonly<Partial<Record<DialectName, readonly SpokenApi[]>>> = {
  openai: ALL_OF_OPENAI,
  deepseek: ['chat', 'responses', 'completions'],
  mistral: ['chat', 'embeddings'],
  groq: ['chat', 'responses', 'embeddings'],
  openrouter: [...ALL_OF_OPENAI, 'messages'],
};

/** The APIs of a provider for one of its models; undefined: unknown. */
function spokenApis(provider: SpeakingProvider, known: Known): readonly SpokenApi[] | undefined {
  if (provider.apis !== undefined) return provider.apis;
  switch (known.type) {
    case undefined:
      return BY_DIALECT[known.dialect];
    case 'openai':
      return provider.type === undefined ? (BY_DIALECT[known.dialect] ?? ALL_OF_OPENAI) : ALL_OF_OPENAI;
    case 'azure':
      return isDated(provider.apiVersion) ? ['chat', 'completions', 'embeddings'] : ALL_OF_OPENAI;
    case 'openai-responses':
      return ['responses'];
    case 'anthropic':
      return ['messages'];
    case 'gemini':
      return ['gemini'];
    case 'vertex':
      if (isClaude(known.model)) return ['messages'];
      return isGemini(known.model) ? ['gemini'] : ['chat'];
    case 'bedrock':
      return known.model.includes('anthropic.claude') ? ['messages'] : ['converse'];
  }
}

/** Whether Azure's older API is in use, which has a date in the URL. */
export function isDated(apiVersion: string | undefined): apiVersion is string {
  return apiVersion !== undefined && apiVersion !== '' && !/^(?:v1|preview|latest)$/i.test(apiVersion);
}

function isGemini(model: string): boolean {
  return model
    .slice(model.lastIndexOf('/') + 1)
    .toLowerCase()
    .startsWith('gemini');
}

interface Written {
  readonly dialect: DialectName;
  readonly model: string;
  readonly asked: AskedBy;
}

function writtenApi(
  spoken: readonly SpokenApi[],
  { dialect, model, asked }: Written,
): ProviderApi | undefined {
  const isOpenAi = dialect === 'openai' || dialect === 'azure';
  const wanted = isOpenAi ? openAiApi(model, asked.hasFunctionTools) : 'chat';
  return spoken.includes(wanted) ? wanted : ORDER.find((api) => spoken.includes(api));
}

function vectorSpeech(
  { type, dialect, spoken }: Known & { readonly spoken: readonly SpokenApi[] | undefined },
  client: ClientApi,
): RouteSpeech {
  const isGoogle = type === 'gemini' || type === 'vertex';
  if (client === 'gemini') {
    if (type === 'gemini') return { kind: 'pass', carriage: undefined, dialect };
    if (type === 'vertex') return { kind: 'vectors', api: 'vertex' };
    if (spoken === undefined) return { kind: 'try', dialect, otherwise: [] };
    return spoken.includes('embeddings') ? { kind: 'vectors', api: 'openai' } : { kind: 'none' };
  }
  if (spoken === undefined || spoken.includes('embeddings'))
    return { kind: 'pass', carriage: undefined, dialect };
  if (isGoogle) return { kind: 'vectors', api: type };
  return type === 'openai' ? { kind: 'pass', carriage: undefined, dialect } : { kind: 'none' };
}
