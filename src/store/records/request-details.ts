import type { RequestEnded, TranslationReport } from '../../gateway/events.ts';
import type { Attempt, Outcome } from '../../routing/outcome.ts';
import type { Route } from '../../routing/route.ts';
import type { SkippedRoute } from '../../routing/skipped.ts';
import { answerHeaders, requestHeaders, type StoredHeaders } from './request-headers.ts';

/** How a request went, beside its numbers. A field is null, or absent, where it is unknown. */
export interface RequestDetails {
  readonly method?: string | null | undefined;
  /** The route pattern. */
  readonly endpoint?: string | null | undefined;
  /** The code of a gateway refusal. */
  readonly code?: string | null | undefined;
  readonly overheadMs?: number | null | undefined;
  /** 1: another route than the first one was tried. */
  readonly hasFallback?: number | null | undefined;
  /** A list of `AttemptDetail`, as JSON. */
  readonly attemptsJson?: string | null | undefined;
  /** A `TranslationReport`, as JSON. */
  readonly translationJson?: string | null | undefined;
  /** `FurtherDetails`, as JSON. */
  readonly detailsJson?: string | null | undefined;
}

/** Details that are only read with the whole request. Unknown or empty ones are omitted. */
export interface FurtherDetails {
  /** Milliseconds from the arrival until the request was read and admitted. */
  readonly admitted_ms?: number | undefined;
  readonly skipped?: readonly SkippedDetail[] | undefined;
  readonly trace_id?: string | undefined;
  readonly request_headers?: StoredHeaders | undefined;
  readonly answer_headers?: StoredHeaders | undefined;
}

/** A route that was unavailable. */
export interface SkippedDetail {
  readonly provider: string;
  readonly model: string | null;
  readonly for_model: string;
  readonly why: SkippedRoute['why'];
  /** The rest of its cooldown; null: it was not cooling. */
  readonly for_ms: number | null;
  readonly before_attempt: number;
}

/** One attempt as it is stored. Times are milliseconds since the request's arrival. */
export interface AttemptDetail {
  readonly provider: string;
  /** The provider's name for the model; null: the client's. */
  readonly model: string | null;
  /** The model that the route belongs to: the requested one, or a fallback. */
  readonly for_model: string;
  readonly reason: Attempt['reason'];
  readonly is_probe: boolean;
  readonly outcome: Outcome['kind'];
  readonly status: number | null;
  /** The defect, the phase or the reason, such as `no-choices`, `first-byte` or `reset`. */
  readonly detail: string | null;
  readonly retry_after_ms: number | null;
  readonly start_ms: number;
  /** How long the TCP connect took; null if it took a used connection, or if unknown. */
  readonly connect_ms: number | null;
  /** When the reply's head was there. */
  readonly head_ms: number | null;
  readonly end_ms: number;
}

/** More attempts, skipped routes and losses of one request are not stored. */
const MOST_ATTEMPTS = 32;
const MOST_SKIPPED = 32;
const MOST_LOSSES = 32;
const MOST_CHARACTERS = 200;

/** The stored details of a request's way. */
export function detailsOf(event: RequestEnded): RequestDetails {
  const { history, translation } = event;
  const { method, endpoint, code, overheadMs, hasFallback } = plainDetails(event);
  return {
    method,
    endpoint,
    code,
    overheadMs,
    hasFallback,
    attemptsJson: attemptsJson(history, event.startedAtMs),
    translationJson: translation === undefined ? null : JSON.stringify(boundedTranslation(translation)),
    detailsJson: JSON.stringify(furtherDetails(event)),
  };
}

/** The details that are not JSON. */
export function plainDetails({
  method,
  endpoint,
  code,
  overheadMs,
  history,
}: RequestEnded): Pick<RequestDetails, 'method' | 'endpoint' | 'code' | 'overheadMs' | 'hasFallback'> {
  const [first] = history;
  return {
    method: method.slice(0, 16),
    endpoint,
    code: code ?? null,
    overheadMs: overheadMs === undefined ? null : Math.max(0, Math.round(overheadMs)),
    hasFallback: history.length > 1 && history.some(({ route }) => route.id !== first?.route.id) ? 1 : 0,
  };
}

/** The stored attempts of a request that arrived at `startedAtMs`. */
export function attemptDetails(history: readonly Attempt[], startedAtMs: number): AttemptDetail[] {
  return history.slice(0, MOST_ATTEMPTS).map((attempt) => attemptDetail(attempt, startedAtMs));
}

