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

/** The provider's header but for what concerns its connection to us, and our own fields. */
export function answerHeaders(upstream: Headers, served: ServedRequest): Headers {
  // The runtime copies all fields at once for less than a few of them one by one.
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

/** The field that tells of a translation, and what did not come through it. */
const TRANSLATION_FIELD = 'x-llm-proxy-translation';

/** The header with our own fields, each in place of one of the same name. */
export function withOurs(headers: Headers, served: ServedRequest): Headers {
  const { id, admission } = served.planned;
  const { history } = served.execution;
  for (const name in admission.headers) headers.set(name, admission.headers[name] ?? '');
  headers.set('server-timing', `gateway;dur=${ownTimeMs(served).toFixed(2)}`);
  headers.set('x-llm-proxy-request-id', id);
  const idField = requestIdField(served.planned.request);
  if (!headers.has(idField)) headers.set(idField, id);
  headers.set('x-llm-proxy-attempts', String(sendsOf(history)));
  const last = history[history.length - 1];
  if (last !== undefined) {
    headers.set('x-llm-proxy-provider', headerValue(last.route.provider));
    // Where no model was asked for, such as for a file, there is none to name.
    if (last.route.upstreamModel !== undefined) headers.set('x-llm-proxy-model', headerValue(last.model));
    headers.set('x-llm-proxy-trail', headerValue(attemptsSummary(history)));
  }
  return headers;
}

/** The field in which the client's SDK looks for the id of its request. */
function requestIdField({ path, headers }: ClientRequest): string {
  return errorShapeOf(path, headers) === 'anthropic' ? 'request-id' : 'x-request-id';
}

/** What a provider says to us and not to the client. */
const NOT_FOR_CLIENTS: ReadonlySet<string> = new Set([
  ...HOP_BY_HOP,
  'content-length',
  'set-cookie',
  'alt-svc',
  // A browser would take these for the gateway's own word about itself, its other pages, or who may read it.
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

/** The runtime has several values of a field only where it is `set-cookie`. */
function reveals(value: unknown, provider: Provider | undefined): boolean {
  return provider !== undefined && typeof value === 'string' && revealsSecret(value, provider);
}
