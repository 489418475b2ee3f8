import type { Provider } from '../config/snapshot.ts';
import { headerValue } from '../lib/http/header-value.ts';
import { HOP_BY_HOP, namedByConnection } from '../lib/http/hop-by-hop.ts';
import { lossHeader } from '../translation/losses.ts';
import { errorShapeOf } from '../protocols/error-body.ts';
import { sendsOf, attemptsSummary } from '../routing/attempts-summary.ts';
import type { ClientRequest } from './ports.ts';
import { revealsSecret } from './redact.ts';
import { ownTimeMs } from './report.ts';
import type { ServedRequest } from './settle.ts';

/** Copies the provider's response header without hop-by-hop fields, and adds the gateway's fields. */
export function answerHeaders(upstream: Headers, served: ServedRequest): Headers {
  // Copying all fields at once is cheaper than copying a few one by one.
  const headers = new Headers(upstream);
  const dropped = namedByConnection(upstream);
  const provider = providerOf(served);
  const received: Readonly<Record<string, unknown>> = upstream.toJSON();
  for (const name in received) {
    if (isKeptBack(name) || dropped.has(name) || reveals(received[name], provider)) headers.delete(name);
  }
  const { note } = served.execution;
  if (note === undefined) headers.delete(TRANSLATION_FIELD);
  else headers.set(TRANSLATION_FIELD, lossHeader(note.pair, note.losses.all(), note.losses.count()));
  return withOurs(headers, served);
}

/** The field that reports a translation and what it lost. */
const TRANSLATION_FIELD = 'x-llm-proxy-translation';

/** Sets the gateway's fields, replacing fields of the same name. */
export function withOurs(headers: Headers, served: ServedRequest): Headers {
  const { id, admission } = served.planned;
  const { history } = served.execution;
  for (const name in admission.headers) {
    keepProviders(headers, name);
    headers.set(name, admission.headers[name] ?? '');
  }
  headers.set('server-timing', `gateway;dur=${ownTimeMs(served).toFixed(2)}`);
  headers.set('x-llm-proxy-request-id', id);
  const idField = requestIdField(served.planned.request);
  if (!headers.has(idField)) headers.set(idField, id);
  headers.set('x-llm-proxy-attempts', String(sendsOf(history)));
  const last = history[history.length - 1];
  if (last !== undefined) {
    headers.set('x-llm-proxy-provider', headerValue(last.route.provider));
    // Requests without a model, such as those for a file, get no model field.
    if (last.route.upstreamModel !== undefined) headers.set('x-llm-proxy-model', headerValue(last.model));
    headers.set('x-llm-proxy-trail', headerValue(attemptsSummary(history)));
  }
  return headers;
}

/** Renames a provider's own field about its rate limit that one of the gateway's replaces. */
function keepProviders(headers: Headers, name: string): void {
  const value = name.startsWith('x-ratelimit-') ? headers.get(name) : null;
  if (value !== null) headers.set(`x-provider-${name.slice('x-'.length)}`, value);
}

/** Returns the field in which the client's SDK looks for the request id. */
function requestIdField({ path, headers }: ClientRequest): string {
  return errorShapeOf(path, headers) === 'anthropic' ? 'request-id' : 'x-request-id';
}

/** Response fields that are meant for the gateway and not for the client. */
const NOT_FOR_CLIENTS: ReadonlySet<string> = new Set([
  ...HOP_BY_HOP,
  'content-length',
  'set-cookie',
  'alt-svc',
  // A browser would apply these to the gateway's own origin.
  'clear-site-data',
  'content-security-policy',
  'content-security-policy-report-only',
  'cross-origin-embedder-policy',
  'cross-origin-opener-policy',
  'cross-origin-resource-policy',
  'expect-ct',
  'nel',
  'origin-agent-cluster',
  'permissions-policy',
  'public-key-pins',
  'refresh',
  'report-to',
  'reporting-endpoints',
  'service-worker-allowed',
  'sourcemap',
  'speculation-rules',
  'strict-transport-security',
  'timing-allow-origin',
  'www-authenticate',
  'x-frame-options',
]);

function isKeptBack(name: string): boolean {
  return NOT_FOR_CLIENTS.has(name) || name.startsWith('access-control-');
}

function providerOf({ planned, execution }: ServedRequest): Provider | undefined {
  const last = execution.history.at(-1);
  return last && planned.snapshot.providers.get(last.route.provider);
}

/** Whether a field repeats one of the provider's secrets. The runtime returns an array only for `set-cookie`. */
function reveals(value: unknown, provider: Provider | undefined): boolean {
  return provider !== undefined && typeof value === 'string' && revealsSecret(value, provider);
}
