import type { Provider } from '../config/snapshot.ts';
import { CREDENTIAL_FIELDS } from '../gateway/authenticate.ts';
import type { HeaderField, UpstreamRequest } from '../gateway/ports.ts';
import { HOP_BY_HOP, namedByConnection } from '../lib/hop-by-hop.ts';

/** What a client sends for us alone. A provider never sees it. */
const KEPT_BACK: ReadonlySet<string> = new Set([
  ...HOP_BY_HOP,
  'host',
  'content-length',
  'cookie',
  'expect',
  'forwarded',
  'via',
  ...CREDENTIAL_FIELDS,
]);

const KEPT_BACK_PREFIX = /^(?:proxy-|x-(?:forwarded-|llm-proxy-|real-ip))/;

/**
 * The header of the request to the provider: the client's own fields but for those that concern the connection or
 * us, then the provider's credential and its configured fields.
 */
export function upstreamHeaders(request: UpstreamRequest): Headers {
  const { clientHeaders, clientCredentials, traceContext, provider } = request;
  // The runtime copies all fields at once for less than a few of them one by one.
  const headers = new Headers(clientHeaders);
  const dropped = namedByConnection(clientHeaders);
  for (const name in clientHeaders.toJSON()) {
    if (isKeptBack(name) || dropped.has(name)) headers.delete(name);
  }
  if (traceContext !== undefined) setTraceContext(headers, traceContext);
  // What the client would not accept must not be asked for in its name: fetch has defaults of its own.
  if (!headers.has('accept-encoding')) headers.set('accept-encoding', 'identity');
  if (!headers.has('user-agent')) headers.set('user-agent', 'llm-proxy');
  const credentials =
    provider.apiKey === undefined ? clientCredentials : [credential(provider.type, provider.apiKey)];
  for (const [name, value] of credentials) headers.set(name, value);
  for (const name in provider.headers) headers.set(name, provider.headers[name] ?? '');
  return headers;
}

function isKeptBack(name: string): boolean {
  return KEPT_BACK.has(name) || KEPT_BACK_PREFIX.test(name);
}

/** A state belongs to its parent: without one of our own to send, the client's must not stay behind. */
function setTraceContext(headers: Headers, traceContext: readonly HeaderField[]): void {
  headers.delete('tracestate');
  for (const [name, value] of traceContext) headers.set(name, value);
}

/** Where a provider of this type looks for its key. */
function credential(providerType: Provider['type'], apiKey: string): HeaderField {
  switch (providerType) {
    case 'anthropic':
      return ['x-api-key', apiKey];
    case 'azure':
      return ['api-key', apiKey];
    default:
      return ['authorization', `Bearer ${apiKey}`];
  }
}
