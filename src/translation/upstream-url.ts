import type { ProviderApi } from './conversation.ts';
import type { Target } from './exchange.ts';
import { embedsContent } from './models/vertex-embeddings.ts';
import type { ProviderType } from './provider-type.ts';
import { isDated } from './targets.ts';

/** A provider's location. */
export interface ProviderPlace {
  readonly type: ProviderType | undefined;
  /** Without a query. undefined: the type's default host. */
  readonly apiBase: string | undefined;
  readonly apiVersion?: string | undefined;
  /** For Vertex. */
  readonly project?: string | undefined;
  readonly location?: string | undefined;
  /** For Bedrock. */
  readonly region?: string | undefined;
}

/** The request to make there: its API and its method. */
export interface UpstreamCall {
  readonly api: ProviderApi | 'embeddings';
  readonly carriage: Target['carriage'];
  /** The upstream model. */
  readonly model: string;
  readonly operation: 'generate' | 'stream' | 'count' | 'vectors';
}

/**
 * The URL of a translated or carried request. undefined: the provider has no such method, its location is not
 * configured, or the model's name cannot be part of a URL.
 */
export function upstreamUrl(place: ProviderPlace, call: UpstreamCall): string | undefined {
  // As a path segment it would change the path, and the client may choose the model's name.
  if (call.model === '.' || call.model === '..') return undefined;
  switch (place.type) {
    case 'vertex':
      return vertexUrl(place, call);
    case 'bedrock':
      return bedrockUrl(place, call);
    case 'gemini':
      return geminiUrl(place, call);
    case 'azure':
      return azureUrl(place, call);
    case 'anthropic':
      return belowRoot(place.apiBase ?? 'https://api.anthropic.com', call);
    case 'openai':
    case 'openai-responses':
    case undefined:
      if (call.api === 'gemini') return geminiUrl(place, call);
      return belowRoot(place.apiBase ?? 'https://api.openai.com', call);
  }
}

/** The path below an API's root. */
function pathOf({ api, operation }: UpstreamCall): string | undefined {
  if (operation === 'vectors') return '/embeddings';
  const isCount = operation === 'count';
  switch (api) {
    case 'chat':
      return isCount ? undefined : '/chat/completions';
    case 'responses':
      return isCount ? '/responses/input_tokens' : '/responses';
    case 'messages':
      return isCount ? '/messages/count_tokens' : '/messages';
    case 'embeddings':
      return '/embeddings';
    case 'gemini':
    case 'converse':
      return undefined;
  }
}

/** A version segment. A base URL that has one is the API's root; any other has its root at `/v1`. */
const VERSION = /\/v\d+[a-z0-9]*(?=\/|$)/;

function belowRoot(apiBase: string, call: UpstreamCall): string | undefined {
  const path = pathOf(call);
  const base = bare(apiBase);
  if (path === undefined) return undefined;
  return `${hasVersion(base) ? base : `${base}/v1`}${path}`;
}

function azureUrl({ apiBase, apiVersion }: ProviderPlace, call: UpstreamCall): string | undefined {
  const path = pathOf(call);
  if (path === undefined || apiBase === undefined) return undefined;
  const base = bare(apiBase);
  if (!isDated(apiVersion)) {
    if (hasVersion(base)) return `${base}${path}`;
    return `${base.endsWith('/openai') ? base : `${base}/openai`}/v1${path}`;
  }
  const query = `?api-version=${encodeURIComponent(apiVersion)}`;
  if (/\/openai\/deployments\/[^/]+$/.test(base)) return `${base}${path}${query}`;
  const root = base.replace(/\/openai(?:\/v1)?$/, '');
  return `${root}/openai/deployments/${encodeURIComponent(call.model)}${path}${query}`;
}

const GEMINI_VERBS: Readonly<Record<UpstreamCall['operation'], string>> = {
  generate: 'generateContent',
  stream: 'streamGenerateContent?alt=sse',
  count: 'countTokens',
  vectors: 'batchEmbedContents',
};

