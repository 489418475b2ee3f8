import type { Fields } from '../../lib/http/fields.ts';
import { inTurns, LARGE_BYTES, SLICE_BYTES } from '../../lib/in-turns.ts';
import { decodeLargeBody } from '../../lib/http/content-coding.ts';
import { AnswerBody } from '../../protocols/answer-body.ts';
import { NO_TEXT } from '../../protocols/text.ts';
import type { Defect } from '../../routing/outcome.ts';
import { bedrockCountOf } from '../../translation/carriage/bedrock-events.ts';
import { errorInBody, readError } from '../../translation/errors.ts';
import type { HubError } from '../../translation/hub-error.ts';
import { unreadable } from '../../translation/hub-error.ts';
import { asObject, parsed } from '../../translation/json.ts';
import type { WholeAnswer } from '../answer.ts';
import { outcomeOfAbort } from '../attempt-timeouts.ts';
import { readWhole } from '../body/body-reader.ts';
import { redactLarge } from '../redact.ts';
import type { Classification, Reply, ReplyContext } from '../classification.ts';
import { decodedBody } from '../body/decoded-body.ts';
import { isEventStream } from '../event-stream.ts';
import type { ReplyTranslation, TranslationWay } from './reply-translation.ts';
import { sniffEvents } from '../body/sniffed-body.ts';
import { headerMap, translatedHeaders } from './translated-headers.ts';
import { classifyTranslatedFailure, failureAnswer } from './translated-failure.ts';
import { openTranslatedStream } from './open-translated-stream.ts';
import { addLosses, sentExchange } from './thread/sent-exchange.ts';
import { THREAD_BYTES } from './thread/translation-thread.ts';
import { isFrames } from './unframed-body.ts';
import { type WrittenWhole, writtenAnswer } from './written-answer.ts';

/** Maximum size of an answer that is buffered completely. */
const MAX_WHOLE_BYTES = 64 * 1024 * 1024;

/** Classifies a 2xx reply that is to be translated into the client's API. */
export async function classifyTranslated(
  reply: Reply,
  reading: ReplyContext,
  translation: ReplyTranslation,
): Promise<Classification> {
  const { how } = translation;
  if (how.kind === 'written' && how.exchange.conversation.operation === 'generate') {
    const decoded = decodedBody(reply);
    if (isFrames(decoded.headers) || isEventStream(decoded.headers))
      return openTranslatedStream(decoded, reading, translation, wholeOf);
    if (!how.exchange.conversation.stream) return wholeOf(reply, reading, translation);
    const sniffed = await sniffEvents(decoded, reading.timeouts);
    if (reading.timeouts.cause !== undefined) return { outcome: outcomeOfAbort(reading.timeouts.cause) };
    return sniffed.isEvents
      ? openTranslatedStream(sniffed.reply, reading, translation, wholeOf)
      : wholeOf(sniffed.reply, reading, translation);
  }
  return wholeOf(reply, reading, translation);
}

/** Translates a complete reply: an answer, a token count, or embeddings. */
async function wholeOf(
  reply: Reply,
  reading: ReplyContext,
  translation: ReplyTranslation,
): Promise<Classification> {
  const { status, headers } = reply;
  const body = await readWhole(reply, reading.timeouts, MAX_WHOLE_BYTES);
  if (reading.timeouts.cause !== undefined) return { outcome: outcomeOfAbort(reading.timeouts.cause) };
  const failed = (defect: Defect): Classification => ({
    outcome: { kind: 'failed', status, defect, retryAfterMs: undefined, fault: 'provider' },
  });
  if (body.kind === 'broken' || body.isCut) return failed('truncated');
  const bytes = await decodeLargeBody(body.bytes, headers.get('content-encoding'), MAX_WHOLE_BYTES);
  if (typeof bytes === 'string') return failed(bytes === 'damaged' ? 'truncated' : 'malformed');
  const answer = new AnswerBody(bytes);
  if (bytes.byteLength > LARGE_BYTES) await inTurns(answer.scanInSlices(SLICE_BYTES));
  const judged = reading.protocol.judgeAnswer(answer, headers.get('content-type') ?? '');
  const defect = judged ?? defectOf(bytes);
  const place = { headers, status };
  if (defect === 'error-object') {
    const isReport = bytes.byteLength <= MAX_REPORT_BYTES;
    const error = isReport ? errorInBody(asObject(parsed(new TextDecoder().decode(bytes))) ?? {}) : undefined;
    if (error === undefined) return failed(defect);
    return classifyTranslatedFailure({ error, headers, defect }, reading, translation);
  }
  if (defect !== undefined) return failed(defect);
  return translatedWhole(bytes, place, reading, translation);
}

/** Larger error bodies are not examined for a description. */
const MAX_REPORT_BYTES = 1024 * 1024;

