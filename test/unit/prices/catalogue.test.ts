import { describe, expect, test } from 'bun:test';
import {
  type CatalogueHead,
  createCatalogue,
  type ModelFile,
  type Wanted,
} from '../../../src/prices/catalogue.ts';
import path from '../../../src/prices/catalogue.jsonl' with { type: 'file' };
import type { MatchRule } from '../../../src/prices/matcher.ts';
import { costOf } from '../../../src/prices/cost.ts';
import { pricesAt } from '../../../src/prices/sheet.ts';

const TEXT = await Bun.file(path).text();
const [HEAD = '', ...MODELS] = TEXT.trimEnd().split('\n');
const head = JSON.parse(HEAD) as CatalogueHead & { readonly compared: Readonly<Record<string, object>> };
const catalogue = createCatalogue(TEXT);
const NOW = { day: '2026-11-29', time: '12:00' };

/** A name that the rule should match, derived from the rule's texts. */
function sampleOf(rule: MatchRule): string {
  const [[kind, given] = ['', '']] = Object.entries(rule) as [string, string | readonly MatchRule[]][];
  if (typeof given === 'string') return kind === 'regex' ? '' : given;
  return given.map(sampleOf).find((name) => name !== '') ?? '';
}

const OPENAI: Wanted = { names: [], apiBase: 'https://api.openai.com/v1', model: 'gpt-5.5' };
const base = (wanted: Partial<Wanted>) => {
  const sheet = catalogue.find({ ...OPENAI, ...wanted });
  return sheet === undefined ? undefined : pricesAt(sheet, undefined, NOW).per;
};

describe('the catalogue', () => {
  test('finds a model by its provider’s address, by name, and with a date suffix', () => {
    expect(base({})?.input?.[0]).toBe(5_000_000_000);
    expect(base({ model: 'gpt-5.5-2026-04-23' })?.input?.[0]).toBe(5_000_000_000);
    expect(base({ model: 'GPT-5.5' })?.input?.[0]).toBe(5_000_000_000);
    expect(
      base({ names: ['anthropic'], apiBase: 'http://127.0.0.1', model: 'claude-opus-5-5' })?.output?.[0],
    ).toBe(20_000_000_000);
    expect(
      base({ apiBase: 'https://api.anthropic.com', model: 'claude-sonnet-4-5-20250929' })?.input?.[0],
    ).toBe(3_000_000_000);
  });

  test('finds nothing for an unknown model, an unknown address or a private server', () => {
    expect(base({ model: 'a-model-of-my-own' })).toBeUndefined();
    expect(base({ apiBase: 'http://127.0.0.1:8000/v1' })).toBeUndefined();
    expect(base({ apiBase: 'https://evil.example/api.openai.com' })).toBeUndefined();
  });

  test('has input and output prices for every generating model', () => {
    let priced = 0;
    const unpriced: string[] = [];
    expect(MODELS.length).toBe(head.providers.length);
    for (const [index, { id }] of head.providers.entries()) {
      for (const { match, prices } of JSON.parse(MODELS[index] ?? '') as readonly ModelFile[]) {
        const model = sampleOf(match);
        if (!prices.every(({ per }) => 'input' in per && 'output' in per)) continue;
        const sheet = catalogue.find({ names: [id], apiBase: '', model });
        const cost = sheet && costOf({ input: 1e6, output: 1e6 }, pricesAt(sheet, undefined, NOW));
        if (cost === undefined) unpriced.push(`${id}/${model}`);
        else priced += 1;
      }
    }
    expect(priced).toBeGreaterThan(2_000);
    expect(unpriced).toEqual([]);
  });

  test('agrees with a second list on every base price of OpenAI and Anthropic', () => {
    const { compared } = head;
    expect(compared['openai']).toEqual({ equal: 118, different: 0 });
    expect(compared['anthropic']).toEqual({ equal: 19, different: 0 });
  });

  test('holds whole numbers only', () => {
    const numbers = MODELS.join('\n').match(/(?<=[[,:])-?\d+\.\d+/g);
    expect(numbers).toBeNull();
  });
});
