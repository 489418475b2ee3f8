import type { Fields } from '../../lib/http/fields.ts';
import { errorBody, errorShapeOf } from '../../protocols/error-body.ts';
import { NO_TEXT } from '../../protocols/text.ts';
import type { Defect, Outcome } from '../../routing/outcome.ts';
import { type ClientError, writeError } from '../../translation/errors.ts';
import type { ErrorKind, HubError } from '../../translation/hub-error.ts';
import type { WholeAnswer } from '../answer.ts';
import type { Classification, ReplyContext } from '../classification.ts';
import { classifyError } from '../classify-status.ts';
import type { ReplyTranslation } from './reply-translation.ts';
import { redact } from '../redact.ts';
import { Refusal } from '../refusals.ts';
import { translatedHeaders } from './translated-headers.ts';

/** A provider's error, and the header of its reply. */
export interface TranslatedFailure {
  readonly error: HubError;
  readonly headers: Fields;
  /** The defect to record for the attempt. */
  readonly defect: Defect;
}

/** Classifies an error in a status-200 reply, before anything was sent, like the status that it corresponds to. */
export function classifyTranslatedFailure(
  failure: TranslatedFailure,
  reading: ReplyContext,
  reply: ReplyTranslation,
): Classification {
  const { error, defect } = failure;
  if (error.kind === 'upstream') return unreadable(failure, reading, reply);
  const chatError = writeError('chat', error, reading.planned.id);
  const retryAfterMs = waitOf(error);
  const outcome = classifyError(
    { status: chatError.status, text: chatError.body, retryAfterMs },
    reading.planned.snapshot.detection,
  );
  const answer = failureAnswer(failure, reading, reply);
  if (outcome.kind !== 'failed') return { outcome, answer };
  return { outcome: { ...outcome, defect: outcome.defect ?? defect }, answer };
}

/** Formats the error for the client. */
export function failureAnswer(
  { error, headers }: TranslatedFailure,
  reading: ReplyContext,
  reply: ReplyTranslation,
): WholeAnswer {
  const { planned, provider } = reading;
  const written = failedStream(error, reading, reply) ?? {
    ...writeError(reply.to, error, planned.id),
    type: 'application/json',
  };
  const shown = translatedHeaders(headers, written.type, reading, reply);
  for (const [name, value] of Object.entries(written.headers)) shown.set(name, value);
  const bytes = redact(new TextEncoder().encode(written.body), provider);
  return {
    kind: 'whole',
    status: written.status,
    headers: shown,
    bytes,
    usage: undefined,
    text: NO_TEXT,
    isFailure: true,
  };
}

/** Formats kinds of error that Codex recognises only inside a stream. */
function failedStream(
  error: HubError,
  { planned }: ReplyContext,
  { to, how }: ReplyTranslation,
): (ClientError & { readonly type: string }) | undefined {
  if (to !== 'responses' || !planned.plan.isStream || how.kind !== 'written') return undefined;
  if (!IN_STREAM.has(error.kind)) return undefined;
  const body = new TextDecoder().decode(how.translation.stream(how.exchange).fail(error));
  const headers: Record<string, string> =
    error.retryAfter === undefined ? {} : { 'retry-after': error.retryAfter };
  return { status: 200, headers, body, type: 'text/event-stream' };
}

const IN_STREAM: ReadonlySet<ErrorKind> = new Set(['context_length', 'billing', 'rate_limit', 'overloaded']);

/** Returns the wait in milliseconds; undefined if the provider gave none, or gave a date. */
function waitOf({ retryAfter }: HubError): number | undefined {
  const seconds = Number(retryAfter ?? Number.NaN);
  return seconds >= 0 ? seconds * 1000 : undefined;
}

/** Formats, in the client's API, the error for an answer that does not conform to the provider's API. */
function unreadable(
  { error, headers, defect }: TranslatedFailure,
  reading: ReplyContext,
  reply: ReplyTranslation,
): Classification {
  const outcome: Outcome = {
    kind: 'failed',
    status: 200,
    defect: error.code === 'upstream_truncated' ? 'truncated' : defect,
    retryAfterMs: undefined,
    fault: 'provider',
  };
  if (error.code === 'upstream_truncated') return { outcome };
  const { planned, provider } = reading;
  const refusal = new Refusal('translation_failed', {
    model: planned.plan.model.name,
    reason: error.message,
  });
  const { status, message, code, param } = refusal;
  const shape = errorShapeOf(planned.request.path, planned.request.headers);
  const facts = { status, message, code, param, type: 'upstream_error', requestId: planned.id };
  const bytes = redact(new TextEncoder().encode(errorBody(shape, facts)), provider);
  const shown = translatedHeaders(headers, 'application/json', reading, reply);
  return {
    outcome,
    answer: {
      kind: 'whole',
      status,
      headers: shown,
      bytes,
      usage: undefined,
      text: NO_TEXT,
      isFailure: true,
    },
  };
}
