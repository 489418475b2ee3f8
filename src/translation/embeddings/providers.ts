import { asArray, asNumber, asObject, asString, type JsonObject, type JsonTree } from '../json.ts';
import type { LossList } from '../losses.ts';
import { count, sum } from '../usage.ts';
import { embedsContent, vertexTexts } from '../models/vertex-embeddings.ts';
import type { EmbeddingsAsked, Vectors } from './asked.ts';

/** The embeddings API of a provider: how to ask for vectors and how to read them. */
export interface EmbeddingsProvider {
  /** Its name in the header. */
  readonly name: string;
  /** The most texts that the model accepts in one request; undefined: no API that clients speak accepts more. */
  readonly mostTexts?: (model: string) => number;
  readonly write: (asked: EmbeddingsAsked, model: string, losses: LossList) => JsonTree;
  /** undefined: the answer contains no vectors. */
  readonly read: (answer: JsonObject) => Vectors | undefined;
}

/** `openai`: /v1/embeddings; `gemini`: `:batchEmbedContents`; `vertex`: `:predict`, for newer models `:embedContent`. */
export type EmbeddingsApi = 'openai' | 'gemini' | 'vertex';

export const EMBEDDINGS_PROVIDERS: Readonly<Record<EmbeddingsApi, EmbeddingsProvider>> = {
  openai: {
    name: 'openai-embeddings',
    write(asked, model, losses) {
      tellOnly(asked, losses);
      tellTasks(asked, losses);
      return { model, input: asked.inputs.map(({ value }) => value), dimensions: asked.dimensions?.value };
    },
    read: readOpenAi,
  },
  gemini: {
    name: 'gemini',
    mostTexts: () => MOST_REQUESTS,
    write(asked, model, losses) {
      tellOnly(asked, losses);
      return {
        requests: asked.inputs.map(({ value }) => ({
          model: `models/${model}`,
          content: { parts: [{ text: value }] },
          outputDimensionality: asked.dimensions?.value,
        })),
      };
    },
    read: ({ embeddings, usageMetadata }) =>
      vectors(
        asArray(embeddings).map((item) => asObject(item)?.['values']),
        count(asObject(usageMetadata)?.['promptTokenCount']),
      ),
  },
  vertex: {
    name: 'vertex',
    mostTexts: vertexTexts,
    write(asked, model, losses) {
      tellOnly(asked, losses);
      return embedsContent(model) ? vertexContent(asked) : vertexInstances(asked);
    },
    read: (answer) =>
      asObject(answer['embedding']) === undefined ? readPredictions(answer) : readOne(answer),
  },
};

/** The most texts that `:batchEmbedContents` accepts: 100 requests can be in one batch. */
const MOST_REQUESTS = 100;

function tellTasks({ inputs }: EmbeddingsAsked, losses: LossList): void {
  for (const { taskType, title } of inputs)
    for (const field of [taskType, title])
      if (field !== undefined) losses.dropped(field.path, 'only Google’s services have this field');
}

/** A body of `:embedContent` in Vertex's form. */
function vertexContent({ inputs, dimensions }: EmbeddingsAsked): JsonTree {
  const [text] = inputs;
  const config = {
    taskType: text?.taskType?.value,
    title: text?.title?.value,
    outputDimensionality: dimensions?.value,
  };
  const isEmpty = Object.values(config).every((value) => value === undefined);
  return {
    content: { parts: [{ text: text?.value ?? '' }] },
    embedContentConfig: isEmpty ? undefined : config,
  };
}

/** A body of `:predict`. */
function vertexInstances({ inputs, dimensions }: EmbeddingsAsked): JsonTree {
  return {
    instances: inputs.map(({ value, taskType, title }) => ({
      content: value,
      task_type: taskType?.value,
      title: title?.value,
    })),
    parameters: dimensions === undefined ? undefined : { outputDimensionality: dimensions.value },
  };
}

function readPredictions({ predictions }: JsonObject): Vectors | undefined {
  const given = asArray(predictions).map((item) => asObject(asObject(item)?.['embeddings']));
  return vectors(
    given.map((item) => item?.['values']),
    sum(...given.map((item) => count(asObject(item?.['statistics'])?.['token_count']))),
  );
}

function readOne({ embedding, usageMetadata }: JsonObject): Vectors | undefined {
  return vectors([asObject(embedding)?.['values']], count(asObject(usageMetadata)?.['promptTokenCount']));
}

function tellOnly({ only }: EmbeddingsAsked, losses: LossList): void {
  for (const field of only) {
    if (field.class === 'meaning') losses.meaning(field.path, field.why);
    else losses.dropped(field.path, field.why);
  }
}

function readOpenAi({ data, usage, model }: JsonObject): Vectors | undefined {
  const items = asArray(data).map((item, at) => {
    const { index, embedding } = asObject(item) ?? {};
    const values = typeof embedding === 'string' ? floatsOf(embedding) : embedding;
    return { at: asNumber(index) ?? at, values };
  });
  const sorted = items.sort((left, right) => left.at - right.at).map(({ values }) => values);
  return vectors(sorted, count(asObject(usage)?.['prompt_tokens']), asString(model));
}

function vectors(
  values: readonly unknown[],
  tokens: number | undefined,
  model?: string,
): Vectors | undefined {
  const read = values.map(vectorOf).filter((value) => value !== undefined);
  return read.length === values.length ? { values: read, tokens, model } : undefined;
}

/** A list of numbers. Numbers of more digits than a double holds are rounded. */
function vectorOf(value: unknown): readonly number[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const numbers = value.map(asNumber).filter((number) => number !== undefined);
  return numbers.length === value.length ? numbers : undefined;
}

/** Decodes base64 of little-endian float32; undefined if it is not that. */
export function floatsOf(base64: string): readonly number[] | undefined {
  let bytes: Uint8Array;
  try {
    bytes = Uint8Array.fromBase64(base64);
  } catch {
    return undefined;
  }
  if (bytes.length % FLOAT_BYTES !== 0) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: bytes.length / FLOAT_BYTES }, (_, at) =>
    view.getFloat32(at * FLOAT_BYTES, true),
  );
}

/** Encodes numbers as base64 of little-endian float32. */
export function base64Of(numbers: readonly number[]): string {
  const view = new DataView(new ArrayBuffer(numbers.length * FLOAT_BYTES));
  numbers.forEach((number, at) => view.setFloat32(at * FLOAT_BYTES, number, true));
  return new Uint8Array(view.buffer).toBase64();
}

const FLOAT_BYTES = 4;
