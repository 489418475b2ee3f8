import { priceOf } from './cost.ts';
import { type Meter, METERS } from './meters.ts';
import type { PricesInForce } from './sheet.ts';

/** The use that a request may have, before it is known which meters will count it. */
export interface PossibleUse {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Whether the input has recordings or images, which may have prices of their own. */
  readonly hasMedia: boolean;
  /** Whether the output may be speech or images, which may have prices of their own. */
  readonly hasMediaOutput: boolean;
  readonly audioSeconds: number;
  readonly characters: number;
  readonly answers: number;
}

/** A cost in whole nano-dollars, rounded up, and the part of it for the output. */
export interface PossibleCost {
  readonly nano: number;
  readonly outputNano: number;
}

/**
 * The most that a request may cost: its tokens at the dearest meters that may count them. A model without prices for
 * tokens is taken by its seconds, characters, images or pages. undefined: the price is unknown.
 */
export function dearestCost(use: PossibleUse, prices: PricesInForce): PossibleCost | undefined {
  const { inputTokens, outputTokens } = use;
  const input = dearest(use.hasMedia ? MEDIA_INPUT : TEXT_INPUT, prices, inputTokens);
  if (input === undefined) return otherwise(use, prices);
  const output = use.hasMediaOutput
    ? dearest([...OUTPUT, ...MEDIA_OUTPUT], prices, inputTokens)
    : (dearest(OUTPUT, prices, inputTokens) ?? dearest(MEDIA_OUTPUT, prices, inputTokens));
  if (output === undefined && outputTokens > 0) return otherwise(use, prices);
  const share = (PPM - prices.discountPpm) / PPM;
  const fee = priceOf('request', prices.per, inputTokens) ?? 0;
  const outputNano = (outputTokens * (output ?? 0) * share) / PPM;
  const inputNano = ((inputTokens * input) / PPM + fee / METERS.request.block) * share;
  return { nano: Math.ceil(inputNano + outputNano), outputNano: Math.ceil(outputNano) };
}

const PPM = 1_000_000;
const TEXT_INPUT: readonly Meter[] = ['input', 'cache_write', 'cache_write_1h'];
const MEDIA_INPUT: readonly Meter[] = [...TEXT_INPUT, 'audio_input', 'image_input'];
const OUTPUT: readonly Meter[] = ['output', 'reasoning'];
const MEDIA_OUTPUT: readonly Meter[] = ['image_output', 'audio_output'];

function dearest(meters: readonly Meter[], { per }: PricesInForce, input: number): number | undefined {
  let most: number | undefined;
  for (const meter of meters) {
    const price = priceOf(meter, per, input);
    if (price !== undefined && (most === undefined || price > most)) most = price;
  }
  return most;
}

/** The cost of a model whose provider does not bill tokens. */
function otherwise(use: PossibleUse, { per, discountPpm }: PricesInForce): PossibleCost | undefined {
  const counts: readonly (readonly [Meter, number])[] = [
    ['second', use.audioSeconds],
    ['character', use.characters],
    ['image', use.answers],
    ['page', 1],
  ];
  let nano: number | undefined;
  for (const [meter, count] of counts) {
    const price = priceOf(meter, per, 0);
    if (price !== undefined) nano = (nano ?? 0) + (count * price) / METERS[meter].block;
  }
  return nano === undefined
    ? undefined
    : { nano: Math.ceil(nano * ((PPM - discountPpm) / PPM)), outputNano: 0 };
}
