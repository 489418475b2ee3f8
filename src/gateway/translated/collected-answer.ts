import type { Exchange } from '../../translation/exchange.ts';
import { unreadable } from '../../translation/hub-error.ts';
import type { Translation } from '../../translation/pair.ts';
import { createEventCutter } from './event-cutter.ts';
import { answerText, gatewayUsage } from './translated-usage.ts';
import type { WrittenWhole } from './written-answer.ts';

/** Translates all bytes of a provider's stream into one whole answer. `framed`: they are an Amazon event stream. */
// oxlint-disable-next-line max-params -- a stream, and how it is read
export function collectedAnswer(
  bytes: Uint8Array,
  framed: boolean,
  exchange: Exchange,
  translation: Translation,
): WrittenWhole {
  const cutter = createEventCutter(framed);
  const collector = translation.collector(exchange);
  const events = cutter.push(bytes);
  if (events === 'broken') return { kind: 'failed', error: unreadable('it is no stream of events') };
  for (const { name, data } of events) collector.push(name, data);
  for (const { name, data } of cutter.tail()) collector.push(name, data);
  const made = collector.answer();
  if (made.kind === 'failed') return made;
  const usage = gatewayUsage(made.answer.usage, made.answer.serviceTier);
  const body = new TextEncoder().encode(made.body);
  return { kind: 'answer', body, usage, text: answerText(made.answer, usage) };
}
