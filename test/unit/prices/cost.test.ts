import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { costOf, dollarsOf, exactCost } from '../../../src/prices/cost.ts';
import { inputIn, type MeterCounts, metersOf } from '../../../src/prices/meters.ts';
import { canonicalSheet, type PriceSheet, pricesAt, type PricesInForce } from '../../../src/prices/sheet.ts';

/** Dollars per million tokens. */
const dollars = (price: number): number => Math.round(price * 1e9);

const PRICES: PricesInForce = {
  per: {
    input: [dollars(5), [272_000, dollars(10)]],
    cached: [dollars(0.5), [272_000, dollars(1)]],
    output: [dollars(30), [272_000, dollars(45)]],
    web_search: [dollars(10)],
  },
  tier: undefined,
  discountPpm: 0,
};

describe('the cost of a request', () => {
  const bills: [string, MeterCounts, number | undefined][] = [
    ['nothing', {}, 0],
    ['one token of input', { input: 1 }, 5_000],
    ['input and output', { input: 1_000, output: 500 }, 20_000_000],
    ['cached input is cheaper', { input: 100, cached: 900 }, 950_000],
    ['cache writes without a price cost the same as input', { input: 100, cache_write: 900 }, 5_000_000],
    [
      'reasoning without a price costs the same as output',
      { input: 0, output: 10, reasoning: 90 },
      3_000_000,
    ],
    ['the base price applies exactly at the threshold', { input: 272_000 }, 1_360_000_000],
    [
      'above it every token costs more, including cached and output tokens',
      { input: 272_001, cached: 1, output: 1 },
      2_720_056_000,
    ],
    ['cached tokens count towards the threshold', { input: 2, cached: 272_000, output: 1 }, 272_065_000],
    ['searches are priced per thousand', { input: 0, web_search: 3 }, 30_000_000],
    ['a request without a price costs nothing', { request: 1, input: 1 }, 5_000],
    ['the cost of pages without a price is unknown', { input: 1, page: 1 }, undefined],
  ];
  for (const [title, counts, nano] of bills) {
    test(title, () => expect(costOf(counts, PRICES)).toBe(nano));
  }

  test('is unknown rather than 0 without prices', () => {
    expect(costOf({ input: 1 }, { ...PRICES, per: {} })).toBeUndefined();
    expect(costOf({ output: 1 }, { ...PRICES, per: { input: [1] } })).toBeUndefined();
  });

  test('is rounded once, half up', () => {
    const per = { input: [500_000] as const, output: [499_999] as const };
    expect(costOf({ input: 1 }, { ...PRICES, per })).toBe(1);
    expect(costOf({ output: 1 }, { ...PRICES, per })).toBe(0);
  });

  test('is reduced by a discount, and exact beyond nine dollars', () => {
    expect(costOf({ input: 1_000 }, { ...PRICES, discountPpm: 75_000 })).toBe(4_625_000);
    expect(costOf({ input: 200_000, output: 1_000_000 }, PRICES)).toBe(31_000_000_000);
  });

  test('of sound, text and pages is per hour, per million characters and per thousand pages', () => {
    const prices = {
      ...PRICES,
      per: { second: [dollars(0.36)], character: [dollars(15)], page: [dollars(4)] },
    } as const;
    expect(costOf({ second: 10 }, prices)).toBe(1_000_000);
    expect(costOf({ character: 100 }, prices)).toBe(1_500_000);
    expect(costOf({ page: 2 }, prices)).toBe(8_000_000);
  });

  test('is the same in doubles and in whole numbers of any size', () => {
    const tokens = fc.nat(2_000_000);
    const price = fc.tuple(fc.nat(100_000_000_000));
    const counts = fc.record({ input: tokens, cached: tokens, output: tokens, reasoning: tokens });
    const per = fc.record({ input: price, cached: price, output: price, reasoning: price });
    fc.assert(
      fc.property(counts, per, (used, per) => {
        const prices = { per, tier: undefined, discountPpm: 0 };
        expect(costOf(used, prices)).toBe(exactCost(used, prices));
      }),
      { numRuns: 20_000 },
    );
  });

  test('is never more than the largest whole number that is exact, which databases store', () => {
    expect(
      costOf(
        { input: 1e9, output: 1e9 },
        { ...PRICES, per: { input: [dollars(1e6)], output: [dollars(1e6)] } },
      ),
    ).toBe(Number.MAX_SAFE_INTEGER);
  });

  test('is never negative, and grows with every meter', () => {
    const counts = fc.record({ input: fc.nat(1e6), cached: fc.nat(1e6), output: fc.nat(1e6) });
    fc.assert(
      fc.property(counts, fc.constantFrom('input', 'cached', 'output'), (used, meter) => {
        const cost = costOf(used, PRICES) ?? -1;
        expect(cost).toBeGreaterThanOrEqual(0);
        expect(costOf({ ...used, [meter]: used[meter] + 1 }, PRICES)).toBeGreaterThanOrEqual(cost);
      }),
    );
  });
});

