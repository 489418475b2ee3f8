import { describe, expect, test } from 'bun:test';
import {
  type CatalogueHead,
  HEAD_BYTES,
  type ModelFile,
  openCatalogue,
  readHead,
  type Wanted,
} from '../../../src/prices/catalogue.ts';
import catalogueHead from '../../../src/prices/catalogue-head.json' with { type: 'json' };
import path from '../../../src/prices/catalogue.jsonl' with { type: 'file' };
import type { MatchRule } from '../../../src/prices/matcher.ts';
import { costOf } from '../../../src/prices/cost.ts';
import { pricesAt } from '../../../src/prices/sheet.ts';

const TEXT = await Bun.file(path).text();
const [HEAD = '', ...MODELS] = TEXT.trimEnd().split('\n');
const head = JSON.parse(HEAD) as CatalogueHead & { readonly compared: Readonly<Record<string, object>> };
const partOf = (text: string) => (start: number, end: number) => Promise.resolve(text.slice(start, end));
const catalogue = openCatalogue(catalogueHead, partOf(TEXT));
await catalogue.load(head.providers.map(({ id }) => ({ names: [id], apiBase: '' })));
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

  test('reads the line of a configured provider, and nothing else', async () => {
    const read: [number, number][] = [];
    const file = Bun.file(path);
    const part = (start: number, end: number): Promise<string> => {
      read.push([start, end]);
      return file.slice(start, end).text();
    };
    const own = openCatalogue(catalogueHead, part);
    const openai = { names: [], apiBase: OPENAI.apiBase };
    await own.load([openai, openai, { names: ['unknown'], apiBase: '' }]);
    await own.load([openai]);
    expect(own.find(OPENAI)).toEqual(catalogue.find(OPENAI));
    const start = TEXT.indexOf(MODELS[head.providers.findIndex(({ id }) => id === 'openai')] ?? '');
    expect(read).toEqual([[start - 1, TEXT.indexOf('\n', start) + 1]]);
    expect(() => own.find({ names: ['anthropic'], apiBase: '', model: 'claude-opus-5-5' })).toThrow(
      'anthropic were not loaded',
    );
  });

  test('knows the place of every line', async () => {
    expect(head.providers.map(({ bytes }) => bytes)).toEqual(MODELS.map(({ length }) => length));
    expect(HEAD.length).toBeLessThan(HEAD_BYTES);
    expect(await readHead(partOf(TEXT))).toMatchObject(catalogueHead);
    const replaced = openCatalogue(catalogueHead, partOf(`${HEAD}\n[]\n${MODELS.slice(1).join('\n')}\n`));
    await expect(replaced.load([{ names: ['openai'], apiBase: '' }])).rejects.toThrow('replaced');
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
