import { unreadable } from '../../translation/hub-error.ts';
import { readChunk } from '../body/body-reader.ts';
import { outcomeOfAbort } from '../attempt-timeouts.ts';
import type { Classification, Reply, ReplyContext } from '../classification.ts';
import { createEventCutter } from './event-cutter.ts';
import type { ReplyTranslation } from './reply-translation.ts';
import { NOTHING } from '../body/sniffed-body.ts';
import { translatedHeaders } from './translated-headers.ts';
import { classifyTranslatedFailure } from './translated-failure.ts';
import { answerText, gatewayUsage } from './translated-usage.ts';

/** Collects a stream into one answer, for a client that did not ask for a stream. */
export async function collectStream(
  { status, headers, body }: Reply,
  reading: ReplyContext,
  translation: ReplyTranslation,
): Promise<Classification> {
  const { how } = translation;
  if (how.kind !== 'written') throw new Error('only what was written is collected');
  const source = body ?? NOTHING;
  const cutter = createEventCutter(headers);
  const collector = how.translation.collector(how.exchange);
  const failure = (error: Parameters<typeof classifyTranslatedFailure>[0]['error']): Classification =>
    classifyTranslatedFailure({ error, headers, defect: 'error-event' }, reading, translation);
  for (let isFirst = true; ; isFirst = false) {
    const chunk = await readChunk(source, reading.timeouts);
    if (reading.timeouts.cause !== undefined) return { outcome: outcomeOfAbort(reading.timeouts.cause) };
    const events = typeof chunk === 'string' ? cutter.tail() : cutter.push(chunk);
    if (events === 'broken') return failure(unreadable('it is no stream of events'));
    for (const { name, data } of events) collector.push(name, data);
    if (typeof chunk === 'string') break;
    if (isFirst) reading.timeouts.answered();
  }
  const made = collector.answer();
  if (made.kind === 'failed') return failure(made.error);
  const usage = gatewayUsage(made.answer.usage, made.answer.serviceTier);
  return {
    outcome: { kind: 'answered' },
    answer: {
      kind: 'whole',
      status,
      headers: translatedHeaders(headers, 'application/json', reading, translation),
      bytes: new TextEncoder().encode(made.body),
      usage,
      text: answerText(made.answer, usage),
    },
  };
}
