import { lazily } from '../lib/lazily.ts';
import type { Fields } from '../lib/http/fields.ts';
import { valueAt } from '../lib/json/json-scan.ts';
import { retryAfterMs } from '../lib/http/retry-after.ts';
import { rewriteModel } from '../protocols/model-name.ts';
import { asObject } from '../protocols/json-object.ts';
import { type ReportedError, reportedError } from '../protocols/reported-error.ts';
import { decodeLargeBody, withoutCoding } from '../lib/http/content-coding.ts';
import { inTurns, LARGE_BYTES, SLICE_BYTES } from '../lib/in-turns.ts';
import { AnswerBody } from '../protocols/answer-body.ts';
import type { AnswerDefect, AnswerReading, Usage } from '../protocols/protocol.ts';
import { readAnswer } from '../protocols/read-answer.ts';
import type { Defect } from '../routing/outcome.ts';
import { readWhole } from './body/body-reader.ts';
import { openByteStream } from './body/byte-stream.ts';
import { decodedBody } from './body/decoded-body.ts';
import { LIST } from './stream/framing.ts';
import { openEventStream } from './stream/sse-hold.ts';
import { openForeignStream } from './stream/foreign-stream.ts';
import { judgeReport } from './classify-report.ts';
import { classifyError } from './classify-status.ts';
import { isEventStream } from './event-stream.ts';
import { outcomeOfAbort } from './attempt-timeouts.ts';
import { redact, redactLarge } from './redact.ts';
import { failedStreamOf } from './translated/failed-stream.ts';
import type { ReplyTranslation } from './translated/reply-translation.ts';
import { usageAtEnd } from './stream/usage-at-end.ts';
import type { UpstreamReply } from './ports.ts';
import { sniffEvents } from './body/sniffed-body.ts';
import type { ReplyContext, Reply, Classification } from './classification.ts';
import { NO_TEXT } from '../protocols/text.ts';
import { usageIn } from '../protocols/usage.ts';

/** Maximum size of an error body to keep, more than any real one needs. */
const MAX_ERROR_BYTES = 4 * 1024 * 1024;

/** Maximum size of an answer that is buffered completely. */
const MAX_WHOLE_BYTES = 64 * 1024 * 1024;

/**
 * Compressed answers are forwarded unchanged, and decoded to be judged and counted. This limits the decoded size,
 * since a few kilobytes may expand to gigabytes. For larger answers only the usage is read.
 */
const MAX_DECODED_BYTES = 8 * 1024 * 1024;

/** The highest valid status. */
const LAST_STATUS = 599;

/** Reads as much of a reply as is needed to tell whether it is an answer. */
export function classifyReply(
  reply: UpstreamReply,
  reading: ReplyContext,
): Classification | Promise<Classification> {
  switch (reply.kind) {
    case 'unreachable':
      return { outcome: reply };
    case 'aborted':
      return { outcome: outcomeOfAbort(reading.timeouts.cause ?? 'client-left') };
    case 'reply':
      if (reply.status < 200 || reply.status > 299) return classifyErrorReply(reply, reading);
      if (reading.translation !== undefined) return classifyForeign(reply, reading, reading.translation);
      if (reply.status === RESET_CONTENT && reply.body !== null)
        return classifyReply(withoutBody(reply), reading);
      if (isEventStream(reply.headers)) return judgeEvents(decodedBody(reply), reading);
      if (reading.planned.plan.isStream && mayBeEvents(reply)) return judgeUndeclared(reply, reading);
      return judgeOther(reply, reading);
  }
}

/** Classifies a reply in another API, or one in the client's API inside a cloud's envelope. */
async function classifyForeign(
  reply: Reply,
  reading: ReplyContext,
  translation: ReplyTranslation,
): Promise<Classification> {
  const { how } = translation;
  if (how.kind !== 'carried' || (how.isCount && how.carriage === 'bedrock'))
    return classifyTranslated(reply, reading, translation);
  const loading = frames();
  const { unframedReply } = loading instanceof Promise ? await loading : loading;
  const carried = unframedReply(decodedBody(reply), reading.planned.id);
  if (isEventStream(carried.headers)) return judgeEvents(carried, reading);
  return judgeOther(how.carriage === 'bedrock' ? carried : reply, reading);
}

/** Most gateways translate nothing. */
const translations = lazily(() => import('./translated/classify-translated.ts'));
const frames = lazily(() => import('./translated/unframed-body.ts'));

async function classifyTranslated(
  reply: Reply,
  reading: ReplyContext,
  translation: ReplyTranslation,
): Promise<Classification> {
  const loading = translations();
  const loaded = loading instanceof Promise ? await loading : loading;
  return loaded.classifyTranslated(reply, reading, translation);
}

