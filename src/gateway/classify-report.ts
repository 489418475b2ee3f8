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

/** Where an error was reported. */
export interface ReportPlace {
  readonly reply: Reply;
  readonly reading: ReplyContext;
  /** What is noted of an attempt that failed so. */
  readonly defect: Defect;
  /** The events up to the one with the error, fit for the client; empty where it was no stream. */
  readonly events: Uint8Array;
}

/** The status by which Anthropic's clients know that a provider is overloaded. */
const ANTHROPIC_OVERLOADED = 529;

/**
 * An error under status 200 comes to the same as the status that it stands for: what the request is to blame for is
 * delivered and cools nobody, everything else may be routed around. The answer is the one for a client whose API it is.
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

/** The kinds of error that a client which asked for a stream knows only as one. */
function failedStream(
  report: ReportedError,
  place: ReportPlace,
  waitMs: number | undefined,
): WholeAnswer | undefined {
  const { plan } = place.reading.planned;
  if (!plan.isStream) return undefined;
  const text = plan.clientProtocol.failedStream?.({ ...report, retryAfterMs: waitMs });
  if (text === undefined) return undefined;
  // The provider's own stream passes as it came, if it ends with the event that such clients know.
  const isOwn = Buffer.from(place.events).includes('response.failed');
  return wholeOf(place, { status: 200, type: 'text/event-stream', waitMs, text: isOwn ? undefined : text });
}

interface Shown {
  readonly status: number;
  readonly type: string;
  readonly waitMs: number | undefined;
  /** undefined: the provider's own events. */
  readonly text: string | undefined;
}

function wholeOf(
  { reply, reading, events }: ReportPlace,
  { status, type, waitMs, text }: Shown,
): WholeAnswer {
  const headers = new Headers(withoutCoding(reply.headers));
  headers.set('content-type', type);
  if (waitMs !== undefined && !headers.has('retry-after'))
    headers.set('retry-after', String(Math.ceil(waitMs / 1000)));
  const bytes = text === undefined ? events : redact(new TextEncoder().encode(text), reading.provider);
  return { kind: 'whole', status, headers, bytes, usage: undefined, text: NO_TEXT, isFailure: true };
}
