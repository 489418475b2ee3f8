import { copyOfFields } from '../lib/http/fields.ts';
import { withoutCoding } from '../lib/http/content-coding.ts';
import { retryAfterMs } from '../lib/http/retry-after.ts';
import { errorBody, errorShapeOf } from '../protocols/error-body.ts';
import type { ReportedError } from '../protocols/reported-error.ts';
import { NO_TEXT } from '../protocols/text.ts';
import type { Defect } from '../routing/outcome.ts';
import type { WholeAnswer } from './answer.ts';
import { redact } from './redact.ts';
import { classifyError } from './classify-status.ts';
import type { ReplyContext, Reply, Classification } from './classification.ts';

/** The reply in which an error was reported. */
export interface ReportPlace {
  readonly reply: Reply;
  readonly reading: ReplyContext;
  /** The defect to record for the attempt. */
  readonly defect: Defect;
  /** The events up to and including the error, ready for the client; empty if the reply was not a stream. */
  readonly events: Uint8Array;
}

/** The status by which Anthropic's clients recognise an overloaded provider. */
const ANTHROPIC_OVERLOADED = 529;

/**
 * Classifies an error under status 200 like the status that it corresponds to. A client's mistake is delivered and
 * does not cool the route; any other error may be routed around. The answer is formatted for the client's API.
 */
export function judgeReport(report: ReportedError, place: ReportPlace): Classification {
  const { reply, reading, defect } = place;
  const { planned, gateway } = reading;
  const shape = errorShapeOf(planned.request.path, planned.request.headers);
  const status = report.kind === 'overloaded' && shape === 'anthropic' ? ANTHROPIC_OVERLOADED : report.status;
  const facts = { ...report, status, requestId: planned.id };
  const waitMs = retryAfterMs(reply.headers, gateway.clock.epochMs(), status) ?? report.retryAfterMs;
  const text = errorBody('openai', facts);
  const outcome = classifyError({ status, text, retryAfterMs: waitMs }, planned.snapshot.detection);
  const answer =
    failedStream(report, place, waitMs) ??
    wholeOf(place, { status, type: 'application/json', waitMs, text: errorBody(shape, facts) });
  if (outcome.kind !== 'failed') return { outcome, answer };
  return { outcome: { ...outcome, defect: outcome.defect ?? defect }, answer };
}

/** Formats kinds of error that a client of a stream recognises only inside a stream. */
function failedStream(
  report: ReportedError,
  place: ReportPlace,
  waitMs: number | undefined,
): WholeAnswer | undefined {
  const { plan } = place.reading.planned;
  if (!plan.isStream) return undefined;
  const text = plan.clientProtocol.failedStream?.({ ...report, retryAfterMs: waitMs });
  if (text === undefined) return undefined;
  // The provider's own stream passes unchanged if it ends with the event that such clients expect.
  const isOwn = Buffer.from(place.events).includes('response.failed');
  return wholeOf(place, { status: 200, type: 'text/event-stream', waitMs, text: isOwn ? undefined : text });
}

interface Shown {
  readonly status: number;
  readonly type: string;
  readonly waitMs: number | undefined;
  /** undefined keeps the provider's own events. */
  readonly text: string | undefined;
}

function wholeOf(
  { reply, reading, events }: ReportPlace,
  { status, type, waitMs, text }: Shown,
): WholeAnswer {
  const headers = copyOfFields(withoutCoding(reply.headers));
  headers.set('content-type', type);
  if (waitMs !== undefined && !headers.has('retry-after'))
    headers.set('retry-after', String(Math.ceil(waitMs / 1000)));
  const bytes = text === undefined ? events : redact(new TextEncoder().encode(text), reading.provider);
  return { kind: 'whole', status, headers, bytes, usage: undefined, text: NO_TEXT, isFailure: true };
}
