import { type Answer, jsonAnswer } from '../answer.ts';
import { type Call, promptTokens } from '../call.ts';
import { type Json, type JsonObject, listOf, objectOf, positiveOf, stringOf } from '../json.ts';
import { vectorOf } from './embeddings.ts';

const DIMENSIONS = 8;
const MAX_DIMENSIONS = 10_000;

/** POST models/{model}:embedContent. */
export function answerEmbedContent({ body }: Call): Answer {
  const { content } = body;
  return jsonAnswer({ embedding: embedding(content, body) }, shapeOf(promptTokens([content ?? null])));
}

/** POST models/{model}:batchEmbedContents. */
export function answerBatchEmbed({ body }: Call): Answer {
  const requests = listOf(body['requests']).map(objectOf);
  const tokens = promptTokens(requests.map(({ content }) => content ?? null));
  const embeddings = requests.map((request) => embedding(request['content'], request));
  return jsonAnswer({ embeddings }, shapeOf(tokens));
}

/** POST …/publishers/google/models/{model}:predict: embeddings on Vertex AI. */
export function answerPredict({ body }: Call): Answer {
  const parameters = objectOf(body['parameters']);
  const texts = listOf(body['instances']).map((instance) => stringOf(objectOf(instance)['content']) ?? '');
  const predictions = texts.map((text) => {
    const { values } = embedding(text, parameters);
    return { embeddings: { values, statistics: { token_count: promptTokens(text), truncated: false } } };
  });
  const billableCharacterCount = texts.reduce<number>((sum, text) => sum + text.length, 0);
  return jsonAnswer({ predictions, metadata: { billableCharacterCount } }, shapeOf(promptTokens(...texts)));
}

function embedding(content: Json | undefined, settings: JsonObject): { readonly values: readonly number[] } {
  const wanted = positiveOf(settings['outputDimensionality']) ?? DIMENSIONS;
  return { values: [...vectorOf(JSON.stringify(content), Math.min(Math.floor(wanted), MAX_DIMENSIONS))] };
}

function shapeOf(tokens: number): {
  dialect: 'gemini';
  usage: { inputTokens: number; outputTokens: 0; reasoningTokens: 0 };
} {
  return { dialect: 'gemini', usage: { inputTokens: tokens, outputTokens: 0, reasoningTokens: 0 } };
}
