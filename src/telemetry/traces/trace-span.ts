import type { RequestEnded } from '../../gateway/events.ts';
import type { Cost } from '../../gateway/cost.ts';
import type { Attempt, Outcome } from '../../routing/outcome.ts';
import { outcomeText } from '../../routing/attempts-summary.ts';
import type { TraceContext } from './trace-context.ts';
import { METHODS, OPERATIONS } from '../vocabulary.ts';

/** A finished span in a neutral form, independent of the exporter. */
export interface FinishedSpan {
  readonly name: string;
  readonly kind: 'server' | 'client';
  readonly context: TraceContext;
  readonly parent: TraceContext | undefined;
  /** Milliseconds since 1970, with fractions. */
  readonly startEpochMs: number;
  readonly endEpochMs: number;
  readonly attributes: Attributes;
  /** The error; undefined: there was none. */
  readonly error: string | undefined;
}

/** Undefined values are left out. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** The position of a request's spans in their trace. */
export interface RequestTrace {
  readonly parent: TraceContext | undefined;
  readonly context: TraceContext;
  /** The spans of the attempts, in order. */
  readonly attemptSpanIds: readonly string[];
}

/**
 * The spans of a request: its own, then one for each attempt, named after OpenTelemetry's conventions for generative AI
 * and for HTTP. Adding `epochOffsetMs` to the event's times gives dates.
 */
export function spansOf(ended: RequestEnded, trace: RequestTrace, epochOffsetMs: number): FinishedSpan[] {
  const spans = [requestSpan(ended, trace, epochOffsetMs)];
  for (const [index, attempt] of ended.history.entries()) {
    const spanId = trace.attemptSpanIds[index];
    if (spanId !== undefined)
      spans.push(attemptSpan({ ended, attempt, index, epochOffsetMs }, trace, spanId));
  }
  return spans;
}

function requestSpan(
  ended: RequestEnded,
  { context, parent }: RequestTrace,
  epochOffsetMs: number,
): FinishedSpan {
  const { ending, status, code, usage, cost } = ended;
  const hasBroken = ending === 'truncated' || (ending !== 'client-left' && status >= 500);
  const hasFailed = hasBroken || ending === 'failed' || ending === 'refused';
  return {
    name: spanName(ended, ended.model),
    kind: 'server',
    context,
    parent,
    startEpochMs: ended.startedAtMs + epochOffsetMs,
    endEpochMs: ended.endedAtMs + epochOffsetMs,
    attributes: {
      'gen_ai.operation.name': OPERATIONS[ended.endpoint],
      'gen_ai.provider.name': ended.provider,
      'gen_ai.request.model': ended.model,
      'gen_ai.usage.input_tokens': usage?.inputTokens,
      'gen_ai.usage.output_tokens': usage?.outputTokens,
      'http.request.method': methodOf(ended),
      'http.route': ended.endpoint,
      'http.response.status_code': status,
      'error.type': hasFailed ? (code ?? (ending === 'truncated' ? ending : String(status))) : undefined,
      'llm_proxy.request_id': ended.requestId,
      'llm_proxy.ending': ending,
      'llm_proxy.attempts': ended.history.length,
      'llm_proxy.key': ended.keyName,
      'llm_proxy.translation': ended.translation && `${ended.translation.from}>${ended.translation.to}`,
      'llm_proxy.translation.losses': ended.translation?.count,
      'llm_proxy.cache': ended.cache,
      ...(cost && costAttributes(cost)),
      'llm_proxy.usage_estimated': ended.isUsageEstimated ? true : undefined,
    },
    // A client's mistake is not an error of the server.
    error: hasBroken ? (code ?? ending) : undefined,
  };
}

interface SpanOfAttempt {
  readonly ended: RequestEnded;
  readonly attempt: Attempt;
  readonly index: number;
  readonly epochOffsetMs: number;
}

function costAttributes({ nano, basis, priceRef, savedNano }: Cost) {
  return {
    'llm_proxy.cost.usd': nano === undefined ? undefined : nano / 1e9,
    'llm_proxy.cost.nano_usd': nano,
    'llm_proxy.cost.basis': basis,
    'llm_proxy.cost.price_ref': priceRef,
    'llm_proxy.cost.saved_usd': savedNano === undefined ? undefined : savedNano / 1e9,
  };
}

function attemptSpan(
  { ended, attempt, index, epochOffsetMs }: SpanOfAttempt,
  { context }: RequestTrace,
  spanId: string,
): FinishedSpan {
  const { route, outcome, model, reason } = attempt;
  const upstreamModel = route.upstreamModel ?? model;
  const isLast = index === ended.history.length - 1;
  const wasTruncated = isLast && ended.ending === 'truncated';
  const goesOn = isLast && outcome.kind === 'answered' && (ended.isStreamed || wasTruncated);
  return {
    name: spanName(ended, upstreamModel),
    kind: 'client',
    context: { ...context, spanId },
    parent: context,
    startEpochMs: attempt.startedAtMs + epochOffsetMs,
    // For the gateway, an attempt is over when its answer begins; for readers of a trace, when the answer ends.
    endEpochMs: (goesOn ? ended.endedAtMs : attempt.endedAtMs) + epochOffsetMs,
    attributes: {
      'gen_ai.operation.name': OPERATIONS[ended.endpoint],
      'gen_ai.provider.name': route.provider,
      'gen_ai.request.model': upstreamModel,
      'http.request.method': methodOf(ended),
      'http.response.status_code': 'status' in outcome ? outcome.status : undefined,
      'error.type': wasTruncated ? 'truncated' : errorType(outcome),
      'llm_proxy.attempt': index + 1,
      'llm_proxy.outcome': outcome.kind,
      'llm_proxy.reason': reason,
    },
    error: wasTruncated ? 'truncated' : errorText(outcome),
  };
}

/** `chat gpt-4o`; if the operation or the model has no name, `POST /v1/files`. */
function spanName(ended: RequestEnded, model: string | undefined): string {
  const operation = OPERATIONS[ended.endpoint];
  if (operation === undefined) return `${methodOf(ended)} ${ended.endpoint}`;
  return model === undefined ? operation : `${operation} ${model}`;
}

function methodOf({ method }: RequestEnded): string {
  return METHODS.has(method) ? method : '_OTHER';
}

/** The error as a word from a short list. */
function errorType(outcome: Outcome): string | undefined {
  switch (outcome.kind) {
    case 'answered':
    case 'unsuitable':
    case 'cancelled':
      return undefined;
    case 'failed':
      return outcome.defect ?? String(outcome.status);
    case 'rejected':
    case 'rate-limited':
      return String(outcome.status);
    case 'unreachable':
      return outcome.reason;
    case 'timed-out':
      return 'timeout';
  }
}

function errorText(outcome: Outcome): string | undefined {
  return errorType(outcome) === undefined ? undefined : outcomeText(outcome);
}
