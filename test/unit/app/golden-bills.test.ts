import { describe, expect, test } from 'bun:test';
import { createCostMeter } from '../../../src/app/cost-meter.ts';
import type { Meter } from '../../../src/prices/meters.ts';
import { usageFrom } from '../../../src/protocols/usage.ts';
import { snapshotOf } from '../config/configuration.ts';
import { FakeClock } from '../gateway/fake-clock.ts';

/** Dollars per million tokens, of searches per thousand. No two meters have the same price, so each wrong one shows. */
const DOLLARS: Readonly<Partial<Record<Meter, number>>> = {
  input: 2,
  cached: 0.3,
  cache_write: 2.5,
  cache_write_1h: 4,
  audio_input: 11,
  cached_audio: 0.7,
  image_input: 13,
  output: 17,
  reasoning: 19,
  audio_output: 61,
  image_output: 37,
  web_search: 10,
};
/** The factor on all prices for long input, and for the tier. */
const [ABOVE_FACTOR, TIER_FACTOR] = [3, 2];
const LONG = 1_000;

const times = (factor: number): string =>
  Object.entries(DOLLARS)
    .map(([meter, price]) => `${meter}: ${price * factor}`)
    .join(', ');

const snapshot = snapshotOf(`
providers: [{ name: p, api_base: "http://p.test" }]
allow_unauthenticated: true
prices:
  catalogue: "off"
  models:
    p/m: { ${times(1)}, above: [{ input_tokens: 100000, ${times(ABOVE_FACTOR)} }], tiers: { priority: { ${times(TIER_FACTOR)} } } }
`);
const meter = createCostMeter(() => snapshot, new FakeClock());

type Counts = Readonly<Partial<Record<Meter, number>>>;

/** A report of each shape, and how many tokens each meter has of it. */
const SHAPES: readonly (readonly [string, object, Counts])[] = [
  ['chat', { prompt_tokens: 1000, completion_tokens: 200 }, { input: 1000, output: 200 }],
  [
    'chat with cached input and reasoning',
    {
      prompt_tokens: 1000,
      completion_tokens: 200,
      prompt_tokens_details: { cached_tokens: 640 },
      completion_tokens_details: { reasoning_tokens: 120 },
    },
    { input: 360, cached: 640, output: 80, reasoning: 120 },
  ],
  [
    'chat with cache writes',
    {
      prompt_tokens: 1000,
      completion_tokens: 10,
      prompt_tokens_details: { cached_tokens: 100, cache_write_tokens: 300 },
    },
    { input: 600, cached: 100, cache_write: 300, output: 10 },
  ],
  [
    'chat with sound',
    {
      prompt_tokens: 500,
      completion_tokens: 90,
      prompt_tokens_details: { cached_tokens: 0, audio_tokens: 400 },
      completion_tokens_details: { audio_tokens: 70 },
    },
    { input: 100, audio_input: 400, output: 20, audio_output: 70 },
  ],
  [
    'Responses',
    {
      input_tokens: 300,
      input_tokens_details: { cached_tokens: 256 },
      output_tokens: 87,
      output_tokens_details: { reasoning_tokens: 64 },
    },
    { input: 44, cached: 256, output: 23, reasoning: 64 },
  ],
  [
    'images',
    {
      input_tokens: 250,
      input_tokens_details: { text_tokens: 50, image_tokens: 200 },
      output_tokens: 4000,
      output_tokens_details: { image_tokens: 3900 },
    },
    { input: 50, image_input: 200, output: 100, image_output: 3900 },
  ],
  [
    'Messages with the cache of five minutes',
    {
      input_tokens: 200,
      cache_creation_input_tokens: 1000,
      cache_read_input_tokens: 5000,
      output_tokens: 50,
    },
    { input: 200, cache_write: 1000, cached: 5000, output: 50 },
  ],
  [
    'Messages with both caches and searches',
    {
      input_tokens: 200,
      cache_creation_input_tokens: 1000,
      cache_creation: { ephemeral_5m_input_tokens: 400, ephemeral_1h_input_tokens: 600 },
      cache_read_input_tokens: 5000,
      output_tokens: 50,
      server_tool_use: { web_search_requests: 3 },
    },
    { input: 200, cache_write: 400, cache_write_1h: 600, cached: 5000, output: 50, web_search: 3 },
  ],
  [
    'DeepSeek',
    {
      prompt_tokens: 300,
      completion_tokens: 50,
      prompt_cache_hit_tokens: 160,
      prompt_cache_miss_tokens: 140,
    },
    { input: 140, cached: 160, output: 50 },
  ],
  [
    'Gemini',
    {
      promptTokenCount: 100,
      candidatesTokenCount: 200,
      thoughtsTokenCount: 50,
      cachedContentTokenCount: 40,
      totalTokenCount: 350,
    },
    { input: 60, cached: 40, output: 200, reasoning: 50 },
  ],
  [
    'Groq',
    { queue_time: 0.1, prompt_tokens: 24, completion_tokens: 377, total_tokens: 401, total_time: 0.5 },
    { input: 24, output: 377 },
  ],
  [
    'Realtime',
    {
      input_tokens: 132,
      output_tokens: 121,
      input_token_details: {
        text_tokens: 119,
        audio_tokens: 13,
        cached_tokens: 64,
        cached_tokens_details: { text_tokens: 54, audio_tokens: 10 },
      },
      output_token_details: { text_tokens: 30, audio_tokens: 91 },
    },
    { input: 65, cached: 54, cached_audio: 10, audio_input: 3, output: 30, audio_output: 91 },
  ],
];

/** All whole numbers of a report, times a thousand. */
function scaled(value: unknown, factor: number): unknown {
  if (typeof value === 'number') return value * factor;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, scaled(one, factor)]));
}

/** Nano-dollars, in whole numbers of any size. */
function billOf(counts: Counts, factor: number): bigint {
  let nano = 0n;
  for (const [name, count] of Object.entries(counts)) {
    const perToken = (DOLLARS[name as Meter] ?? 0) * (name === 'web_search' ? 1_000_000 : 1_000);
    nano += BigInt(count * factor) * BigInt(Math.round(perToken));
  }
  return nano;
}

describe.each(SHAPES)('%s', (_, report, counts) => {
  const costOf = async (tokens: number, serviceTier?: string): Promise<number | undefined> => {
    const usage = usageFrom(scaled(report, tokens));
    if (usage === undefined) throw new Error('the report is not understood');
    const parts = { ...usage.parts, serviceTier };
    const use = { provider: 'p', model: 'm', isEstimated: false, hasBudget: false };
    return (await meter.costOf({ ...use, usage: { ...usage, parts } })).nano;
  };
  // Most reports are above the length when they are a thousand times as long.
  const inputs = Object.entries(counts).filter(([name]) => /input|cache/.test(name));
  const isLong = inputs.reduce((sum, [, count]) => sum + count, 0) * LONG > 100_000;

  test('is billed to the nano-dollar, short and long, in each tier', async () => {
    expect(await costOf(1)).toBe(Number(billOf(counts, 1)));
    expect(await costOf(LONG)).toBe(Number(billOf(counts, LONG)) * (isLong ? ABOVE_FACTOR : 1));
    expect(await costOf(1, 'priority')).toBe(Number(billOf(counts, 1)) * TIER_FACTOR);
    expect(await costOf(LONG, 'priority')).toBe(Number(billOf(counts, LONG)) * TIER_FACTOR);
    expect(await costOf(1, 'flex')).toBe(Number(billOf(counts, 1)));
  });
});
