import { joined } from '../../lib/joined.ts';
import { unreadable } from '../../translation/hub-error.ts';
import type { HubError } from '../../translation/hub-error.ts';
import { outcomeOfAbort } from '../attempt-timeouts.ts';
import { readChunk } from '../body/body-reader.ts';
import { NOTHING } from '../body/sniffed-body.ts';
import type { Classification, Reply, ReplyContext } from '../classification.ts';
import { redactLarge } from '../redact.ts';
import { collectedAnswer } from './collected-answer.ts';
import { isFrames } from './unframed-body.ts';
import type { ReplyTranslation, TranslationWay } from './reply-translation.ts';
import { addLosses, sentExchange } from './thread/sent-exchange.ts';
import { THREAD_BYTES } from './thread/translation-thread.ts';
import { classifyTranslatedFailure } from './translated-failure.ts';
import { translatedHeaders } from './translated-headers.ts';
import type { WrittenWhole } from './written-answer.ts';

/** The largest stream that is collected. Its events are several times as long as its text. */
const MAX_BYTES = 256 * 1024 * 1024;

/** Collects a stream into one answer, for a client that did not ask for a stream. */
export async function collectStream(
  reply: Reply,
  reading: ReplyContext,
  translation: ReplyTranslation,
): Promise<Classification> {
  const { status, headers } = reply;
  const { how } = translation;
  if (how.kind !== 'written') throw new Error('only what was written is collected');
  const failure = (error: HubError): Classification =>
    classifyTranslatedFailure({ error, headers, defect: 'error-event' }, reading, translation);
  const bytes = await allOf(reply, reading);
  if (reading.timeouts.cause !== undefined) return { outcome: outcomeOfAbort(reading.timeouts.cause) };
  if (bytes === 'too large') return failure(unreadable('it is too large to be collected'));
  const made = await collectedFrom(bytes, reply, reading, how);
  if (made.kind === 'failed') return failure(made.error);
  return {
    outcome: { kind: 'answered' },
    answer: {
      kind: 'whole',
      status,
      headers: translatedHeaders(headers, 'application/json', reading, translation),
      bytes: await redactLarge(made.body, reading.provider),
      usage: made.usage,
      text: made.text,
    },
  };
}

/** Reads to the end of the bytes, orderly or not: whether the answer is complete, its events tell. */
async function allOf({ body }: Reply, { timeouts }: ReplyContext): Promise<Uint8Array | 'too large'> {
  const source = body ?? NOTHING;
  const chunks: Uint8Array[] = [];
  for (let size = 0; ;) {
    const chunk = await readChunk(source, timeouts);
    if (typeof chunk === 'string') return joined(chunks, size);
    if (size === 0) timeouts.answered();
    chunks.push(chunk);
    size += chunk.byteLength;
    if (size <= MAX_BYTES) continue;
    await source.cancel();
    return 'too large';
  }
}

/** Translates the bytes, in a thread if they are many. */
// oxlint-disable-next-line max-params -- a stream, and how it is read
async function collectedFrom(
  bytes: Uint8Array,
  { headers }: Reply,
  { gateway, planned }: ReplyContext,
  { exchange, translation }: Extract<TranslationWay, { kind: 'written' }>,
): Promise<WrittenWhole> {
  const { translator } = gateway;
  const framed = isFrames(headers);
  if (translator === undefined || bytes.byteLength <= THREAD_BYTES)
    return collectedAnswer(bytes, framed, exchange, translation);
  const on = { bytes, signal: planned.request.signal, isLastUse: true };
  const made = await translator.run('collect', { exchange: sentExchange(exchange), framed }, on);
  if (made === undefined) return { kind: 'failed', error: unreadable('it takes too long to be translated') };
  addLosses(exchange.losses, made.losses);
  return made;
}
