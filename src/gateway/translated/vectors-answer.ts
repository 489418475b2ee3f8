import type { Usage } from '../../protocols/protocol.ts';
import { embeddingsAnswer, type EmbeddingsExchange } from '../../translation/embeddings/embeddings.ts';
import { type HubError, unreadable } from '../../translation/hub-error.ts';
import { sampleOf, tokensIn } from '../../usage/estimate-usage.ts';
import type { ReplyContext } from '../classification.ts';
import { sentLosses } from './thread/sent-exchange.ts';
import { THREAD_BYTES } from './thread/translation-thread.ts';
import type { Results } from './thread/work.ts';

type TranslatedVectors =
  | { readonly kind: 'answer'; readonly bytes: Uint8Array; readonly usage: Usage | undefined }
  | { readonly kind: 'failed'; readonly error: HubError };

/**
 * Translates embeddings. Estimates the token count with a tokenizer if the client's API requires one that the
 * provider does not report.
 */
export async function translatedVectors(
  bytes: Uint8Array,
  exchange: EmbeddingsExchange,
  reading: ReplyContext,
): Promise<TranslatedVectors> {
  let made = await written(bytes, exchange, { reading, estimate: 0 });
  if (made.kind === 'answer' && made.isEstimated) {
    const texts = exchange.asked.inputs.map(({ value }) => value);
    const estimate = await tokensIn(sampleOf(texts, '\n'), reading.gateway.tokens);
    made = await written(bytes, exchange, { reading, estimate });
  }
  if (made.kind === 'failed') return made;
  const { body, tokens, isEstimated } = made;
  const usage = isEstimated
    ? undefined
    : {
        inputTokens: tokens,
        outputTokens: undefined,
        totalTokens: tokens,
        cachedTokens: undefined,
        reasoningTokens: undefined,
      };
  return { kind: 'answer', bytes: body, usage };
}

async function written(
  bytes: Uint8Array,
  exchange: EmbeddingsExchange,
  { reading, estimate }: { readonly reading: ReplyContext; readonly estimate: number },
): Promise<Results['vectors-answer']> {
  const { gateway, planned } = reading;
  if (gateway.translator === undefined || bytes.byteLength <= THREAD_BYTES) {
    const made = embeddingsAnswer(new TextDecoder().decode(bytes), exchange, () => estimate);
    return made.kind === 'failed' ? made : { ...made, body: new TextEncoder().encode(made.body) };
  }
  const { asked, losses, ...plain } = exchange;
  const sent = { ...plain, asked: { ...asked, only: [] }, losses: sentLosses(losses) };
  const on = { bytes, signal: planned.request.signal };
  const made = await gateway.translator.run('vectors-answer', { exchange: sent, estimate }, on);
  return made ?? { kind: 'failed', error: unreadable('it takes too long to be translated') };
}