/** Finds defects in a body that only its translation judges. */
function defectOf(bytes: Uint8Array): Defect | undefined {
  const first = firstCharOf(bytes);
  if (first === '') return 'empty';
  if (first === '<') return 'html';
  return first === '{' || first === '[' ? undefined : 'malformed';
}

/** The first character that is not white space; '' if there is none. */
function firstCharOf(bytes: Uint8Array): string {
  for (let at = 0; at < bytes.byteLength; at += HEAD_BYTES) {
    const head = new TextDecoder().decode(bytes.subarray(at, at + HEAD_BYTES)).trimStart();
    if (head !== '') return head.charAt(0);
  }
  return '';
}

const HEAD_BYTES = 4096;

interface Place {
  readonly headers: Fields;
  readonly status: number;
}

// oxlint-disable-next-line max-params -- the body, its origin and its translation
async function translatedWhole(
  bytes: Uint8Array,
  { headers, status }: Place,
  reading: ReplyContext,
  translation: ReplyTranslation,
): Promise<Classification> {
  const { how } = translation;
  const failure = (error: HubError): Classification =>
    classifyTranslatedFailure({ error, headers, defect: 'malformed' }, reading, translation);
  const answered = async (
    written: Uint8Array,
    more: Partial<WholeAnswer> = {},
    type = 'application/json',
  ): Promise<Classification> => ({
    outcome: { kind: 'answered' as const },
    answer: {
      kind: 'whole' as const,
      status,
      headers: translatedHeaders(headers, type, reading, translation),
      bytes: await redactLarge(written, reading.provider),
      usage: undefined,
      text: NO_TEXT,
      ...more,
    },
  });
  if (how.kind === 'vectors') {
    const { translatedVectors } = await import('./vectors-answer.ts');
    const made = await translatedVectors(bytes, how.exchange, reading);
    return made.kind === 'failed' ? failure(made.error) : answered(made.bytes, { usage: made.usage });
  }
  const isCount = how.kind === 'carried' || how.exchange.conversation.operation === 'count';
  if (isCount) {
    const count = countIn(new TextDecoder().decode(bytes), how);
    return count === undefined
      ? failure(unreadable('it holds no count of tokens'))
      : answered(encoded(count));
  }
  const made = await writtenFrom(bytes, how, reading);
  if (made.kind === 'failed') return failure(made.error);
  const { usage, text } = made;
  const { client } = how.translation;
  const type = how.exchange.conversation.stream ? client.streamType(how.exchange) : undefined;
  return answered(made.body, { usage, text }, type);
}

/** Translates the answer to a token count; undefined if it holds no count. */
function countIn(text: string, how: Exclude<TranslationWay, { kind: 'vectors' }>): string | undefined {
  if (how.kind === 'carried') {
    const tokens = bedrockCountOf(text);
    return tokens === undefined ? undefined : JSON.stringify({ input_tokens: tokens });
  }
  const { client, provider } = how.translation;
  const tokens = how.carriage === 'bedrock' ? bedrockCountOf(text) : provider.readCount?.(text);
  return tokens === undefined ? undefined : (client.writeCount?.(tokens) ?? '{}');
}

type WrittenWay = Extract<TranslationWay, { kind: 'written' }>;

/** Translates an answer, in a thread if it is large. */
async function writtenFrom(
  bytes: Uint8Array,
  { translation, exchange }: WrittenWay,
  { gateway, planned }: ReplyContext,
): Promise<WrittenWhole> {
  const { translator } = gateway;
  if (translator === undefined || bytes.byteLength <= THREAD_BYTES)
    return writtenAnswer(new TextDecoder().decode(bytes), exchange, translation);
  const on = { bytes, signal: planned.request.signal, isLastUse: true };
  const made = await translator.run('answer', { exchange: sentExchange(exchange) }, on);
  if (made === undefined) return { kind: 'failed', error: unreadable('it takes too long to be translated') };
  addLosses(exchange.losses, made.losses);
  return made;
}

function encoded(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Translates the provider's error into the client's API. */
export function translatedError(
  reply: Reply,
  decoded: Uint8Array,
  reading: ReplyContext,
  translation: ReplyTranslation,
): WholeAnswer | undefined {
  const body = new TextDecoder().decode(decoded);
  const { status, headers } = reply;
  // Vertex forwards Anthropic's errors unchanged.
  if (translation.how.kind === 'carried' && asObject(parsed(body))?.['type'] === 'error') return undefined;
  const nowSeconds = Math.floor(reading.gateway.clock.epochMs() / 1000);
  const error = readError(translation.from, { status, headers: headerMap(headers), body }, nowSeconds);
  return failureAnswer({ error, headers, defect: 'error-object' }, reading, translation);
}
