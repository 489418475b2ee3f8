import { describe, expect, test } from 'bun:test';
import { openPriceBook } from '../../../src/app/price-book.ts';
import { nanoOf } from '../../../src/config/read/normalise-prices.ts';
import { costOf } from '../../../src/prices/cost.ts';
import { problemsOf, snapshotOf } from './configuration.ts';

const PROVIDERS = `
providers:
  - { name: openai, api_base: "https://api.openai.com/v1" }
  - { name: mine, api_base: "http://127.0.0.1:8000/v1" }
  - { name: eu, api_base: "https://eu.example/v1", price_provider: openai, discount_percent: 5 }
  - { name: gpu, api_base: "http://127.0.0.1:8001/v1", free: true }
`;
const NOW = Date.UTC(2026, 10, 29, 12);

async function costs(prices: string, at = NOW) {
  const book = await openPriceBook(snapshotOf(`listen: "127.0.0.1:1"${PROVIDERS}${prices}`));
  return (provider: string, model: string, input = 1_000_000, output = 0): number | undefined => {
    const found = book.prices({ provider, model, epochMs: at });
    return found && costOf({ input, output }, found);
  };
}

describe('prices', () => {
  test('come from the catalogue, by the address of a provider or by price_provider', async () => {
    const cost = await costs('');
    expect(cost('openai', 'gpt-5.5', 1_000)).toBe(5_000_000);
    expect(cost('eu', 'gpt-5.5', 1_000)).toBe(4_750_000);
    expect(cost('mine', 'gpt-5.5')).toBeUndefined();
    expect(cost('gpu', 'whatever')).toBe(0);
    expect(cost('openai', 'unheard-of')).toBeUndefined();
  });

  test('of the configuration stand in place of the catalogue’s, the first that fits', async () => {
    const cost = await costs(`prices:
  models:
    "mine/llama-*": { input: 0.28, output: "0.42" }
    "mine/*": { free: true }
    "eu/gpt-*": { same_as: "anthropic/claude-opus-5-5", discount_percent: 10 }
`);
    expect(cost('mine', 'llama-4')).toBe(280_000_000);
    expect(cost('mine', 'llama-4', 0, 1_000_000)).toBe(420_000_000);
    expect(cost('mine', 'other')).toBe(0);
    // Both discounts: 0.95 × 0.9.
    expect(cost('eu', 'gpt-5.5', 1_000)).toBe(3_420_000);
  });

  test('that begin on a day leave the days before to the catalogue', async () => {
    const prices = `prices: { models: { "openai/gpt-5.5": { input: 7, from: "2026-12-01" } } }`;
    expect((await costs(prices))('openai', 'gpt-5.5', 1_000)).toBe(5_000_000);
    expect((await costs(prices, Date.UTC(2026, 11, 1)))('openai', 'gpt-5.5', 1_000)).toBe(7_000_000);
  });

  test('of long requests hold for every token', async () => {
    const cost = await costs(`prices:
  models:
    "mine/m": { input: 1, output: 2, above: [{ input_tokens: 1000, input: 3 }] }
`);
    expect([cost('mine', 'm', 1_000), cost('mine', 'm', 1_001)]).toEqual([1_000_000, 3_003_000]);
  });

  test('are only those of the file without a catalogue', async () => {
    expect((await costs('prices: { catalogue: off }'))('openai', 'gpt-5.5')).toBeUndefined();
  });

  test('that cannot be meant are refused where they stand', () => {
    const refused = (models: string) =>
      problemsOf(`listen: "127.0.0.1:1"${PROVIDERS}prices: { models: { ${models} } }`).join('\n');
    expect(refused('"gpt-5.5": { free: true }')).toContain('must be provider/model');
    expect(refused('"a/b": { free: true, input: 1 }')).toContain('keep one of them');
    expect(refused('"a/b": { input: -1 }')).toContain('must be at least 0');
    expect(refused('"a/b": { input: "1 dollar" }')).toContain('prices.models');
    expect(refused('"a/b": { input: 1, tiers: { cheap: { input: 1 } } }')).toContain('is no tier');
    expect(refused('"a/b": { imput: 1 }')).toContain('Did you mean "input"?');
  });
});

test('amounts become nano-dollars without float dirt', () => {
  expect([0.1, '0.1', 0.000001, '0.0000000005', 600, 1e-7, '12.345678901'].map(nanoOf)).toEqual([
    100_000_000, 100_000_000, 1_000, 1, 600_000_000_000, 100, 12_345_678_901,
  ]);
});
