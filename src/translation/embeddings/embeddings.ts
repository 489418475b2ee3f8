import { errorInBody } from '../errors.ts';
import type { RequestFacts } from '../exchange.ts';
import { unreadable, type HubError } from '../hub-error.ts';
import { asObject, parsed, writeJson } from '../json.ts';
import { createLossList, type Loss, type LossList, type Policy } from '../losses.ts';
import { InvalidBody, type ReadContext } from '../sides.ts';
import type { EmbeddingsAsked, EmbeddingsClient, Vectors } from './asked.ts';
import { base64Of, EMBEDDINGS_PROVIDERS, type EmbeddingsApi } from './providers.ts';
import { readGemini, readOpenAi } from './read-asked.ts';

/** The route that serves an embeddings request. */
export interface EmbeddingsTarget {
  readonly api: EmbeddingsApi;
  /** The upstream model. */
  readonly model: string;
  readonly policy: Policy;
}

export type EmbeddingsReading =
  | { readonly kind: 'read'; readonly asked: EmbeddingsAsked }
  | { readonly kind: 'invalid'; readonly path: string; readonly message: string };

/** One attempt. */
export interface EmbeddingsExchange {
  readonly asked: EmbeddingsAsked;
  readonly target: EmbeddingsTarget;
  readonly losses: LossList;
  /** As in the header: `openai-embeddings>gemini`. */
  readonly pair: string;
  readonly answerModel: string | undefined;
}

export type WrittenEmbeddings =
  | { readonly kind: 'written'; readonly body: string; readonly exchange: EmbeddingsExchange }
  | { readonly kind: 'unsuitable'; readonly loss: Loss; readonly losses: readonly Loss[] };

export type EmbeddingsAnswer =
  | {
      readonly kind: 'answer';
      readonly body: string;
      /** Input tokens: the provider's count or the estimate. */
      readonly tokens: number;
      readonly isEstimated: boolean;
    }
  | { readonly kind: 'failed'; readonly error: HubError };

/** Reads a client's embeddings request, once per request. Never throws. */
export function readEmbeddings(
  client: EmbeddingsClient,
  text: string,
  context: ReadContext,
): EmbeddingsReading {
  try {
    return { kind: 'read', asked: client === 'gemini' ? readGemini(text, context) : readOpenAi(text) };
  } catch (error) {
    if (error instanceof InvalidBody) return { kind: 'invalid', path: error.path, message: error.message };
    throw error;
  }
}

/** Writes the body for the target. Returns a loss if the policy makes the route unsuitable because of it. */
export function writeEmbeddings(
  asked: EmbeddingsAsked,
  target: EmbeddingsTarget,
  facts: Pick<RequestFacts, 'answerModel'>,
): WrittenEmbeddings {
  const losses = createLossList();
  const provider = EMBEDDINGS_PROVIDERS[target.api];
  const tree = provider.write(asked, target.model, losses);
  const most = provider.mostTexts?.(target.model) ?? asked.inputs.length;
  const tooMany = asked.inputs[most];
  if (tooMany !== undefined)
    losses.meaning(tooMany.path, `the model embeds ${most} ${most === 1 ? 'text' : 'texts'} in a request`);
  // Without a text there is nothing to embed, and each text needs its vector, under any policy.
  const isImpossible = asked.inputs.length === 0 || tooMany !== undefined;
  const loss = losses.refusing(isImpossible ? 'warn' : target.policy);
  if (loss !== undefined) return { kind: 'unsuitable', loss, losses: losses.all() };
  const pair = `${asked.client === 'gemini' ? 'gemini' : 'openai-embeddings'}>${provider.name}`;
  const exchange = { asked, target, losses, pair, answerModel: facts.answerModel };
  return { kind: 'written', body: writeJson(tree), exchange };
}

/**
 * Writes an answer of status 200 for the client. Calls `estimate` to count the texts' tokens only if the provider
 * reports no count and the client's API requires one.
 */
export function embeddingsAnswer(
  text: string,
  exchange: EmbeddingsExchange,
  estimate: (texts: readonly string[]) => number,
): EmbeddingsAnswer {
  const { asked, target } = exchange;
  const answer = asObject(parsed(text));
  if (answer === undefined) return failed('it is not a JSON object');
  const error = errorInBody(answer);
  if (error !== undefined) return { kind: 'failed', error };
  const vectors = EMBEDDINGS_PROVIDERS[target.api].read(answer);
  if (vectors === undefined) return failed('it contains no embeddings');
  if (vectors.values.length !== asked.inputs.length)
    return failed('the number of embeddings differs from the number of texts');
  const isEstimated = vectors.tokens === undefined;
  const tokens = vectors.tokens ?? estimate(asked.inputs.map(({ value }) => value));
  const tree =
    asked.client === 'gemini' ? geminiAnswer(vectors, asked) : openAiAnswer(vectors, exchange, tokens);
  return { kind: 'answer', body: writeJson(tree), tokens, isEstimated };
}

function failed(why: string): EmbeddingsAnswer {
  return { kind: 'failed', error: unreadable(why) };
}

function openAiAnswer({ values, model }: Vectors, exchange: EmbeddingsExchange, tokens: number): unknown {
  const { asked, target, answerModel } = exchange;
  return {
    object: 'list',
    data: values.map((value, index) => ({
      object: 'embedding',
      index,
      embedding: asked.encoding === 'base64' ? base64Of(value) : value,
    })),
    model: answerModel ?? model ?? target.model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
}

function geminiAnswer({ values }: Vectors, { isSingle }: EmbeddingsAsked): unknown {
  return isSingle
    ? { embedding: { values: values[0] } }
    : { embeddings: values.map((value) => ({ values: value })) };
}
