import type { ClientApi, ProviderApi } from '../../translation/conversation.ts';
import type { EmbeddingsExchange } from '../../translation/embeddings/embeddings.ts';
import type { Exchange } from '../../translation/exchange.ts';
import type { LossList } from '../../translation/losses.ts';
import type { Translation } from '../../translation/pair.ts';

/** What is told of a request that did not reach its provider as it was written. */
export interface TranslationNote {
  /** As the header says it: `messages>openai-chat`. */
  readonly pair: string;
  /** Of the request, and of the answer as far as it came. */
  readonly losses: LossList;
}

/** How a provider's reply becomes one of the client's API. */
export interface ReplyTranslation {
  readonly from: ProviderApi;
  readonly to: ClientApi;
  readonly note: TranslationNote;
  readonly how: TranslationWay;
}

export type TranslationWay =
  /** The reply is in the client's API, in the wrapping of who carries it. */
  | { readonly kind: 'carried'; readonly carriage: 'bedrock' | 'vertex'; readonly isCount: boolean }
  | {
      readonly kind: 'written';
      readonly translation: Translation;
      readonly exchange: Exchange;
      readonly carriage: 'bedrock' | 'vertex' | undefined;
    }
  | { readonly kind: 'vectors'; readonly exchange: EmbeddingsExchange };
