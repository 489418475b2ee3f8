import { expect, test } from 'bun:test';
import { Glob } from 'bun';
import { join } from 'node:path';
import { chinese } from '../../../console/src/i18n/chinese.ts';
import { english } from '../../../console/src/i18n/english.ts';
import { PERIODS } from '../../../src/config/schema/limit-words.ts';

const SRC = join(import.meta.dir, '..', '..', '..', 'console', 'src');

/** Texts that the code puts together or takes from a table. */
const FROM_TABLES = [
  'Healthy Available Cooling Probing Draining Disabled Complete Refused Failed Lost'.split(' '),
  'Observe Route Access System Mine Overview Requests Usage Models Providers Explain Playground'.split(' '),
  ['On trial', 'Truncated', 'Client left', 'Keys & teams', 'Configuration', 'Settings', 'My use'],
  // The faults of the demo.
  [
    'Answers every request with 500',
    'Answers every request with 429',
    'Closes every connection without an answer',
    'Answers with a web page in place of JSON',
    'Answers without content',
  ],
  ['admin', 'operator', 'viewer', 'key'].map((role) => `role ${role}`),
  PERIODS.map((period) => `a ${period}`),
].flat();

/** Every text that is looked up, by its English wording. */
async function textsInCode(): Promise<Set<string>> {
  const texts = new Set(FROM_TABLES);
  for await (const file of new Glob('**/*.{ts,tsx}').scan(SRC)) {
    const code = await Bun.file(join(SRC, file)).text();
    for (const [, single, double] of code.matchAll(/\bt\(\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")/g))
      texts.add((single ?? double ?? '').replaceAll("\\'", "'"));
  }
  return texts;
}

const blanksOf = (text: string): string[] => [...text.matchAll(/\{\{\w+\}\}/g)].map(String).toSorted();

test('every text has a Chinese wording with the same blanks', async () => {
  const texts = [...(await textsInCode())];
  expect(texts.length).toBeGreaterThan(400);
  expect(texts.filter((text) => chinese[text] === undefined)).toEqual([]);
  const different = texts.filter(
    (text) => blanksOf(text).join() !== blanksOf(chinese[text] ?? '').join() && !text.startsWith('feed '),
  );
  expect(different).toEqual([]);
});

test('a number before a noun has a wording for one', async () => {
  const counted = [...(await textsInCode())].filter((text) =>
    /^\{\{(count|text)\}\} (\w+ )?[a-z]{3,}s\b/.test(text),
  );
  expect(counted.length).toBeGreaterThan(8);
  expect(counted.filter((text) => english[`${text}_one`] === undefined)).toEqual([]);
});

test('no wording is left over that no code asks for', async () => {
  const texts = await textsInCode();
  const isUsed = (text: string): boolean =>
    texts.has(text) || texts.has(text.replace(/_(zero|one|other)$/, '')) || text.startsWith('feed ');
  expect([...Object.keys(chinese), ...Object.keys(english)].filter((text) => !isUsed(text))).toEqual([]);
});
