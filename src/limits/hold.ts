import type { LimitKind } from './claim.ts';

/** The size of a request, before its answer is known. */
export interface RequestSize {
  /** Bytes of the body without encoded files. */
  readonly textBytes: number;
  readonly images: number;
  readonly audioSeconds: number;
  /** Files, or kept conversations, that may fill all that a model reads. Only `hold: maximum` counts them. */
  readonly documents?: number;
  /** The most tokens that the request allows for one answer; undefined: it names none. */
  readonly askedTokens: number | undefined;
  /** The number of answers that it asks for. */
  readonly answers: number;
  /** Whether the answer has output tokens. Embeddings have none. */
  readonly hasOutput: boolean;
  /** Whether the answer may be speech or images. */
  readonly hasMediaOutput?: boolean;
  /** The most tokens of a conversation that the provider keeps and the body lacks, of any kind. */
  readonly contextTokens?: number;
}

/** The statistics of earlier requests. */
export interface Learned {
  /** Input tokens per byte of text, with a margin. */
  readonly tokensPerByte: number;
  /** The 95th percentile of the output tokens. */
  readonly outputTokens: number;
}

/** Input and output tokens of a request. */
export interface TokenNeed {
  readonly input: number;
  readonly output: number;
}

/** The need of a request for each kind of limit. Whole numbers. */
export interface Need extends TokenNeed {
  /** Nano-dollars; 0 if the request costs nothing. */
  readonly cost: number;
}

/** Tokens of one image: those of the largest that providers do not scale down. */
const IMAGE_TOKENS = 1600;
const AUDIO_SECOND_TOKENS = 250;

/** The most tokens of one image: gpt-4o-mini at high detail, with 8 tiles of 5,667 tokens plus 2,833. */
const LARGEST_IMAGE_TOKENS = 48_169;

/** The largest input of a model. */
const LARGEST_INPUT_TOKENS = 1_048_576;

/** The least output that is held, so that a series of short answers does not hide a long one. */
const LEAST_OUTPUT = 256;

/** The output of a model without a known maximum. */
const UNKNOWN_MAXIMUM = 32_768;

/** Tokens that a provider adds around a prompt. */
const FRAME_TOKENS = 64;

/** The expected use of a request. */
export function expectedNeed(size: RequestSize, learned: Learned): TokenNeed {
  const quantile = Math.max(LEAST_OUTPUT, Math.ceil(learned.outputTokens));
  return {
    input: Math.ceil(size.textBytes * learned.tokensPerByte) + mediaTokens(size) + (size.contextTokens ?? 0),
    output: outputOf(size, Math.min(size.askedTokens ?? quantile, quantile)),
  };
}

/**
 * The maximum use of a request of the largest size: a token is at least a byte, and the answer is as long as the
 * request or the model allows. `modelMaximum` is the most output tokens of the model; undefined: unknown.
 */
export function maximumNeed(size: RequestSize, modelMaximum: number | undefined): TokenNeed {
  return {
    input: size.textBytes + FRAME_TOKENS + largestMediaTokens(size) + (size.contextTokens ?? 0),
    output: outputOf(size, size.askedTokens ?? modelMaximum ?? UNKNOWN_MAXIMUM),
  };
}

function outputOf({ hasOutput, answers }: RequestSize, tokens: number): number {
  return hasOutput ? tokens * answers : 0;
}

function mediaTokens({ images, audioSeconds }: RequestSize): number {
  return IMAGE_TOKENS * images + Math.ceil(AUDIO_SECOND_TOKENS * audioSeconds);
}

function largestMediaTokens({ images, audioSeconds, documents = 0 }: RequestSize): number {
  return (
    LARGEST_IMAGE_TOKENS * images +
    Math.ceil(AUDIO_SECOND_TOKENS * audioSeconds) +
    LARGEST_INPUT_TOKENS * documents
  );
}

/** The part of a need that a limit of this kind counts. */
export function amountOf(kind: LimitKind, need: Need): number {
  switch (kind) {
    case 'cost':
      return need.cost;
    case 'tokens':
      return need.input + need.output;
    case 'input_tokens':
      return need.input;
    case 'output_tokens':
      return need.output;
    case 'requests':
    case 'concurrent':
      return 1;
  }
}
