import { expect, test } from 'bun:test';
import { join } from 'node:path';
import type { Block, Page } from './markdown.ts';
import { readUserPages, ROOT } from './pages.ts';

const PAGES = await readUserPages();
const english = pageOf('README.md');
const chinese = pageOf('README.zh-CN.md');

test('both READMEs have the same sections', () => {
  expect(chinese.headings.map(({ level }) => level)).toEqual(english.headings.map(({ level }) => level));
});

test('both READMEs have the same blocks, but for their comments and drawings', () => {
  expect(chinese.blocks.map(essence)).toEqual(english.blocks.map(essence));
});

test('both READMEs lead to the same places', () => {
  const targets = (page: Page): string[] =>
    page.links
      .map(({ target }) => target.replace(/^README(\.zh-CN)?\.md$/, 'the other').replace(/#.*/, ''))
      .toSorted();
  expect(targets(chinese)).toEqual(targets(english));
});

test('both READMEs have the same tables', async () => {
  const rows = async ({ path }: Page): Promise<number[]> => {
    const lines = (await Bun.file(join(ROOT, path)).text()).split('\n');
    return lines.filter((line) => line.startsWith('|')).map((line) => line.split('|').length);
  };
  expect(await rows(chinese)).toEqual(await rows(english));
});

/** A block as far as a language does not matter; what it prints is the program's, which has a language. */
function essence({ language, text, notes }: Block): unknown {
  if (language === 'text' || language === '') return language;
  const code = text
    .split('\n')
    .map((line) => line.replace(/\s*# .*$/, ''))
    .filter((line) => line.trim() !== '');
  return { language, code, notes: [...notes].filter(([name]) => name !== 'not run') };
}

function pageOf(path: string): Page {
  const page = PAGES.find((candidate) => candidate.path === path);
  if (page === undefined) throw new Error(`there is no ${path}`);
  return page;
}