/** Dollars per million tokens, or per thousand searches, of each meter: for a short input and for a long one. */
const LISTED = {
  standard: {
    input: [3, 6],
    cached: [0.3, 0.6],
    cache_write: [3.75, 7.5],
    cache_write_1h: [6, 12],
    audio_input: [40, 80],
    image_input: [8, 16],
    output: [15, 22.5],
    reasoning: [15.5, 23],
    audio_output: [80, 160],
    image_output: [32, 64],
    web_search: [10, 20],
  },
  flex: {
    input: [1.5, 3],
    cached: [0.15, 0.3],
    cache_write: [1.875, 3.75],
    cache_write_1h: [3, 6],
    audio_input: [20, 40],
    image_input: [4, 8],
    output: [7.5, 11.25],
    reasoning: [7.75, 11.5],
    audio_output: [40, 80],
    image_output: [16, 32],
    web_search: [5, 10],
  },
} as const;
type Listed = keyof (typeof LISTED)['standard'];

/** The use of a request of each shape. */
const SHAPES: Readonly<Record<string, Readonly<Partial<Record<Listed, number>>>>> = {
  'a chat': { input: 1_234, output: 567 },
  'a chat with a cached prompt': { input: 34, cached: 1_200, output: 567 },
  'a chat that writes the cache': { input: 34, cache_write: 1_201, output: 5 },
  'a chat that writes the cache for an hour': { input: 1, cache_write: 3, cache_write_1h: 1_199, output: 5 },
  'a chat that reads and writes the cache': { input: 7, cached: 991, cache_write: 313, output: 11 },
  'a model that thinks': { input: 99, output: 3, reasoning: 7_777 },
  'a question about an image': { input: 19, image_input: 1_601, output: 77 },
  'a question in speech': { input: 19, audio_input: 251, output: 77 },
  'an answer in speech': { input: 19, output: 13, audio_output: 333 },
  'an answer with an image': { input: 19, output: 13, image_output: 4_161 },
  'an embedding': { input: 8_191 },
  'a search': { input: 501, output: 77, web_search: 3 },
};

describe('a bill to the nano-dollar', () => {
  const priced = (tier: keyof typeof LISTED) =>
    Object.fromEntries(
      Object.entries(LISTED[tier]).map(([meter, [short, long]]) => [
        meter,
        [dollars(short), [200_000, dollars(long)]] as const,
      ]),
    );
  const sheet: PriceSheet = {
    provider: 'p',
    model: 'm',
    prices: [{ per: priced('standard') }],
    tiers: { flex: [{ per: priced('flex') }] },
    discountPpm: 0,
  };
  const at = { day: '2026-11-29', time: '12:00' };

  for (const [shape, used] of Object.entries(SHAPES))
    for (const tier of ['standard', 'flex'] as const)
      for (const [column, length] of (['short', 'long'] as const).entries())
        test(`of ${shape}, ${tier} and ${length}`, () => {
          const counts = length === 'short' ? used : { ...used, input: (used.input ?? 0) + 200_000 };
          // In thousandths of a nano-dollar, every product is whole.
          const thousandths = Object.entries(counts).reduce((sum, [meter, count]) => {
            const blockMillionths = meter === 'web_search' ? 1_000 : 1;
            const price = LISTED[tier][meter as Listed][column] ?? 0;
            return sum + BigInt(count * blockMillionths) * BigInt(Math.round(price * 1e6));
          }, 0n);
          const inForce = pricesAt(sheet, tier === 'flex' ? 'flex' : undefined, at);
          expect(costOf(counts, inForce)).toBe(Number((thousandths + 500n) / 1_000n));
        });
});

