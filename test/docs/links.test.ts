import { describe, expect, test } from 'bun:test';
import { stat } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import type { Link, Page } from './markdown.ts';
import { readMarkdown } from './markdown.ts';
import { readAllPages, ROOT } from './pages.ts';

const PAGES = await readAllPages();

/** The fault of a link, or undefined if it is sound. Links to other sites are not followed, because tests need no network. */
async function faultOf({ target }: Link, page: Page): Promise<string | undefined> {
  if (/^[a-z]+:/.test(target)) return isWellFormed(target) ? undefined : 'is no address of a web page';
  const [file = '', anchor] = target.split('#');
  const path = file === '' ? page.path : normalize(join(dirname(page.path), decodeURIComponent(file)));
  if (path.startsWith('..')) return 'leads out of the repository';
  const found = await stat(join(ROOT, path)).catch(() => undefined);
  if (found === undefined) return 'leads to no file';
  if (anchor === undefined) return undefined;
  const other = PAGES.find((candidate) => candidate.path === path);
  if (other === undefined) return 'has an anchor, but leads to no page';
  return other.anchors.has(decodeURIComponent(anchor)) ? undefined : 'leads to no heading';
}

function isWellFormed(target: string): boolean {
  const url = URL.parse(target);
  return url?.protocol === 'https:' || (url?.protocol === 'http:' && url.hostname === 'localhost');
}

describe.each(PAGES.map((page) => [page.path, page] as const))('%s', (_, page) => {
  test('every link leads somewhere', async () => {
    const faults: string[] = [];
    for (const link of page.links) {
      const fault = await faultOf(link, page);
      if (fault !== undefined) faults.push(`${link.place}: ${link.target} ${fault}`);
    }
    expect(faults).toEqual([]);
  });

  test('no heading level is left out', () => {
    const levels = page.headings.map(({ level }) => level);
    expect(levels[0]).toBe(1);
    expect(levels.filter((level, index) => index > 0 && level > (levels[index - 1] ?? 0) + 1)).toEqual([]);
  });
});

test('every guide is in the index of its folder', () => {
  for (const folder of ['docs', 'docs/decisions']) {
    const index = PAGES.find(({ path }) => path === `${folder}/README.md`);
    const linked = new Set(index?.links.map(({ target }) => join(folder, target.split('#')[0] ?? '')));
    const guides = PAGES.filter(({ path }) => dirname(path) === folder && path !== `${folder}/README.md`);
    expect(guides.length).toBeGreaterThan(10);
    expect(guides.filter(({ path }) => !linked.has(path)).map(({ path }) => path)).toEqual([]);
  }
});

test('links, anchors and notes are found as GitHub finds them', () => {
  const page = readMarkdown(
    'page.md',
    [
      '# A title: `code` & more',
      '## 请求会怎么走',
      '## Twice',
      '## Twice',
      'See [this](a.md#b "title"), ![that](c.svg), not `[code](d.md)`, <img src="e.svg">.',
      '<!-- not run: it costs money -->',
      '<!-- prints: one -->',
      '<!-- prints: two -->',
      '',
      '  ```sh',
      '  echo hello',
      '  ```',
    ].join('\n'),
  );
  expect([...page.anchors]).toEqual(['a-title-code--more', '请求会怎么走', 'twice', 'twice-1']);
  expect(page.links.map(({ target }) => target)).toEqual(['a.md#b', 'c.svg', 'e.svg']);
  expect(page.blocks).toEqual([
    {
      place: 'page.md:10',
      language: 'sh',
      text: 'echo hello\n',
      notes: new Map([
        ['not run', ['it costs money']],
        ['prints', ['one', 'two']],
      ]),
    },
  ]);
});
