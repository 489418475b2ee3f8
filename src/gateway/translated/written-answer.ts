import type { Usage } from '../../protocols/protocol.ts';
import type { Exchange } from '../../translation/exchange.ts';
import type { HubError } from '../../translation/hub-error.ts';
import type { Translation } from '../../translation/pair.ts';
import type { AnswerText } from '../../usage/estimate-usage.ts';
import { answerText, gatewayUsage } from './translated-usage.ts';

export type WrittenWhole =
  | {
      readonly kind: 'answer';
      readonly body: Uint8Array;
      readonly usage: Usage | undefined;
      readonly text: AnswerText;
    }
  | { readonly kind: 'failed'; readonly error: HubError };

/** Translates a whole answer, into all events of a stream if the client asked for one. */
export function writtenAnswer(text: string, exchange: Exchange, translation: Translation): WrittenWhole {
  const made = exchange.conversation.stream
    ? translation.answerAsStream(text, exchange)
    : translation.answer(text, exchange);
  if (made.kind === 'failed') return made;
  const usage = gatewayUsage(made.answer.usage, made.answer.serviceTier);
  const body = 'bytes' in made ? Buffer.concat(made.bytes) : new TextEncoder().encode(made.body);
  return { kind: 'answer', body, usage, text: answerText(made.answer, usage) };
}