function attemptsJson(history: readonly Attempt[], startedAtMs: number): string {
  const [only] = history;
  if (history.length === 1 && only?.outcome.kind === 'answered') return answeredJson(only, startedAtMs);
  return JSON.stringify(attemptDetails(history, startedAtMs));
}

/** Most requests have one attempt, whose text differs from that of the route's last one in the times only. */
function answeredJson(attempt: Attempt, fromMs: number): string {
  const { route, model, reason, isProbe, startedAtMs, connectMs, headAtMs, endedAtMs } = attempt;
  let known = answered.get(route);
  if (known?.model !== model || known.reason !== reason || known.isProbe !== isProbe) {
    const text = JSON.stringify(attemptDetail(attempt, fromMs));
    known = { model, reason, isProbe, start: text.slice(0, text.lastIndexOf('"start_ms":')) };
    answered.set(route, known);
  }
  const connect = connectMs === undefined ? null : Math.round(connectMs);
  const head = headAtMs === undefined ? null : Math.round(headAtMs - fromMs);
  const [start, end] = [Math.round(startedAtMs - fromMs), Math.round(endedAtMs - fromMs)];
  return `[${known.start}"start_ms":${start},"connect_ms":${connect},"head_ms":${head},"end_ms":${end}}]`;
}

interface AnsweredStart extends Pick<Attempt, 'model' | 'reason' | 'isProbe'> {
  readonly start: string;
}

const answered = new WeakMap<Route, AnsweredStart>();

/** The further details of a request. */
export function furtherDetails(event: RequestEnded): FurtherDetails {
  const { startedAtMs, plannedAtMs, skipped, traceId } = event;
  return {
    admitted_ms: plannedAtMs === undefined ? undefined : Math.max(0, Math.round(plannedAtMs - startedAtMs)),
    skipped: skipped?.slice(0, MOST_SKIPPED).map(skippedDetail),
    trace_id: traceId,
    request_headers: event.requestHeaders && requestHeaders(event.requestHeaders),
    answer_headers: event.answerHeaders && answerHeaders(event.answerHeaders),
  };
}

function skippedDetail({ route, model, why, forMs, beforeAttempt }: SkippedRoute): SkippedDetail {
  return {
    provider: route.provider,
    model: route.upstreamModel === undefined ? null : cut(route.upstreamModel),
    for_model: cut(model),
    why,
    for_ms: forMs === undefined ? null : Math.max(0, Math.round(forMs)),
    before_attempt: beforeAttempt,
  };
}

function attemptDetail(attempt: Attempt, startedAtMs: number): AttemptDetail {
  const { route, reason, isProbe, model, outcome } = attempt;
  return {
    provider: route.provider,
    model: route.upstreamModel === undefined ? null : cut(route.upstreamModel),
    for_model: cut(model),
    reason,
    is_probe: isProbe,
    outcome: outcome.kind,
    status: 'status' in outcome ? outcome.status : null,
    detail: detailOf(outcome),
    retry_after_ms: 'retryAfterMs' in outcome ? (outcome.retryAfterMs ?? null) : null,
    start_ms: Math.round(attempt.startedAtMs - startedAtMs),
    connect_ms: attempt.connectMs === undefined ? null : Math.round(attempt.connectMs),
    head_ms: attempt.headAtMs === undefined ? null : Math.round(attempt.headAtMs - startedAtMs),
    end_ms: Math.round(attempt.endedAtMs - startedAtMs),
  };
}

function detailOf(outcome: Outcome): string | null {
  switch (outcome.kind) {
    case 'failed':
      return outcome.defect ?? null;
    case 'unreachable':
      return outcome.reason;
    case 'timed-out':
      return outcome.phase;
    case 'unsuitable':
      return cut(outcome.loss.why);
    case 'answered':
    case 'cancelled':
    case 'rejected':
    case 'rate-limited':
      return null;
  }
}

/** A report with as many losses as are stored. */
export function boundedTranslation({ from, to, losses, count }: TranslationReport): TranslationReport {
  const kept = losses
    .slice(0, MOST_LOSSES)
    .map(({ what, path, why }) => ({ what, path: cut(path), why: cut(why) }));
  return { from, to, losses: kept, count };
}

/** Names and paths may be a client's: bounded, and fit for PostgreSQL. */
function cut(text: string): string {
  return text.slice(0, MOST_CHARACTERS).replaceAll('\0', '\u{fffd}').toWellFormed();
}
