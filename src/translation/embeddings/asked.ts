import type { OnlyField, Placed } from '../conversation.ts';

/** What a client asks vectors of, in the words of no API. */
export interface EmbeddingsAsked {
  readonly client: EmbeddingsClient;
  /** The public model name. */
  readonly model: string;
  readonly inputs: readonly Placed<string>[];
  /** The length of the vectors; undefined: the model's own. */
  readonly dimensions: Placed<number> | undefined;
  /** How the client wants the vectors: base64 is of float32, little endian. */
  readonly encoding: 'float' | 'base64';
  /** A Gemini client that asked for one vector gets one, not a list. */
  readonly isSingle: boolean;
  /** Gemini's `taskType` and `title`, which Google's own services share. */
  readonly only: readonly OnlyField[];
}

/** `embeddings`: POST /v1/embeddings; `gemini`: `:embedContent` and `:batchEmbedContents`. */
export type EmbeddingsClient = 'embeddings' | 'gemini';

/** Vectors in the order of the inputs, and the tokens that the provider counted. */
export interface Vectors {
  readonly values: readonly (readonly number[])[];
  readonly tokens: number | undefined;
  /** The provider's word for the model. */
  readonly model: string | undefined;
}
