import type { RequestEnded, RequestReceived, TranslationReport } from '../../gateway/events.ts';
import { type Attempt, isClientFault } from '../../routing/outcome.ts';
import { outcomeText } from '../../routing/attempts-summary.ts';
import { METHODS, OPERATIONS } from '../vocabulary.ts';

/**
 * The fields of a JSON line besides its own values, named as in OpenTelemetry where possible. Undefined is left out.
 */
export type LogFields = Readonly<Record<string, unknown>>;

/** The fields of an admitted request. */
export function receivedFields(event: RequestReceived, client: string): LogFields {
  return { 'gen_ai.request.model': event.model, 'client.address': client || undefined };
}

/** The fields of a finished request, without its measures. */
export function endedFields(event: RequestEnded): LogFields {
  const { history, code, status } = event;
  return {
    'http.request.method': METHODS.has(event.method) ? event.method : '_OTHER',
    'http.route': event.endpoint,
    'http.response.status_code': status,
    'error.type': code ?? (status >= 400 ? String(status) : undefined),
    'gen_ai.operation.name': OPERATIONS[event.endpoint],
    translation: event.translation && translationFields(event.translation),
    ending: event.ending,
    cache: event.cache,
    saved_usd: event.cost?.savedNano === undefined ? undefined : event.cost.savedNano / 1e9,
    attempt_list: history.length === 0 ? undefined : history.map(attemptFields),
  };
}

/** The measures of a finished request: durations in milliseconds, numbers as numbers. */
export function measureFields(event: RequestEnded): LogFields {
  const { usage, startedAtMs, firstByteAtMs, endedAtMs, overheadMs } = event;
  return {
    'gen_ai.provider.name': event.provider,
    'gen_ai.request.model': modelOf(event),
    'gen_ai.usage.input_tokens': usage?.inputTokens,
    'gen_ai.usage.output_tokens': usage?.outputTokens,
    total_tokens: usage?.totalTokens,
    is_usage_estimated: event.isUsageEstimated || undefined,
    duration_ms: milliseconds(endedAtMs - startedAtMs),
    first_byte_ms: firstByteAtMs === undefined ? undefined : milliseconds(firstByteAtMs - startedAtMs),
    gateway_ms: overheadMs === undefined ? undefined : milliseconds(overheadMs),
  };
}

function translationFields({ from, to, losses, count }: TranslationReport): LogFields {
  return {
    from,
    to,
    losses: losses.map(({ what, path, why }) => ({ what, path, why })),
    loss_count: count > losses.length ? count : undefined,
  };
}

/** The requested model. A request without one, such as for a file, is named after its provider. */
function modelOf({ model, history }: RequestEnded): string | undefined {
  return history.some(({ route }) => route.upstreamModel === undefined) ? undefined : model;
}

/** The fields of one attempt, for a line of its own and for that of its request. */
export function attemptFields(attempt: Attempt): LogFields {
  const { route, outcome, reason, isResent } = attempt;
  return {
    provider: route.provider,
    model: route.upstreamModel,
    reason,
    outcome: outcome.kind,
    status: 'status' in outcome ? outcome.status : undefined,
    // The party that caused the failure, if known.
    is_client_fault: isClientFault(outcome) || undefined,
    detail: detailOf(attempt),
    is_resent: isResent,
    duration_ms: milliseconds(attempt.endedAtMs - attempt.startedAtMs),
  };
}

/** The cause beyond kind and status, such as `connect` or `error-object`. */
function detailOf({ outcome }: Attempt): string | undefined {
  return /\((.+)\)$/.exec(outcomeText(outcome))?.[1];
}

/** Rounds to the microsecond, which is finer than any measurement. */
function milliseconds(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
