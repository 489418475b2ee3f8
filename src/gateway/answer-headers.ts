import { type Fields, PlainFields } from '../lib/http/fields.ts';
import type { Provider } from '../config/snapshot.ts';
import type { Admission } from '../limits/admission.ts';
import { hundredthsText } from '../lib/decimal-text.ts';
import { rememberSmall } from '../lib/remember-small.ts';
import { headerValue } from '../lib/http/header-value.ts';
import { namedByConnection } from '../lib/http/hop-by-hop.ts';
import { lossHeader } from '../translation/losses.ts';
import { errorShapeOf } from '../protocols/error-body.ts';
import { sendsOf, attemptsSummary } from '../routing/attempts-summary.ts';
import type { Attempt } from '../routing/outcome.ts';
import type { Route } from '../routing/route.ts';
import type { AnswerFields } from './client-answer.ts';
import type { ClientRequest } from './ports.ts';
import { revealsSecret, secretsOf } from './redact.ts';
import { NOT_FOR_CLIENTS, PREFIXES_NOT_FOR_CLIENTS, TRANSLATION_FIELD } from './fields-not-for-clients.ts';
import { ownTimeMs } from './report.ts';
import type { ServedRequest } from './settle.ts';

/** Copies the provider's response header without hop-by-hop fields, and adds the gateway's fields. */
export function answerHeaders(upstream: Fields, served: ServedRequest): AnswerFields {
  const fields = passedFields(upstream, providerOf(served));
  const { note } = served.execution;
  if (note !== undefined)
    fields[TRANSLATION_FIELD] = lossHeader(note.pair, note.losses.all(), note.losses.count());
  addOurs(fields, served);
  return fields;
}

/** Returns a copy of what a provider's header has for the client. */
function passedFields(upstream: Fields, provider: Provider | undefined): AnswerFields {
  if (!(upstream instanceof PlainFields)) return findPassed(upstream.toJSON(), upstream, provider);
  const secrets = provider && secretsOf(provider);
  let known = passed.get(upstream.shared);
  if (known === undefined || known.secrets !== secrets) {
    known = { secrets, fields: findPassed(upstream.shared, upstream, provider) };
    passed.set(upstream.shared, known);
  }
  return { ...known.fields };
}

/** By the fields that repeated heads of a connection share. Other secrets may keep other fields back. */
const passed = new WeakMap<object, { readonly secrets: unknown; readonly fields: AnswerFields }>();

function findPassed(
  received: Readonly<Record<string, string>>,
  upstream: Fields,
  provider: Provider | undefined,
): AnswerFields {
  const fields: AnswerFields = {};
  const dropped = namedByConnection(upstream);
  for (const name in received) {
    // The runtime gives an array only for `set-cookie`, which is kept back.
    const value = received[name] ?? '';
    if (!isKeptBack(name) && !dropped.has(name) && !reveals(value, provider)) fields[name] = value;
  }
  if (!isNoDocument(fields['content-type'] ?? '')) Object.assign(fields, AS_A_STRANGERS_PAGE);
  return fields;
}

/** Whether no browser would run scripts of an answer of this type. */
function isNoDocument(contentType: string): boolean {
  return /^(?:application\/json|text\/event-stream|audio\/|video\/)/i.test(contentType);
}

/** A page or a picture with scripts would otherwise run as one of the gateway's own, beside the console. */
const AS_A_STRANGERS_PAGE: AnswerFields = {
  'content-security-policy': 'sandbox',
  'x-content-type-options': 'nosniff',
};

/** The header of an answer that no provider gave. */
export function ownHeaders(served: ServedRequest): AnswerFields {
  const fields: AnswerFields = {};
  addOurs(fields, served);
  return fields;
}

/** Sets the gateway's fields, replacing fields of the same name. */
function addOurs(fields: AnswerFields, served: ServedRequest): void {
  const { id, admission } = served.planned;
  const { history } = served.execution;
  setLimitFields(fields, admission);
  fields['server-timing'] = timingText(Math.round(ownTimeMs(served) * 100));
  fields['x-llm-proxy-request-id'] = id;
  fields[requestIdField(served.planned.request)] ??= id;
  fields['x-llm-proxy-attempts'] = String(sendsOf(history));
  const { cache } = served.planned;
  if (cache !== undefined) fields['x-llm-proxy-cache'] = cache;
  const last = history[history.length - 1];
  if (last !== undefined) {
    fields['x-llm-proxy-provider'] = headerValue(last.route.provider);
    // Requests without a model, such as those for a file, get no model field.
    if (last.route.upstreamModel !== undefined) fields['x-llm-proxy-model'] = headerValue(last.model);
    fields['x-llm-proxy-trail'] = trailOf(history);
  }
}

const timingText = rememberSmall((hundredths) => `gateway;dur=${hundredthsText(hundredths / 100)}`);

function trailOf(history: readonly Attempt[]): string {
  const [only] = history;
  if (only === undefined || history.length > 1 || only.outcome.kind !== 'answered' || only.isResent === true)
    return headerValue(attemptsSummary(history));
  let trail = answeredTrails.get(only.route);
  if (trail === undefined) answeredTrails.set(only.route, (trail = headerValue(attemptsSummary(history))));
  return trail;
}

/** The trail of a request that this route answered at once. */
const answeredTrails = new WeakMap<Route, string>();

/** Sets the fields about what is left of the client's limits. */
export function setLimitFields(fields: AnswerFields, admission: Admission): void {
  for (const name in admission.headers) {
    keepProviders(fields, name);
    fields[name] = admission.headers[name] ?? '';
  }
}

/** Renames a provider's own field about its rate limit that one of the gateway's replaces. */
function keepProviders(fields: Record<string, string>, name: string): void {
  const value = name.startsWith('x-ratelimit-') ? fields[name] : undefined;
  if (value !== undefined) fields[`x-provider-${name.slice('x-'.length)}`] = value;
}

/** Returns the field in which the client's SDK looks for the request id. */
export function requestIdField({ path, headers }: ClientRequest): string {
  return errorShapeOf(path, headers) === 'anthropic' ? 'request-id' : 'x-request-id';
}

function isKeptBack(name: string): boolean {
  return NOT_FOR_CLIENTS.has(name) || PREFIXES_NOT_FOR_CLIENTS.some((prefix) => name.startsWith(prefix));
}

function providerOf({ planned, execution }: ServedRequest): Provider | undefined {
  const last = execution.history.at(-1);
  return last && planned.snapshot.providers.get(last.route.provider);
}

/** Whether a field repeats one of the provider's secrets. */
function reveals(value: string, provider: Provider | undefined): boolean {
  return provider !== undefined && revealsSecret(value, provider);
}
