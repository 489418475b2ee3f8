import type { Provider } from '../config/snapshot.ts';
import { CREDENTIAL_FIELDS } from '../gateway/credentials.ts';
import type { HeaderField } from '../gateway/ports.ts';
import { OF_THE_API, setApiFields } from './api-fields.ts';
import type { AuthenticatedRequest } from './authenticated-request.ts';
import { HOP_BY_HOP, namedByConnection } from '../lib/http/hop-by-hop.ts';

/** What a client sends for us alone. A provider never sees it. */
const KEPT_BACK: ReadonlySet<string> = new Set([
  ...HOP_BY_HOP,
  'host',
  'content-length',
  // The body goes on without it.
  'content-encoding',
  'cookie',
  'expect',
  'forwarded',
  'via',
  ...CREDENTIAL_FIELDS,
]);

const KEPT_BACK_PREFIX = /^(?:proxy-|sec-websocket-|x-(?:forwarded-|llm-proxy-|real-ip))/;

/**
 * The header of the request to the provider: the client's own fields but for those that concern the connection or
 * us, then the provider's credential and its configured fields.
 */
export function upstreamFields(request: AuthenticatedRequest): Readonly<Record<string, string>> {
  const { clientHeaders, withheld = [], traceContext, provider, target } = request;
  const fields = Object.create(null) as Record<string, string>;
  const isTranslated = target?.body === 'translated';
  const dropped = namedByConnection(clientHeaders);
  // The runtime hands all fields over at once for less than a few of them one by one.
  const sent: Readonly<Record<string, string>> = clientHeaders.toJSON();
  for (const name in sent) {
    if (isKeptBack(name, isTranslated) || dropped.has(name)) continue;
    const value = String(sent[name]);
    if (!holdsAny(value, withheld)) fields[name] = value;
  }
  if (request.contentType !== undefined) fields['content-type'] = request.contentType;
  if (traceContext !== undefined) setTraceContext(fields, traceContext);
  setApiFields(fields, request);
  // What the client would not accept must not be asked for in its name.
  fields['accept-encoding'] ??= 'identity';
  fields['accept'] ??= '*/*';
  fields['user-agent'] ??= 'llm-proxy';
  for (const [name, value] of credentialsOf(request)) fields[name] = value;
  for (const name in provider.headers) fields[name.toLowerCase()] = provider.headers[name] ?? '';
  return fields;
}

/** The provider's own credential, else the client's where that may go on. */
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

/** Most requests have shown one key, and most fields are short. */
function holdsAny(value: string, keys: readonly string[]): boolean {
  for (const key of keys) if (value.includes(key)) return true;
  return false;
}

function isKeptBack(name: string, isTranslated: boolean): boolean {
  return KEPT_BACK.has(name) || KEPT_BACK_PREFIX.test(name) || (isTranslated && OF_THE_API.test(name));
}

/** A state belongs to its parent: without one of our own to send, the client's must not stay behind. */
function setTraceContext(fields: Record<string, string>, traceContext: readonly HeaderField[]): void {
  delete fields['tracestate'];
  for (const [name, value] of traceContext) fields[name] = value;
}

/** Where a provider of this type looks for its key. */
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
