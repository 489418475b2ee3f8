import { z } from 'zod';
import { optional } from './setting.ts';

/** Dollars, as a number or as decimal text; below zero there is no price. */
const dollars = z.union([z.number().min(0), z.string().regex(/^\d{1,7}(?:\.\d{1,12})?$/)], {
  error: 'must be an amount in dollars, such as 0.28',
});

const PER_MILLION = 'in dollars a million tokens';

/** Every meter that an override can price. The key is the meter's name in `src/prices/meters.ts`. */
const meterPrices = {
  input: optional(dollars, { description: `Input, ${PER_MILLION}. Left out: unknown.`, examples: [0.28] }),
  cached: optional(dollars, { description: `Input from the cache, ${PER_MILLION}. Left out: as \`input\`.` }),
  cache_write: optional(dollars, {
    description: `Input written to the cache, ${PER_MILLION}. Left out: as \`input\`.`,
  }),
  cache_write_1h: optional(dollars, {
    description: `The same, kept for an hour, ${PER_MILLION}. Left out: as \`cache_write\`.`,
  }),
  audio_input: optional(dollars, {
    description: `Audio in the input, ${PER_MILLION}. Left out: as \`input\`.`,
  }),
  cached_audio: optional(dollars, {
    description: `Audio from the cache, ${PER_MILLION}. Left out: as \`cached\`.`,
  }),
  cached_image: optional(dollars, {
    description: `Images from the cache, ${PER_MILLION}. Left out: as \`cached\`.`,
  }),
  image_input: optional(dollars, {
    description: `Images in the input, ${PER_MILLION}. Left out: as \`input\`.`,
  }),
  output: optional(dollars, { description: `Output, ${PER_MILLION}. Left out: unknown.`, examples: [0.42] }),
  reasoning: optional(dollars, { description: `Reasoning, ${PER_MILLION}. Left out: as \`output\`.` }),
  audio_output: optional(dollars, {
    description: `Audio in the output, ${PER_MILLION}. Left out: as \`output\`.`,
  }),
  image_output: optional(dollars, {
    description: `Images in the output, ${PER_MILLION}. Left out: as \`output\`.`,
  }),
  web_search: optional(dollars, { description: 'Web searches, in dollars a thousand. Left out: nothing.' }),
  second: optional(dollars, { description: 'Sound, in dollars an hour. Left out: unknown.' }),
  character: optional(dollars, {
    description: 'Text that is spoken, in dollars a million characters. Left out: unknown.',
  }),
  image: optional(dollars, { description: 'Images that are made, in dollars each. Left out: unknown.' }),
  page: optional(dollars, { description: 'Pages that are read, in dollars a thousand. Left out: unknown.' }),
  request: optional(dollars, { description: 'Requests, in dollars a thousand. Left out: nothing.' }),
};

const aboveSchema = z.strictObject({
  input_tokens: optional(z.int().min(0), {
    description: 'The prices hold for every token of a request whose input is longer than this. Left out: 0.',
    examples: [128_000],
  }),
  ...meterPrices,
});

const tierSchema = z.strictObject(meterPrices);

/** The price of one model, in place of the catalogue's. */
const overrideSchema = z.strictObject({
  free: optional(z.boolean(), { description: 'true: the model costs nothing.', default: false }),
  same_as: optional(z.string().min(3), {
    description: 'Takes the prices of another model of the catalogue, as `provider/model`. Left out: none.',
    examples: ['openai/gpt-5.5'],
  }),
  discount_percent: optional(z.number().min(0).max(100), {
    description: "Taken off every price, in percent; on top of the provider's own.",
    default: 0,
  }),
  from: optional(z.string().regex(/^\d{4}-[01]\d-[0-3]\d$/, 'must be a day, such as 2026-10-01'), {
    description: "The first day of these prices, in UTC. Before it the catalogue's hold. Left out: always.",
    examples: ['2026-10-01'],
  }),
  above: optional(z.array(aboveSchema), { description: 'Other prices for long requests. Left out: none.' }),
  tiers: optional(z.record(z.string(), tierSchema), {
    description:
      "Prices of the provider's other service tiers, `batch`, `flex`, `priority` and `fast`; a meter that is left out costs what it usually does. Left out: no tier has prices of its own.",
  }),
  ...meterPrices,
});

/** The price of models without a known one. */
const unknownPriceSchema = z.strictObject({
  input: optional(dollars, { description: `Input, ${PER_MILLION}. Left out: 0.`, examples: [10] }),
  output: optional(dollars, { description: `Output, ${PER_MILLION}. Left out: 0.`, examples: [40] }),
});

/** `prices`. */
export const pricesSchema = z.strictObject({
  catalogue: optional(z.enum(['builtin', 'off']), {
    description:
      '`builtin`: prices come from the list that ships with the program. `off`: only from `models` below.',
    default: 'builtin',
  }),
  unknown_with_budget: optional(
    z.union([z.literal('refuse'), unknownPriceSchema], {
      error: 'must be "refuse", or a price such as {input: 10, output: 40}',
    }),
    {
      description:
        'What becomes of requests under a limit on `cost` whose model has no known price. `refuse`: 403 `price_unknown`. A price: it is held and charged.',
      default: 'refuse',
      examples: [{ input: 10, output: 40 }],
    },
  ),
  models: optional(z.record(z.string().min(1), overrideSchema), {
    description:
      'Prices by model, as `provider/model` with the name that the provider calls it; the first that fits counts, and `*` stands for any text. The provider is a name of this file, or one of the catalogue.',
    default: {},
    examples: [{ 'vllm/*': { free: true } }],
  }),
});
