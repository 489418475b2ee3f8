import { LocalTable, type NumberTable } from '../lib/number-table.ts';
import { middleOf, noteValue, QUANTILE_FIELDS, quantileOf, type QuantileRecord } from './quantile.ts';

/** The record of the learned token statistics of a model. */
export const RATIO_FIELDS = ['count', 'mean', 'variance', 'answerBytes'] as const;

export type RatioTable = NumberTable<(typeof RATIO_FIELDS)[number]>;
export type OutputTable = NumberTable<(typeof QUANTILE_FIELDS)[number]>;

/** The output of a request, in tokens. */
export interface ExpectedOutput {
  /** The 95th percentile. */
  readonly high: number;
  /** Between the median and the 95th percentile, nearer to the latter. */
  readonly usual: number;
}

/** A request that ended with known usage. */
export interface EndedUse {
  /** Identifies the key; undefined: there is none. */
  readonly keyId: string | undefined;
  /** The public name. */
  readonly model: string;
  readonly textBytes: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Bytes of the streamed answer; 0 if it was not streamed. */
  readonly answerBytes: number;
}

/** Estimates the use of requests from that of ended ones. Its tables are bounded and forget. */
export class EstimateLedger {
  readonly #ratios: RatioTable;
  readonly #outputs: OutputTable;

  constructor(
    ratios: RatioTable = new LocalTable(RATIO_FIELDS, MOST_MODELS),
    outputs: OutputTable = new LocalTable(QUANTILE_FIELDS, MOST_OUTPUTS),
  ) {
    this.#ratios = ratios;
    this.#outputs = outputs;
  }

  /** Input tokens per byte of text: the mean of the model and two standard deviations. */
  tokensPerByte(model: string): number {
    const ratio = this.#ratios.read(model, ({ count, mean, variance }) =>
      count < ENOUGH_RATIOS ? undefined : mean + 2 * Math.sqrt(variance),
    );
    return Math.min(HIGHEST_RATIO, Math.max(LOWEST_RATIO, ratio ?? FIRST_RATIO));
  }

  /** The outputs of the key and model, of the model while the key has too few, else a default. */
  outputs(keyId: string | undefined, model: string): ExpectedOutput {
    return (
      this.#outputs.read(outputKey(keyId, model), outputOf) ??
      this.#outputs.read(model, outputOf) ??
      FIRST_OUTPUT
    );
  }

  /** Bytes of a streamed answer per output token. */
  bytesPerToken(model: string): number {
    const bytes = this.#ratios.read(model, (record) => record.answerBytes);
    return bytes === undefined || bytes === 0 ? FIRST_ANSWER_BYTES : Math.max(LEAST_ANSWER_BYTES, bytes);
  }

  note({ keyId, model, textBytes, inputTokens, outputTokens, answerBytes }: EndedUse): void {
    this.#ratios.update(model, (record) => {
      if (textBytes > 0 && inputTokens > 0) noteRatio(record, inputTokens / textBytes);
      if (answerBytes <= 0 || outputTokens < LEAST_LEARNED) return;
      const bytes = answerBytes / outputTokens;
      record.answerBytes += record.answerBytes === 0 ? bytes : WEIGHT * (bytes - record.answerBytes);
    });
    this.#outputs.update(outputKey(keyId, model), noteOutput, outputTokens);
    this.#outputs.update(model, noteOutput, outputTokens);
  }
}

/** The weight of a new value in the moving averages. The first values weigh more. */
const WEIGHT = 0.05;

/**
 * Tokens per byte before anything is known. Measured with o200k: English 0.25, code 0.24, Chinese 0.30, JSON 0.39,
 * numbers 0.46.
 */
const FIRST_RATIO = 0.35;
const ENOUGH_RATIOS = 5;
const LOWEST_RATIO = 0.05;
const HIGHEST_RATIO = 1.2;

const ENOUGH_OUTPUTS = 20;
const FIRST_OUTPUT: ExpectedOutput = { high: 1024, usual: 1024 };

/** Bytes of an event per token before anything is known: those of an OpenAI-compatible stream. */
const FIRST_ANSWER_BYTES = 200;
const LEAST_ANSWER_BYTES = 2;
/** Shorter answers are mostly framing. */
const LEAST_LEARNED = 16;

const MOST_MODELS = 2 ** 12;
const MOST_OUTPUTS = 2 ** 14;

function outputOf(record: Readonly<QuantileRecord>): ExpectedOutput | undefined {
  const high = quantileOf(record, ENOUGH_OUTPUTS);
  if (high === undefined) return undefined;
  const middle = middleOf(record, ENOUGH_OUTPUTS) ?? high;
  // Outputs spread by factors, so the way from one to the other is measured in factors.
  return { high, usual: high * Math.cbrt(Math.min(1, middle / high)) };
}

interface RatioRecord {
  count: number;
  mean: number;
  variance: number;
}

/** An exponentially weighted mean and variance. */
function noteRatio(record: RatioRecord, ratio: number): void {
  const weight = Math.max(WEIGHT, 1 / (record.count + 1));
  const difference = ratio - record.mean;
  record.mean += weight * difference;
  record.variance =
    record.count === 0 ? 0 : (1 - weight) * (record.variance + weight * difference * difference);
  record.count = Math.min(record.count + 1, 1 / WEIGHT);
}

function noteOutput(record: QuantileRecord, tokens: number | undefined): void {
  if (tokens !== undefined) noteValue(record, tokens);
}

/** A request looks its key up twice, and consecutive requests often have the same one. */
function outputKey(keyId: string | undefined, model: string): string {
  if (last.keyId !== keyId || last.model !== model) last = { keyId, model, text: `${keyId ?? ''}\n${model}` };
  return last.text;
}

let last: { readonly keyId: string | undefined; readonly model: string; readonly text: string } = {
  keyId: undefined,
  model: '',
  text: '\n',
};
