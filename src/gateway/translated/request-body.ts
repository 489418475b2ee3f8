import type { BetaPolicy } from '../../translation/carriage/betas.ts';
import { carry } from '../../translation/carriage/carry.ts';
import type { Conversation } from '../../translation/conversation.ts';
import { countable } from '../../translation/estimate.ts';
import type { Exchange, RequestFacts, Target } from '../../translation/exchange.ts';
import type { Loss } from '../../translation/losses.ts';
import { type Translation, translationFor } from '../../translation/pair.ts';
import {
  type FetchedByPath,
  remoteMedia,
  type RemoteMedia,
  withFetchedMedia,
} from '../../translation/remote-media.ts';
import { type AnswerText, sampleOf } from '../../usage/estimate-usage.ts';

/** How to write a request for a target. Plain data, so that a thread can take it. */
export interface BodyOrder {
  readonly facts: RequestFacts;
  /** `estimate`: only what the gateway needs to estimate the number of tokens. */
  readonly wanted: 'answer' | 'count' | 'estimate';
  /** The provider's `anthropic_beta` and the route's `claude.mid_system`, for Claude at Bedrock or Vertex. */
  readonly betas: BetaPolicy | undefined;
  readonly midSystem: boolean | undefined;
  /** The files fetched for the request; `wanted`: none yet, but they may be; undefined: none may be. */
  readonly files: FetchedByPath | 'wanted' | undefined;
}

export type RequestBody =
  | {
      readonly kind: 'unsuitable';
      readonly pair: string;
      readonly loss: Loss;
      readonly losses: readonly Loss[];
    }
  /** The target takes these files only as bytes. */
  | { readonly kind: 'remote'; readonly media: readonly RemoteMedia[] }
  /** The provider does not count tokens. `extra` is the count of all that is not text. */
  | {
      readonly kind: 'countable';
      readonly pair: string;
      readonly text: AnswerText;
      readonly extra: number;
    }
  | {
      readonly kind: 'written';
      readonly body: Uint8Array;
      readonly betas: string | undefined;
      readonly exchange: Exchange;
    };

/** Writes the conversation for the target, in the envelope of the cloud that carries it. */
export async function writeRequestBody(
  conversation: Conversation,
  target: Target,
  order: BodyOrder,
): Promise<RequestBody> {
  const { wanted, files } = order;
  const translation = await translationFor(conversation.api, target.api, target);
  const { pair } = translation;
  if (wanted === 'estimate' || (wanted === 'count' && !counts(translation, target)))
    return { kind: 'countable', pair, ...countableText(conversation) };
  if (files === 'wanted') {
    const media = remoteMedia(conversation, target);
    if (media.length > 0) return { kind: 'remote', media };
  }
  const hasFiles = files !== undefined && files !== 'wanted';
  const complete = hasFiles ? withFetchedMedia(conversation, files) : conversation;
  const written = translation.request(complete, order.facts);
  if (written.kind === 'unsuitable') return { ...written, pair };
  const { exchange } = written;
  const body = new TextEncoder().encode(written.body);
  const { carriage, model } = target;
  if (target.api !== 'messages' || carriage === undefined)
    return { kind: 'written', body, betas: undefined, exchange };
  const { betas, midSystem } = order;
  const operation = wanted === 'count' ? 'count' : 'generate';
  const carried = carry(body, { carriage, model, betas, midSystem }, { operation });
  for (const loss of carried.losses.all()) exchange.losses.add(loss);
  return { kind: 'written', body: carried.body, betas: carried.betaHeader, exchange };
}

/** Whether the provider counts tokens itself. Bedrock does so only for requests in the Messages API. */
function counts({ provider }: Translation, { api, carriage }: Target): boolean {
  if (provider.writeCount === undefined || provider.readCount === undefined) return false;
  return api !== 'responses' || carriage === undefined;
}

function countableText(conversation: Conversation): { readonly text: AnswerText; readonly extra: number } {
  const { texts, extra } = countable(conversation);
  return { text: sampleOf(texts, '\n'), extra };
}
