import { z } from 'zod';
import { flag, optional, text } from './setting.ts';

/** Dollars, as a number or as decimal text; below zero there is no price. */
const dollars = z.union([z.number().min(0), z.string().regex(/^\d{1,7}(?:\.\d{1,12})?$/)], {
  error: 'must be an amount in dollars, such as 0.28',
});

const PER_MILLION = 'in dollars per million tokens';

/** Every meter that an override can price. The key is the meter's name in `src/prices/meters.ts`. */
const meterPrices = {
  input: optional(dollars, { description: `Input, ${PER_MILLION}. Default: unknown.`, examples: [0.28] }),
  cached: optional(dollars, { description: `Input from the cache, ${PER_MILLION}. Default: \`input\`.` }),
  cache_write: optional(dollars, {
    description: `Input written to the cache, ${PER_MILLION}. Default: \`input\`.`,
  }),
  cache_write_1h: optional(dollars, {
    description: `Input written to the cache for an hour, ${PER_MILLION}. Default: \`cache_write\`.`,
  }),
  audio_input: optional(dollars, {
    description: `Audio in the input, ${PER_MILLION}. Default: \`input\`.`,
  }),
  cached_audio: optional(dollars, {
    description: `Audio from the cache, ${PER_MILLION}. Default: \`cached\`.`,
  }),
  cached_image: optional(dollars, {
    description: `Images from the cache, ${PER_MILLION}. Default: \`cached\`.`,
  }),
  image_input: optional(dollars, {
    description: `Images in the input, ${PER_MILLION}. Default: \`input\`.`,
  }),
  output: optional(dollars, { description: `Output, ${PER_MILLION}. Default: unknown.`, examples: [0.42] }),
  reasoning: optional(dollars, { description: `Reasoning, ${PER_MILLION}. Default: \`output\`.` }),
  audio_output: optional(dollars, {
    description: `Audio in the output, ${PER_MILLION}. Default: \`output\`.`,
  }),
  image_output: optional(dollars, {
    description: `Images in the output, ${PER_MILLION}. Default: \`output\`.`,
  }),
  web_search: optional(dollars, { description: 'Web searches, in dollars per thousand. Default: 0.' }),
  second: optional(dollars, { description: 'Audio, in dollars per hour. Default: unknown.' }),
  character: optional(dollars, {
    description: 'Text converted to speech, in dollars per million characters. Default: unknown.',
  }),
  image: optional(dollars, { description: 'Generated images, in dollars per image. Default: unknown.' }),
  page: optional(dollars, { description: 'Processed pages, in dollars per thousand. Default: unknown.' }),
  request: optional(dollars, { description: 'Requests, in dollars per thousand. Default: 0.' }),
};

const aboveSchema = z.strictObject({
  input_tokens: optional(z.int().min(0), {
    description:
      'The prices apply to every token of a request whose input has more tokens than this. Default: 0.',
    examples: [128_000],
  }),
  ...meterPrices,
});

const tierSchema = z.strictObject(meterPrices);

/** The price of one model, in place of the catalogue's. */
const overrideSchema = z.strictObject({
  free: optional(flag(), { description: 'Whether the model is free of charge.', default: false }),
  same_as: optional(z.string().min(3), {
    description: 'Uses the prices of another model of the catalogue, as `provider/model`. Default: none.',
    examples: ['openai/gpt-5.5'],
  }),
  discount_percent: optional(z.number().min(0).max(100), {
    description: "Discount on every price, in percent. It applies on top of the provider's own discount.",
    default: 0,
  }),
  from: optional(z.string().regex(/^\d{4}-[01]\d-[0-3]\d$/, 'must be a day, such as 2026-10-01'), {
    description:
      'The first day of these prices, in UTC. Catalogue prices apply before that day. Default: the prices always apply.',
    examples: ['2026-10-01'],
  }),
  above: optional(z.array(aboveSchema), {
    description: 'Prices for requests with long input. Default: none.',
  }),
  tiers: optional(z.record(z.string(), tierSchema), {
    description:
      "Prices of the provider's other service tiers: `batch`, `flex`, `priority` and `fast`. An omitted meter has its usual price. Default: no tier has prices of its own.",
  }),
  ...meterPrices,
});

/** The price of models without a known one. */
const unknownPriceSchema = z.strictObject({
  input: optional(dollars, { description: `Input, ${PER_MILLION}. Default: 0.`, examples: [10] }),
  output: optional(dollars, { description: `Output, ${PER_MILLION}. Default: 0.`, examples: [40] }),
});

/** `prices`. */
export const pricesSchema = z.strictObject({
  catalogue: optional(z.enum(['builtin', 'off']), {
    description:
      'Source of prices. `builtin`: the catalogue that ships with the program. `off`: only `models` below.',
    default: 'builtin',
  }),
  unknown_with_budget: optional(
    z.union([z.literal('refuse'), unknownPriceSchema], {
      error: 'must be "refuse", or a price such as {input: 10, output: 40}',
    }),
    {
      description:
        'How to treat requests under a limit on `cost` if the price of the model is unknown. `refuse` answers them with 403 `price_unknown`. If this is a price, that price is reserved and charged.',
      default: 'refuse',
      examples: [{ input: 10, output: 40 }],
    },
  ),
  models: optional(z.record(text(), overrideSchema), {
    description:
      "Prices by model, as `provider/model` with the provider's name for the model. `*` matches any text, and the first match applies. The provider is named as in this file or as in the catalogue.",
    default: {},
    examples: [{ 'vllm/*': { free: true } }],
  }),
});