function judgeEvents(reply: Reply, reading: ReplyContext): Promise<Classification> {
  return reading.protocol.endsWithConnection === true
    ? openForeignStream(reply, reading)
    : openEventStream(reply, reading, classifyWhole);
}

/** The client asked for a stream, and the reply is not declared as one. Its first line decides. */
async function judgeUndeclared(reply: Reply, reading: ReplyContext): Promise<Classification> {
  const sniffed = await sniffEvents(decodedBody(reply), reading.timeouts);
  if (reading.timeouts.cause !== undefined) return { outcome: outcomeOfAbort(reading.timeouts.cause) };
  if (sniffed.isEvents) return judgeEvents(sniffed.reply, reading);
  return sniffed.isList && reading.protocol.readList !== undefined
    ? openEventStream(sniffed.reply, reading, classifyWhole, LIST)
    : judgeOther(sniffed.reply, reading);
}

function judgeOther(reply: Reply, reading: ReplyContext): Classification | Promise<Classification> {
  return reading.protocol.name === 'opaque' ? openByteStream(reply, reading) : classifyWhole(reply, reading);
}

/** Chained gateways drop or change the content type of event streams. Audio and images are not sniffed. */
function mayBeEvents({ body, headers }: Reply): boolean {
  return body !== null && !/^\s*(?:audio|image|video)\//i.test(headers.get('content-type') ?? '');
}

/** A 205 response has no content (RFC 9110 §15.3.6), even if bytes follow it. */
const RESET_CONTENT = 205;

function withoutBody(reply: Reply): Reply {
  reply.body?.cancel().catch(() => undefined);
  return { ...reply, body: null };
}

async function classifyErrorReply(reply: Reply, reading: ReplyContext): Promise<Classification> {
  const { planned, provider, timeouts, gateway, translation } = reading;
  const { status } = reply;
  if (status > LAST_STATUS) {
    // An invalid status counts as a server error (RFC 9110 §15).
    withoutBody(reply);
    return {
      outcome: { kind: 'failed', status, defect: undefined, retryAfterMs: undefined, fault: 'provider' },
    };
  }
  const body = await readWhole(reply, timeouts, MAX_ERROR_BYTES);
  if (timeouts.cause !== undefined) return { outcome: outcomeOfAbort(timeouts.cause) };
  const bytes = body.kind === 'read' ? body.bytes : new Uint8Array();
  const decoding = await decodeLargeBody(bytes, reply.headers.get('content-encoding'), MAX_ERROR_BYTES);
  const decoded = typeof decoding === 'string' ? bytes : decoding;
  const outcome = classifyError(
    {
      status: reply.status,
      text: new TextDecoder().decode(decoded),
      retryAfterMs: retryAfterMs(reply.headers, gateway.clock.epochMs(), reply.status),
    },
    planned.snapshot.detection,
  );
  if (reply.status < 400 && outcome.kind !== 'rejected') return { outcome };
  const translated =
    translation === undefined
      ? undefined
      : (await translations()).translatedError(reply, decoded, reading, translation);
  if (translated !== undefined) return { outcome, answer: translated };
  const failed = failedStreamOf({ status, decoded, headers: reply.headers }, outcome, reading);
  if (failed !== undefined) return { outcome, answer: failed };
  const safe = redact(decoded, provider);
  const shown =
    safe === decoded
      ? { headers: reply.headers, bytes }
      : { headers: withoutCoding(reply.headers), bytes: safe };
  return {
    outcome,
    answer: { kind: 'whole', status: reply.status, ...shown, usage: undefined, text: NO_TEXT },
  };
}

/** An answer that has all arrived is classified without a promise. */
function classifyWhole(reply: Reply, reading: ReplyContext): Classification | Promise<Classification> {
  const { headers, body } = reply;
  const isPlain = headers.get('content-encoding') === null && reading.timeouts.cause === undefined;
  const bytes = isPlain ? body?.takeWhole?.(LARGE_BYTES) : undefined;
  if (bytes === undefined) return classifyArriving(reply, reading);
  const decoded = new AnswerBody(bytes);
  const read = readAnswer(reading.protocol, decoded, headers.get('content-type') ?? '');
  return classifyRead(reply, reading, { bytes, decoded, read, safe: redact(bytes, reading.provider) });
}

