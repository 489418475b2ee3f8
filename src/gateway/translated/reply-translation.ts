import type { ClientApi, ProviderApi } from '../../translation/conversation.ts';
import type { EmbeddingsExchange } from '../../translation/embeddings/embeddings.ts';
import type { Exchange } from '../../translation/exchange.ts';
import type { LossList } from '../../translation/losses.ts';
import type { Translation } from '../../translation/pair.ts';

/** Describes a request that reached its provider in altered form. */
export interface TranslationNote {
  /** The pair of APIs as in the header: `messages>openai-chat`. */
  readonly pair: string;
  /** Losses of the request, and of the answer as far as it has arrived. */
  readonly losses: LossList;
}

/** How to turn a provider's reply into one of the client's API. */
export interface ReplyTranslation {
  readonly from: ProviderApi;
  readonly to: ClientApi;
  readonly note: TranslationNote;
  readonly how: TranslationWay;
}

export type TranslationWay =
  /** The reply is in the client's API, inside a cloud's envelope. */
  | { readonly kind: 'carried'; readonly carriage: 'bedrock' | 'vertex'; readonly isCount: boolean }
  | {
      readonly kind: 'written';
      readonly translation: Translation;
      readonly exchange: Exchange;
      readonly carriage: 'bedrock' | 'vertex' | undefined;
    }
  | { readonly kind: 'vectors'; readonly exchange: EmbeddingsExchange };
