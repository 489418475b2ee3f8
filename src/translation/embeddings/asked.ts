import type { OnlyField, Placed } from '../conversation.ts';

/** A client's embeddings request in an API-neutral format. */
export interface EmbeddingsAsked {
  readonly client: EmbeddingsClient;
  /** The public model name. */
  readonly model: string;
  readonly inputs: readonly AskedText[];
  /** The length of the vectors; undefined: the model's default. */
  readonly dimensions: Placed<number> | undefined;
  /** The encoding that the client wants. base64 holds little-endian float32. */
  readonly encoding: 'float' | 'base64';
  /** Whether a Gemini client asked for a single vector, which is returned outside a list. */
  readonly isSingle: boolean;
  /** Fields without an equivalent in any other API. */
  readonly only: readonly OnlyField[];
}

export interface AskedText extends Placed<string> {
  /** Gemini's `taskType` and `title`, which only Google's services share. */
  readonly taskType?: Placed<string> | undefined;
  readonly title?: Placed<string> | undefined;
}

/** `embeddings`: POST /v1/embeddings; `gemini`: `:embedContent` and `:batchEmbedContents`. */
export type EmbeddingsClient = 'embeddings' | 'gemini';

/** Vectors in the order of the inputs, and the tokens that the provider counted. */
export interface Vectors {
  readonly values: readonly (readonly number[])[];
  readonly tokens: number | undefined;
  /** The model name that the provider reported. */
  readonly model: string | undefined;
}
