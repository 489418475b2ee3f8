import type { Provider } from '../config/snapshot.ts';
import { CREDENTIAL_FIELDS } from '../gateway/credentials.ts';
import type { HeaderField } from '../gateway/ports.ts';
import { OF_THE_API, setApiFields } from './api-fields.ts';
import type { AuthenticatedRequest } from './authenticated-request.ts';
import { HOP_BY_HOP, namedByConnection } from '../lib/http/hop-by-hop.ts';

/** Client header fields that are never forwarded to a provider. */
const KEPT_BACK: ReadonlySet<string> = new Set([
  ...HOP_BY_HOP,
  'host',
  'content-length',
  // The body is forwarded decompressed.
  'content-encoding',
  'cookie',
  'expect',
  'forwarded',
  'via',
  ...CREDENTIAL_FIELDS,
]);

const KEPT_BACK_PREFIX = /^(?:proxy-|sec-websocket-|x-(?:forwarded-|llm-proxy-|real-ip))/;

/**
 * Builds the header of the request to the provider: the client's fields without those that concern the connection or
 * the gateway, then the provider's credential and its configured fields.
 */
export function upstreamFields(request: AuthenticatedRequest): Readonly<Record<string, string>> {
  const { clientHeaders, withheld = [], traceContext, provider, target } = request;
  const fields = Object.create(null) as Record<string, string>;
  const isTranslated = target?.body === 'translated';
  const dropped = namedByConnection(clientHeaders);
  // Reading all fields at once is cheaper than reading a few one by one.
  const sent: Readonly<Record<string, string>> = clientHeaders.toJSON();
  for (const name in sent) {
    if (isKeptBack(name, isTranslated) || dropped.has(name)) continue;
    const value = String(sent[name]);
    if (!holdsAny(value, withheld)) fields[name] = value;
  }
  if (request.contentType !== undefined) fields['content-type'] = request.contentType;
  if (traceContext !== undefined) setTraceContext(fields, traceContext);
  setApiFields(fields, request);
  // Without these defaults, the HTTP client would ask for encodings that the client does not accept.
  fields['accept-encoding'] ??= 'identity';
  fields['accept'] ??= '*/*';
  fields['user-agent'] ??= 'llm-proxy';
  for (const [name, value] of credentialsOf(request)) fields[name] = value;
  for (const name in provider.headers) fields[name.toLowerCase()] = provider.headers[name] ?? '';
  return fields;
}

/** Returns the provider's own credential, or else the client's if it may be forwarded. */
function credentialsOf({
  provider,
  clientCredentials,
  authentication,
}: AuthenticatedRequest): readonly HeaderField[] {
  if (authentication !== undefined) return Object.entries(authentication);
  const { apiKey, type, credential: other } = provider;
  if (apiKey !== undefined) return [credential(type, apiKey)];
  return other === undefined ? clientCredentials : [];
}

/** A plain loop is enough: most requests carry one key, and most fields are short. */
function holdsAny(value: string, keys: readonly string[]): boolean {
  for (const key of keys) if (value.includes(key)) return true;
  return false;
}

function isKeptBack(name: string, isTranslated: boolean): boolean {
  return KEPT_BACK.has(name) || KEPT_BACK_PREFIX.test(name) || (isTranslated && OF_THE_API.test(name));
}

/**
 * Sets the trace context. `tracestate` belongs to its `traceparent`, so the client's is removed even if the gateway
 * sends none.
 */
function setTraceContext(fields: Record<string, string>, traceContext: readonly HeaderField[]): void {
  delete fields['tracestate'];
  for (const [name, value] of traceContext) fields[name] = value;
}

/** Returns the header field in which a provider of this type expects its API key. */
function credential(providerType: Provider['type'], apiKey: string): HeaderField {
  switch (providerType) {
    case 'gemini':
      return ['x-goog-api-key', apiKey];
    case 'anthropic':
      return ['x-api-key', apiKey];
    case 'azure':
      return ['api-key', apiKey];
    case 'vertex':
      return ['x-goog-api-key', apiKey];
    case 'openai':
    case 'openai-responses':
    case 'bedrock':
      return ['authorization', `Bearer ${apiKey}`];
  }
}