describe('the meters', () => {
  test('divide a total among its parts, whatever a provider reports', () => {
    const part = fc.option(fc.integer({ min: -5, max: 2_000 }), { nil: undefined });
    const use = fc.record({
      input: fc.nat(1_500),
      cached: part,
      cacheWrite: part,
      cacheWrite1h: part,
      audioInput: part,
      imageInput: part,
      output: fc.nat(1_500),
      reasoning: part,
      audioOutput: part,
      imageOutput: part,
    });
    fc.assert(
      fc.property(use, (reported) => {
        const counts = metersOf(reported);
        const { output = 0, reasoning = 0, audio_output = 0, image_output = 0 } = counts;
        expect(inputIn(counts)).toBe(reported.input);
        expect(output + reasoning + audio_output + image_output).toBe(reported.output);
        expect(Object.values(counts).every((count) => count >= 0)).toBe(true);
      }),
      { numRuns: 100_000 },
    );
  });

  test('count the one-hour cache apart from the five-minute cache', () => {
    expect(metersOf({ input: 100, cacheWrite: 30, cacheWrite1h: 10, output: 0 })).toMatchObject({
      input: 70,
      cache_write: 20,
      cache_write_1h: 10,
    });
  });
});

describe('a price sheet', () => {
  const sheet: PriceSheet = {
    provider: 'deepseek',
    model: 'deepseek-chat',
    prices: [
      { per: { input: [1] } },
      { from: '2026-01-01', per: { input: [2], output: [20] } },
      { from: '2026-01-01', hours: ['16:30', '00:30'], per: { input: [3], output: [30] } },
    ],
    tiers: { batch: [{ from: '2026-02-01', per: { input: [9] } }] },
    discountPpm: 0,
  };
  const at = (day: string, time: string) => ({ day, time });

  test('has the prices of the day and hour', () => {
    const input = (day: string, time: string) => pricesAt(sheet, undefined, at(day, time)).per.input?.[0];
    expect(input('2025-12-31', '23:59')).toBe(1);
    expect(input('2026-01-01', '00:30')).toBe(2);
    expect(input('2026-01-01', '16:29')).toBe(2);
    expect(input('2026-01-01', '16:30')).toBe(3);
    expect(input('2026-01-02', '00:29')).toBe(3);
  });

  test('has a tier that replaces single prices from its first day', () => {
    expect(pricesAt(sheet, 'batch', at('2026-01-15', '12:00'))).toMatchObject({
      tier: undefined,
      per: { input: [2] },
    });
    expect(pricesAt(sheet, 'batch', at('2026-02-01', '12:00'))).toMatchObject({
      tier: 'batch',
      per: { input: [9], output: [20] },
    });
    expect(pricesAt(sheet, 'flex', at('2026-02-01', '12:00')).tier).toBeUndefined();
  });

  test('has the same text whatever the order of its meters', () => {
    const text = (per: PricesInForce['per']) =>
      canonicalSheet(sheet, { per, tier: undefined, discountPpm: 0 });
    expect(text({ input: [1], output: [2] })).toBe(text({ output: [2], input: [1] }));
    expect(text({ input: [1] })).not.toBe(text({ input: [2] }));
  });
});

test('nano-dollars are formatted as dollars with nine decimals', () => {
  expect([0, 1, 1_234_500, 12_345_678_901].map(dollarsOf)).toEqual([
    '0.000000000',
    '0.000000001',
    '0.001234500',
    '12.345678901',
  ]);
});

test('an amount is shown alike as a number and as a whole number of any size', () => {
  for (const nano of [
    0,
    1,
    999_999_999,
    1e9,
    1e9 + 1,
    510_000,
    37_610_000_000,
    999_999_999_999,
    1e12,
    2 ** 52,
  ])
    expect(dollarsOf(nano)).toBe(dollarsOf(BigInt(nano)));
});