async function classifyArriving(reply: Reply, reading: ReplyContext): Promise<Classification> {
  const { timeouts } = reading;
  const { status, headers } = reply;
  const body = await readWhole(reply, timeouts, MAX_WHOLE_BYTES);
  if (timeouts.cause !== undefined) return { outcome: outcomeOfAbort(timeouts.cause) };
  if (body.kind === 'broken' || body.isCut) return failed(status, 'truncated');
  const { bytes } = body;
  const coding = headers.get('content-encoding');
  const decoding = await decodeLargeBody(bytes, coding, mostDecoded(reading.shownModel));
  if (decoding === 'damaged') return failed(status, 'truncated');
  // An answer that cannot be decoded cannot be judged, and is forwarded unchanged.
  const decoded = typeof decoding === 'string' ? undefined : new AnswerBody(decoding);
  if (decoded !== undefined && decoded.bytes.length > LARGE_BYTES)
    await inTurns(decoded.scanInSlices(SLICE_BYTES));
  const read: AnswerReading =
    decoded === undefined
      ? { defect: undefined, usage: await usageAtEnd(bytes, headers), text: NO_TEXT }
      : readAnswer(reading.protocol, decoded, headers.get('content-type') ?? '');
  const redacting = redactLarge(decoded?.bytes ?? bytes, reading.provider);
  const safe = redacting instanceof Promise ? await redacting : redacting;
  return classifyRead(reply, reading, { bytes, decoded, read, safe });
}

function failed(status: number, defect: Defect): Classification {
  return { outcome: { kind: 'failed', status, defect, retryAfterMs: undefined, fault: 'provider' } };
}

interface ReadAnswer {
  /** The provider's bytes. */
  readonly bytes: Uint8Array;
  /** undefined if it could not be decoded. */
  readonly decoded: AnswerBody | undefined;
  readonly read: AnswerReading;
  /** The decoded bytes without the provider's credentials. */
  readonly safe: Uint8Array;
}

function classifyRead(
  reply: Reply,
  reading: ReplyContext,
  { bytes, decoded, read, safe }: ReadAnswer,
): Classification | Promise<Classification> {
  const { status, headers } = reply;
  if (read.defect !== undefined && !isAsked(read.defect, status, reading)) {
    const { defect } = read;
    const report = defect === 'error-object' && decoded !== undefined ? reportIn(decoded.bytes) : undefined;
    if (report === undefined) return { ...failed(status, defect), usage: usageOf(decoded) };
    return judgeReport(report, { reply, reading, defect, events: new Uint8Array() });
  }
  const { usage, text } = read.defect === undefined ? read : { usage: undefined, text: NO_TEXT };
  const shown = shownWhole({ headers, bytes, safe }, decoded, reading);
  return {
    outcome: ANSWERED,
    answer: { kind: 'whole', status, headers: shown.headers, bytes: shown.bytes, usage, text },
  };
}

const ANSWERED = { kind: 'answered' } as const;

/** The usage that a provider bills for a reply that is no answer. */
function usageOf(decoded: AnswerBody | undefined): Usage | undefined {
  return decoded && usageIn(decoded);
}

/** Returns the answer for the client: unchanged, or decoded if a secret is redacted or the model renamed. */
function shownWhole(
  came: { readonly headers: Fields; readonly bytes: Uint8Array; readonly safe: Uint8Array },
  decoded: AnswerBody | undefined,
  { shownModel }: ReplyContext,
): { readonly headers: Fields; readonly bytes: Uint8Array } {
  const plain = decoded?.bytes ?? came.bytes;
  const { safe } = came;
  const named =
    shownModel === undefined || decoded === undefined
      ? safe
      : rewriteModel(safe === plain ? decoded : new AnswerBody(safe), shownModel);
  return named === plain ? came : { headers: withoutCoding(came.headers), bytes: named };
}

/** Larger error bodies are not examined for a description. */
const MAX_REPORT_BYTES = 1024 * 1024;

function reportIn(body: Uint8Array): ReportedError | undefined {
  const value = body.byteLength > MAX_REPORT_BYTES ? undefined : asObject(valueAt(body, 0, body.byteLength));
  return value && reportedError(value);
}

/** Renaming the model requires decoding the whole answer. */
function mostDecoded(shownModel: string | undefined): number {
  return shownModel === undefined ? MAX_DECODED_BYTES : MAX_WHOLE_BYTES;
}

/** Whether an answer without content is what the request asked for: a deferred answer, or one to an empty request. */
function isAsked(
  defect: AnswerDefect,
  status: number,
  { protocol, planned: { plan } }: ReplyContext,
): boolean {
  if (defect === 'error-object' || defect === 'html') return false;
  return status === ACCEPTED || (defect === 'no-choices' && protocol.asksForNothing?.(plan.body) === true);
}

/** The client fetches a deferred answer later by its id. */
const ACCEPTED = 202;