function geminiUrl({ apiBase }: ProviderPlace, { api, model, operation }: UpstreamCall): string | undefined {
  if (api !== 'gemini' && operation !== 'vectors') return undefined;
  const base = bare(apiBase ?? 'https://generativelanguage.googleapis.com');
  const root = hasVersion(base) ? base : `${base}/v1beta`;
  const [, collection = 'models', name = model] = /^(models|tunedModels)\/(.*)$/s.exec(model) ?? [];
  return `${root}/${collection}/${segment(name)}:${GEMINI_VERBS[operation]}`;
}

function vertexUrl(place: ProviderPlace, call: UpstreamCall): string | undefined {
  const { project, location = 'global' } = place;
  if (project === undefined) return undefined;
  const base = bare(place.apiBase ?? `https://${vertexHost(location)}`);
  const root = `${hasVersion(base) ? base : `${base}/v1`}/projects/${segment(project)}/locations/${segment(location)}`;
  const { api, model, operation } = call;
  if (operation === 'vectors') {
    const verb = embedsContent(model) ? 'embedContent' : 'predict';
    return `${root}/publishers/google/models/${lastOf(model)}:${verb}`;
  }
  switch (api) {
    case 'messages': {
      const models = `${root}/publishers/anthropic/models`;
      if (operation === 'count') return `${models}/count-tokens:rawPredict`;
      return `${models}/${lastOf(model)}:${operation === 'stream' ? 'streamRawPredict' : 'rawPredict'}`;
    }
    case 'gemini':
      return `${root}/publishers/google/models/${lastOf(model)}:${GEMINI_VERBS[operation]}`;
    case 'chat':
      return operation === 'count' ? undefined : `${root}/endpoints/openapi/chat/completions`;
    case 'responses':
    case 'converse':
    case 'embeddings':
      return undefined;
  }
}

/** Vertex has one host per region, one for each of two continents, and a global one. */
function vertexHost(location: string): string {
  if (location === 'global') return 'aiplatform.googleapis.com';
  if (location === 'us' || location === 'eu') return `aiplatform.${location}.rep.googleapis.com`;
  return `${location}-aiplatform.googleapis.com`;
}

function bedrockUrl({ apiBase, region }: ProviderPlace, call: UpstreamCall): string | undefined {
  const method = bedrockMethod(call);
  if (method === undefined || (apiBase === undefined && region === undefined)) return undefined;
  const domain = region?.startsWith('cn-') === true ? 'amazonaws.com.cn' : 'amazonaws.com';
  const base = bare(apiBase ?? `https://bedrock-runtime.${region ?? ''}.${domain}`);
  return `${base}/model/${encodeURIComponent(call.model)}/${method}`;
}

function bedrockMethod({ api, operation }: UpstreamCall): string | undefined {
  if (operation === 'vectors') return undefined;
  const isStream = operation === 'stream';
  if (api === 'messages') {
    if (operation === 'count') return 'count-tokens';
    return isStream ? 'invoke-with-response-stream' : 'invoke';
  }
  if (api !== 'converse' || operation === 'count') return undefined;
  return isStream ? 'converse-stream' : 'converse';
}

function hasVersion(base: string): boolean {
  const slash = base.indexOf('/', base.indexOf('://') + '://'.length);
  return slash !== -1 && VERSION.test(base.slice(slash));
}

function bare(apiBase: string): string {
  let end = apiBase.length;
  while (apiBase.charAt(end - 1) === '/') end -= 1;
  return apiBase.slice(0, end);
}

/** The model's own name, without a publisher prefix. */
function lastOf(model: string): string {
  return segment(model.slice(model.lastIndexOf('/') + 1));
}

/** Encodes a path segment. Keeps `@`, which precedes a version of Google's models. */
function segment(text: string): string {
  return encodeURIComponent(text).replaceAll('%40', '@');
}
